import assert from 'node:assert/strict';
import type { TraceNote } from '../../src/trace-event';
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
      root: null,
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

  const lastThreadAfterFirst = [
    family,
    fork(1.5, 20, 21, THREAD),
    enter(2, 20, 'exit', { error_code: 4 }),
    schedExit(2.1, 20),
    enter(3, 21, 'exit', { error_code: 5 }),
    schedExit(3.1, 21),
    tells(3.2, 21, 10),
  ];
  const on = (kernel: string): { notes: TraceNote[] } => ({
    notes: [{ kind: 'trace', kernel, clock: 'mono', cpus: 2 }],
  });

  it('comes when the last thread ends, with its code since Linux 6.0', () => {
    const { process } = lifeOf(lastThreadAfterFirst, on('6.1.0-13-amd64'));
    assert.deepEqual(
      [process(20).exit?.ts, process(20).exit?.code, process(20).exit?.cause],
      [3.1, 5, 'exit(5)'],
    );
  });

  it('has the code of the first thread before Linux 6.0', () => {
    const { process } = lifeOf(lastThreadAfterFirst, on('5.10.0-26-amd64'));
    assert.deepEqual([process(20).exit?.ts, process(20).exit?.code], [3.1, 4]);
  });

  it('says that two codes are possible where the trace does not name its kernel', () => {
    const { process } = lifeOf(lastThreadAfterFirst);
    assert.deepEqual(
      [process(20).exit?.code, process(20).exit?.cause],
      [null, 'exit(4) and exit(5) of its threads'],
    );
    assert.match(process(20).incomplete.join(), /since Linux 6.0/);
  });

  it('by a core dump is known from SIGCHLD', () => {
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

describe('an end by seccomp’s strict mode', () => {
  for (const place of ['__secure_computing', '__seccomp_permit_syscall']) {
    it(`is SIGKILL that nobody sent, under ${place}`, () => {
      const stack = ['__send_signal_locked', 'do_notify_parent', 'do_exit', place, 'do_syscall_64'];
      const { process } = lifeOf([
        family,
        schedExit(2, 20),
        generate(2.1, 20, { sig: SIGCHLD, pid: 10, code: 2 }, { stack }),
        waits(2.5, 10, 20),
      ]);
      const { exit: end } = process(20);
      assert.deepEqual([end?.kind, end?.signal], ['signaled', 'SIGKILL']);
      assert.equal(end?.cause, `SIGKILL for a system call that seccomp forbids, ${place}`);
    });
  }
});

describe('a zombie', () => {
  it('stays one when nobody waits for it', () => {
    const { process, stagesOf, ended } = lifeOf([
      family,
      ends(2, 20, 0),
      tells(2.2, 20, 10),
      call(3, 10, 'wait4', { upid: 77, options: 0 }, -10),
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

  const P_ALL = { which: 0, upid: 0, infop: 1, options: 4, ru: 0 };

  it('among several is reaped by waitid for any child in the order of birth', () => {
    const { process } = lifeOf([
      family,
      fork(1.1, 10, 30),
      ends(2, 30, 0),
      tells(2.1, 30, 10),
      ends(2.2, 20, 0),
      tells(2.4, 20, 10, 1, 2),
      call(3, 10, 'waitid', P_ALL, 0),
    ]);
    assert.deepEqual([process(20).reap?.call, process(30).state], ['waitid', 'zombie']);
  });

  it('among several with another that died during waitid is not taken to be the one', () => {
    const { process } = lifeOf([
      family,
      fork(1.1, 10, 30),
      ends(2, 30, 0),
      tells(2.2, 30, 10),
      enter(2.5, 10, 'waitid', P_ALL),
      ends(2.6, 20, 0),
      tells(2.8, 20, 10, 1, 2),
      exit(3, 10, 'waitid', 0),
      free(3.5, 20),
    ]);
    assert.deepEqual(
      [process(20).reap?.call, process(20).reap?.ts, process(30).state],
      ['waitid', 3, 'zombie'],
    );
  });

  it('that its parent cannot find any more was reaped by itself', () => {
    const { process, stagesOf } = lifeOf([family, ends(2, 20, 0), tells(2.2, 20, 10), waits(3, 10, -10)]);
    assert.deepEqual([process(20).state, process(20).reap], ['autoreaped', null]);
    // Without it, whoever follows the stages would have it for a zombie.
    assert.deepEqual(
      stagesOf('gone').map(({ pid, detail }) => [pid, (detail as { state: string }).state]),
      [[20, 'autoreaped']],
    );
  });

  it('is reaped by the waitid of its pidfd', () => {
    const { process } = lifeOf([
      family,
      fork(1.1, 10, 30),
      call(1.5, 10, 'pidfd_open', { pid: 30, flags: 0 }, 5),
      ends(2, 20, 0),
      tells(2.2, 20, 10),
      ends(2.3, 30, 0),
      tells(2.5, 30, 10, 1, 2),
      call(3, 10, 'waitid', { which: 3, upid: 5, infop: 1, options: 4, ru: 0 }, 0),
    ]);
    assert.deepEqual([process(20).state, process(30).reap?.call], ['zombie', 'waitid']);
  });

  it('reported to a parent that died before it was freed, and to no other, was reaped by itself', () => {
    const { process } = lifeOf([
      family,
      fork(1.1, 20, 30),
      call(1.2, 20, 'wait4', { upid: 4294967295, options: 1 }, 0),
      ends(2, 30, 5),
      tells(2.2, 30, 20),
      ends(3, 20, 6),
      tells(3.2, 20, 10),
      waits(3.3, 10, 20),
      free(4, 30),
    ]);
    assert.deepEqual([process(30).state, process(30).incomplete], ['autoreaped', []]);
  });

  it('killed by a signal does not lend its death to the parent that leaves it behind', () => {
    const { process } = lifeOf([
      family,
      fork(1.1, 20, 30),
      generate(1.5, 20, { sig: 9, pid: 30 }),
      deliver(1.6, 30, 9),
      schedExit(2, 30),
      tells(2.2, 30, 20, 2, 1),
      ends(3, 20, 6),
      tells(3.2, 20, 10, 2),
      tells(3.3, 20, 10),
      waits(4, 10, 20),
      waits(5, 10, 30),
    ]);
    assert.deepEqual([process(20).exit?.kind, process(20).exit?.code], ['exited', 6]);
    assert.deepEqual([process(30).exit?.signal, process(30).reap?.by], ['SIGKILL', 10]);
  });

  it('among several is known by sched_process_free as the one that waitid reaped', () => {
    const args = { which: 2, upid: 0, infop: 1, options: 4, ru: 0 };
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

describe('a process whose exit events are missing', () => {
  const other = [fork(0.1, 10, 15), ends(0.2, 15, 0), tells(0.4, 15, 10), waits(0.5, 10, 15), family].flat();

  it('ended as SIGCHLD tells its parent', () => {
    const { process } = lifeOf([other, tells(2, 20, 10), waits(3, 10, 20)]);
    assert.deepEqual(
      [process(20).exit?.kind, process(20).exit?.code, process(20).state],
      ['exited', null, 'reaped'],
    );
  });

  it('is not ended by the news of somebody else that it tells a stranger, as a tracer does', () => {
    const { process } = lifeOf([other, tells(2, 20, 99, 2)]);
    assert.deepEqual([process(20).exit, process(20).state], [null, 'running']);
  });
});

describe('a process that is traced by ptrace', () => {
  const TRAPPED = 4;

  it('is returned to its tracer while it lives', () => {
    const { process } = lifeOf([
      family,
      tells(2, 20, 10, TRAPPED),
      waits(2.1, 10, 20),
      ends(3, 20, 5),
      tells(3.2, 20, 10),
      waits(3.3, 10, 20),
    ]);
    assert.deepEqual([process(20).exit?.code, process(20).reap?.ts], [5, 3.300001]);
  });

  it('is reaped by its parent, when its tracer has waited for it', () => {
    const { process, report } = lifeOf([
      family,
      fork(1.1, 20, 30),
      tells(2, 30, 10, TRAPPED),
      waits(2.1, 10, 30),
      ends(3, 30, 5),
      tells(3.2, 30, 10),
      waits(3.3, 10, 30),
      tells(3.4, 10, 20),
      waits(3.5, 20, 30),
    ]);
    assert.deepEqual([process(30).reap?.by, process(30).reap?.ts], [20, 3.500001]);
    assert.equal(process(10).exit, null);
    assert.equal(report.processes.length, 3);
  });

  it('gets a signal that nobody sent from its tracer', () => {
    const { signal, process } = lifeOf([
      family,
      generate(1.5, 20, { sig: 10, pid: 20 }),
      tells(2, 20, 10, TRAPPED),
      deliver(2.5, 20, 2),
      schedExit(3, 20),
      tells(3.2, 20, 10, 2),
    ]);
    const { origin, sender } = signal('SIGINT');
    assert.deepEqual([origin, sender?.pid, process(20).exit?.signal], ['ptrace', 10, 'SIGINT']);
    assert.equal(signal('SIGUSR1').result, 'unknown');
    assert.match(process(20).incomplete.join(), /its tracer/);
  });
});

describe('an end of which SIGCHLD tells the first thread’s own status', () => {
  it('is the signal that ended the other threads, as wait returns it', () => {
    const told = lifeOf([
      family,
      fork(1.5, 20, 21, THREAD),
      enter(2, 20, 'exit', { error_code: 0 }),
      schedExit(2.1, 20),
      generate(3, 10, { sig: 15, pid: 20 }),
      deliver(3.1, 21, 9),
      schedExit(3.2, 21),
      tells(3.3, 21, 10, 1),
    ]);
    const { exit } = told.process(20);
    assert.deepEqual([exit?.kind, exit?.signal, exit?.code], ['signaled', 'SIGTERM', null]);
    assert.equal(told.signal('SIGTERM').fatal, true);
  });

  it('is its exit where it called exit_group after a signal that did not end it', () => {
    const told = lifeOf([
      family,
      generate(3, 10, { sig: 15, pid: 20 }),
      deliver(3.1, 20, 15),
      ends(4, 20, 5),
      tells(4.2, 20, 10, 1),
    ]);
    const { exit } = told.process(20);
    assert.deepEqual([exit?.kind, exit?.code], ['exited', 5]);
    assert.equal(told.signal('SIGTERM').fatal, false);
  });
});
