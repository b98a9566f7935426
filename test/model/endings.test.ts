import assert from 'node:assert/strict';
import { call, deliver, enter, event, exit, fork, free, generate, lifeOf, schedExit } from './life-of';

const SIGCHLD = 17;
const THREAD = 0x3d0f00;
const family = fork(1, 10, 20);
const ends = (ts: number, pid: number, code: number) => [
  enter(ts, pid, 'exit_group', { error_code: code }),
  schedExit(ts + 0.1, pid),
];
const tells = (ts: number, pid: number, parent: number, code = 1, result = 0) =>
  generate(ts, pid, { sig: SIGCHLD, pid: parent, code, result });
const waits = (ts: number, pid: number, ret: number, options = 0) =>
  call(ts, pid, 'wait4', { upid: 4294967295, options }, ret);

describe('a process’s end', () => {
  it('is its exit, the time as a zombie, and its reaping', () => {
    const { process, stages, ended } = lifeOf([
      family,
      ends(2, 20, 3),
      tells(2.2, 20, 10),
      waits(2.5, 10, 20),
    ]);
    assert.deepEqual(process(20).exit, {
      ts: 2.1,
      time: null,
      kind: 'exited',
      code: 3,
      signal: null,
      coreDumped: false,
      cause: 'exit_group(3)',
    });
    assert.deepEqual(process(20).reap, {
      ts: 2.500001,
      time: null,
      by: 10,
      call: 'wait4',
      zombieFor: 0.400001,
    });
    assert.equal(process(20).state, 'reaped');
    assert.deepEqual(
      stages.filter(({ pid }) => pid === 20).map(({ stage }) => stage),
      ['fork', 'exit', 'zombie', 'reap'],
    );
    assert.deepEqual(
      ended.map(({ pid }) => pid),
      [20],
    );
  });

  it('has eight bits of the exit code', () => {
    const { process } = lifeOf([family, ends(2, 20, 4294967295), tells(2.2, 20, 10)]);
    assert.deepEqual([process(20).exit?.code, process(20).exit?.cause], [255, 'exit_group(-1)']);
  });

  it('comes when the last thread ends, with the code of the first', () => {
    const { process } = lifeOf([
      family,
      fork(1.5, 20, 21, THREAD),
      enter(2, 20, 'exit', { error_code: 4 }),
      schedExit(2.1, 20),
      enter(3, 21, 'exit', { error_code: 0 }),
      schedExit(3.1, 21),
      tells(3.2, 21, 10),
    ]);
    assert.deepEqual(
      [process(20).exit?.ts, process(20).exit?.code, process(20).exit?.cause],
      [3.1, 4, 'exit(4)'],
    );
  });

  it('by a core dump is told by SIGCHLD', () => {
    const { process } = lifeOf([
      family,
      generate(
        2,
        20,
        { sig: 11, pid: 20, code: 1, group: 0 },
        { stack: ['force_sig_fault', 'exc_page_fault'] },
      ),
      deliver(2.1, 20, 11),
      schedExit(2.2, 20),
      tells(2.3, 20, 10, 3),
    ]);
    const { signal, coreDumped, code, cause } = process(20).exit!;
    assert.deepEqual([signal, coreDumped, code], ['SIGSEGV', true, null]);
    assert.equal(cause, 'SIGSEGV (SEGV_MAPERR) for its own fault, force_sig_fault');
  });

  it('by the OOM killer is known though nobody shows the kill', () => {
    const { process } = lifeOf([
      family,
      event(2, 500, 'mark_victim', { pid: 20 }),
      deliver(2.1, 20, 9),
      schedExit(2.2, 20, true),
    ]);
    assert.equal(process(20).exit?.signal, 'SIGKILL');
    assert.match(process(20).exit?.cause ?? '', /OOM killer/);
  });

  it('by a signal whose delivery is not traced follows from SIGCHLD and what was sent', () => {
    const { process, signal } = lifeOf([
      family,
      generate(2, 10, { sig: 15, pid: 20 }, { comm: 'sh' }),
      tells(2.2, 20, 10, 2),
    ]);
    assert.deepEqual([process(20).exit?.signal, signal('SIGTERM').fatal], ['SIGTERM', true]);
  });

  it('whose cause is not in the trace has no exit, and says so', () => {
    const { process } = lifeOf([
      family,
      schedExit(2, 20, true),
      event(3, 10, 'task_rename', { newcomm: 'x' }),
    ]);
    assert.equal(process(20).exit, null);
    assert.match(process(20).incomplete.join(), /neither an exit call nor a signal/);
  });

  it('is not settled while the trace ends in the middle of it', () => {
    const { process } = lifeOf([
      family,
      ends(1.5, 20, 0),
      tells(1.7, 20, 10),
      fork(2, 10, 30),
      deliver(3, 30, 9),
    ]);
    assert.equal(process(30).state, 'running');
    assert.match(process(30).incomplete.join(), /ends while it is dying/);
  });

  it('needs a signal first: SIGCHLD for a child that stops ends nobody', () => {
    const { process } = lifeOf([family, tells(2, 20, 10, 5), tells(3, 20, 10, 6)]);
    assert.deepEqual([process(20).exit, process(20).state], [null, 'running']);
  });
});

describe('a zombie', () => {
  it('stays one when nobody waits for it', () => {
    const { process, stagesOf, ended } = lifeOf([
      family,
      ends(2, 20, 0),
      tells(2.2, 20, 10),
      waits(3, 10, -10),
    ]);
    assert.deepEqual([process(20).state, process(20).reap], ['zombie', null]);
    assert.equal(stagesOf('zombie').length, 1);
    assert.deepEqual(
      ended.map(({ pid }) => pid),
      [20],
    );
  });

  it('is not reaped by a wait that returns a stopped child', () => {
    const WUNTRACED = 2;
    const { process } = lifeOf([family, tells(2, 20, 10, 5), waits(2.5, 10, 20, WUNTRACED), ends(3, 20, 0)]);
    assert.equal(process(20).reap, null);
  });

  it('is reaped by waitid, which names its child in user memory: by the number asked for', () => {
    const args = { which: 1, upid: 20, infop: 1, options: 4, ru: 0 };
    const { process } = lifeOf([family, ends(2, 20, 0), tells(2.2, 20, 10), call(3, 10, 'waitid', args, 0)]);
    assert.deepEqual([process(20).reap?.by, process(20).reap?.call], [10, 'waitid']);
  });

  it('is not reaped by waitid with WNOWAIT', () => {
    const args = { which: 1, upid: 20, infop: 1, options: 4 | 0x1000000, ru: 0 };
    const { process } = lifeOf([family, ends(2, 20, 0), tells(2.2, 20, 10), call(3, 10, 'waitid', args, 0)]);
    assert.equal(process(20).state, 'zombie');
  });

  it('among several is told by sched_process_free to be whom waitid reaped', () => {
    const args = { which: 0, upid: 0, infop: 1, options: 4, ru: 0 };
    const { process } = lifeOf([
      family,
      fork(1.1, 10, 30),
      ends(2, 20, 0),
      tells(2.2, 20, 10),
      ends(2.3, 30, 0),
      tells(2.5, 30, 10, 1, 2),
      call(3, 10, 'waitid', args, 0),
      free(3.5, 30),
    ]);
    assert.deepEqual([process(30).reap?.call, process(30).reap?.ts], ['waitid', 3.000001]);
    assert.equal(process(20).state, 'zombie');
  });

  it('reaps itself where the parent ignores SIGCHLD', () => {
    const { process } = lifeOf([
      family,
      generate(1.5, 10, { sig: 10, pid: 20, result: 1 }),
      ends(2, 20, 0),
      enter(2.5, 10, 'wait4', { upid: 4294967295, options: 0 }),
      free(3, 20),
      exit(3.1, 10, 'wait4', -10),
    ]);
    assert.deepEqual([process(20).state, process(20).exit?.code, process(20).reap], ['autoreaped', 0, null]);
  });

  it('freed before its wait is seen to return was reaped by that wait', () => {
    const { process } = lifeOf([
      family,
      ends(2, 20, 0),
      tells(2.2, 20, 10),
      enter(2.5, 10, 'wait4', { upid: 4294967295, options: 0 }),
      free(3, 20),
      exit(3.1, 10, 'wait4', 20),
    ]);
    assert.deepEqual([process(20).state, process(20).reap?.ts], ['reaped', 3.1]);
  });

  it('of a parent whose calls are not traced was reaped by the time it was freed', () => {
    const { process } = lifeOf([family, schedExit(2, 20), tells(2.2, 20, 10), free(3, 20)]);
    assert.deepEqual(
      [process(20).state, process(20).reap?.by, process(20).reap?.zombieFor],
      ['reaped', 10, null],
    );
    assert.match(process(20).incomplete.join(), /the wait that reaped it is not in the trace/);
  });

  it('without a parent is not confused with the parent that reports it to its new one', () => {
    const { process } = lifeOf([
      family,
      fork(1.1, 20, 30),
      ends(2, 30, 5),
      tells(2.2, 30, 20, 1, 1),
      ends(3, 20, 6),
      tells(3.2, 20, 1, 1),
      tells(3.3, 20, 10, 1),
      waits(4, 10, 20),
    ]);
    assert.deepEqual([process(30).exit?.code, process(20).exit?.code, process(20).reap?.by], [5, 6, 10]);
  });

  it('freed late is not the process that has its number now', () => {
    const { process, report } = lifeOf([
      family,
      ends(2, 20, 0),
      tells(2.2, 20, 10),
      waits(2.3, 10, 20),
      fork(2.5, 10, 20),
      free(3, 20),
    ]);
    assert.equal(process(20).state, 'reaped');
    assert.equal(report.processes.at(-1)?.state, 'running');
  });

  it('is reaped at once where a coarse clock puts the wait before its last events', () => {
    const { process } = lifeOf([
      family,
      generate(2, 10, { sig: 9, pid: 20 }),
      enter(2, 10, 'wait4', { upid: 4294967295, options: 0 }),
      exit(2, 10, 'wait4', 20),
      deliver(2, 20, 9),
      tells(2, 20, 10, 2),
      deliver(3, 10, SIGCHLD, 0x5500),
    ]);
    assert.deepEqual([process(20).exit?.signal, process(20).reap?.by], ['SIGKILL', 10]);
  });
});
