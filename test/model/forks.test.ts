import assert from 'node:assert/strict';
import { call, deliver, enter, event, exit, fork, free, generate, lifeOf, schedExit } from './life-of';

const CLONE = { clone_flags: 0x1200011 };
const THREAD_FLAGS = 0x3d0f00;

describe('the birth of a process', () => {
  it('is reported once, by the scheduler, with both returns of the call', () => {
    const { process, stagesOf } = lifeOf([
      enter(1, 10, 'clone', CLONE),
      fork(1.1, 10, 20),
      exit(1.2, 10, 'clone', 20),
      exit(1.3, 20, 'clone', 0),
    ]);
    assert.deepEqual(process(20).fork, {
      ts: 1.1,
      time: null,
      by: 10,
      call: 'clone',
      flags: ['CLONE_CHILD_CLEARTID', 'CLONE_CHILD_SETTID'],
      parentReturn: 1.2,
      childReturn: 1.3,
    });
    assert.equal(process(20).parent, process(10).id);
    assert.equal(process(20).id, '20@1.100000');
    assert.equal(stagesOf('fork').length, 1);
  });

  it('follows from the two returns alone, the parent seen first', () => {
    const { process } = lifeOf([
      enter(1, 10, 'clone', CLONE),
      exit(1.2, 10, 'clone', 20),
      exit(1.3, 20, 'clone', 0),
    ]);
    const { fork: born, id, incomplete } = process(20);
    assert.deepEqual([born?.ts, born?.parentReturn, born?.childReturn], [1, 1.2, 1.3]);
    assert.equal(id, '20@1.200000');
    assert.deepEqual(incomplete, []);
  });

  it('follows from the two returns alone, the child seen first', () => {
    const { process, report } = lifeOf([
      enter(1, 10, 'vfork'),
      exit(1.2, 20, 'vfork', 0),
      enter(1.3, 20, 'exit_group', { error_code: 0 }),
      exit(1.4, 10, 'vfork', 20),
    ]);
    const { fork: born, parent } = process(20);
    assert.deepEqual([born?.call, born?.parentReturn, born?.childReturn], ['vfork', 1.4, 1.2]);
    assert.equal(parent, process(10).id);
    assert.equal(report.processes.length, 2);
  });

  it('waits for the parent to return where several were forking', () => {
    const { process } = lifeOf([
      enter(1, 10, 'clone', CLONE),
      enter(1, 11, 'clone', CLONE),
      exit(1.2, 20, 'clone', 0),
      exit(1.3, 21, 'clone', 0),
      exit(1.4, 11, 'clone', 20),
      exit(1.5, 10, 'clone', 21),
    ]);
    assert.deepEqual([process(20).fork?.by, process(20).fork?.childReturn], [11, 1.2]);
    assert.deepEqual([process(21).fork?.by, process(21).fork?.childReturn], [10, 1.3]);
  });

  it('knows a child in a pid namespace by its global tid and reaps it by its local number', () => {
    const { process } = lifeOf([
      enter(1, 10, 'clone', CLONE),
      fork(1.1, 10, 2000),
      exit(1.2, 10, 'clone', 7),
      enter(2, 2000, 'exit_group', { error_code: 1 }),
      call(3, 10, 'wait4', { upid: 4294967295, options: 0 }, 7),
    ]);
    assert.equal(process(2000).reap?.by, 10);
    assert.equal(process(2000).exit?.code, 1);
  });

  it('is a thread where clone has CLONE_THREAD, and a thread is no process', () => {
    const { process, report, stagesOf } = lifeOf([
      enter(1, 10, 'clone3', { uargs: 1, size: 88 }),
      fork(1.1, 10, 11, THREAD_FLAGS),
      exit(1.2, 11, 'clone3', 0),
      exit(1.2, 10, 'clone3', 11),
      call(1.3, 11, 'openat', { dfd: 4294967196, filename: 1, flags: 0, __filename_val: '/etc/x' }, 3),
      schedExit(1.4, 11, false),
    ]);
    assert.equal(report.processes.length, 1);
    assert.deepEqual(process(10).threads, [{ tid: 11, start: 1.1, end: 1.4 }]);
    assert.equal(process(10).files[0]?.path, '/etc/x');
    assert.equal(process(10).exit, null);
    assert.deepEqual([stagesOf('thread').length, stagesOf('thread-exit').length], [1, 1]);
  });

  it('says that a child of clone3 without task_newtask may be a thread', () => {
    const { process } = lifeOf([enter(1, 10, 'clone3', { uargs: 1 }), exit(1.1, 10, 'clone3', 20)]);
    assert.match(process(20).incomplete.join(), /may be a thread/);
  });

  it('gives two records to a pid that is used twice', () => {
    const end = (ts: number) => [
      enter(ts, 20, 'exit_group', { error_code: 0 }),
      call(ts + 0.1, 10, 'wait4', { upid: 20, options: 0 }, 20),
    ];
    const { report } = lifeOf([fork(1, 10, 20), ...end(2), fork(3, 10, 20), ...end(4)]);
    const twice = report.processes.filter((process) => process.pid === 20);
    assert.deepEqual(
      twice.map(({ id, state }) => [id, state]),
      [
        ['20@1.000000', 'reaped'],
        ['20@3.000000', 'reaped'],
      ],
    );
  });

  it('does not happen, in the tree that a session declared, for somebody whom only others name', () => {
    const { report } = lifeOf(
      [
        free(1, 77),
        generate(2, 88, { sig: 15, pid: 99 }, { comm: 'foreign' }),
        event(3, 88, 'mark_victim', { pid: 99 }),
        event(4, 0, 'sched_switch', { prev_comm: 'a', prev_pid: 5, next_comm: 'b', next_pid: 6 }),
      ],
      { notes: [{ kind: 'workload', parent: 10, command: 20, path: 'x', argv: ['x'], control: null }] },
    );
    assert.deepEqual([report.processes, report.signals], [[], []]);
    assert.equal(report.trace.events, 4);
  });

  it('is not in the trace for a process that was there before it', () => {
    const { process } = lifeOf([deliver(1, 10, 10, 0x5500), exit(2, 10, 'openat', 3), fork(3, 10, 11)]);
    assert.equal(process(10).fork, null);
    assert.match(process(10).incomplete.join(), /beginning is not in the trace/);
  });
});
