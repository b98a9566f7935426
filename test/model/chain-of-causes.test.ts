import assert from 'node:assert/strict';
import type { RootCause } from '../../src/model/report';
import { call, deliver, enter, event, fork, generate, lifeOf, schedExit, type Told } from './life-of';

const [SIGINT, SIGABRT, SIGKILL, SIGSEGV, SIGALRM, SIGTERM, SIGCHLD] = [2, 6, 9, 11, 14, 15, 17];
const HANDLER = 0x55f324e07ad0;
const KILL = { stack: ['__x64_sys_kill'] };
const FAULT = { stack: ['force_sig_fault'] };
/** 10 forks 20, and 99 is somebody outside of what is forked. */
const family = fork(1, 10, 20);

const sends = (ts: number, by: number, to: number, sig: number, comm = 'killer') =>
  generate(ts, by, { sig, pid: to }, { ...KILL, comm });
const faults = (ts: number, pid: number) =>
  generate(ts, pid, { sig: SIGSEGV, pid, code: 1, group: 0 }, { ...FAULT, comm: 'child' });
const exits = (ts: number, pid: number, code: number, parent = 10) => [
  enter(ts, pid, 'exit_group', { error_code: code }),
  schedExit(ts, pid),
  generate(ts, pid, { sig: SIGCHLD, pid: parent, code: 1 }, { stack: ['do_notify_parent'], comm: 'child' }),
];
const dies = (ts: number, pid: number, parent = 10) => [
  schedExit(ts, pid),
  generate(ts, pid, { sig: SIGCHLD, pid: parent, code: 2 }, { stack: ['do_notify_parent'], comm: 'child' }),
];

function rootOf(told: Told, pid: number): RootCause | null {
  const { exit } = told.process(pid);
  assert.ok(exit, `${pid} has no end`);
  assert.notEqual(exit.root, undefined, 'the key is there');
  return exit.root ?? null;
}

/** The sentences, and who sent the first signal. */
function wayTo(told: Told, pid: number): { by: number | undefined; first: string; way: string[] } {
  const root = rootOf(told, pid);
  assert.ok(root, `${pid} has no root`);
  const signal = told.report.signals[root.signal];
  assert.ok(signal, `no signal ${root.signal}`);
  assert.deepEqual(root.by, signal.sender);
  return { by: root.by?.pid, first: signal.signal, way: root.way };
}

describe('the first cause of an end', () => {
  it('is the signal that the process handled and raised again', () => {
    const told = lifeOf([
      family,
      sends(2, 99, 20, SIGTERM),
      deliver(2.001, 20, SIGTERM, HANDLER),
      sends(2.001052, 20, 20, SIGTERM, 'child'),
      deliver(2.0011, 20, SIGKILL),
      dies(2.002, 20),
    ]);
    assert.deepEqual(wayTo(told, 20), {
      by: 99,
      first: 'SIGTERM',
      way: [
        'child (20) handled SIGTERM from killer (99)',
        'child (20) raised SIGTERM again 52 µs later',
        'SIGTERM ended child (20)',
      ],
    });
    assert.deepEqual(told.stagesOf('exit')[0]?.detail, told.process(20).exit, 'the stage has it too');
  });

  it('is the signal raised again, not the SIGCHLD that was handled between', () => {
    const told = lifeOf([
      family,
      sends(2, 99, 20, SIGTERM),
      deliver(2.001, 20, SIGTERM, HANDLER),
      fork(2.002, 20, 30),
      exits(2.1, 30, 0, 20),
      deliver(2.1001, 20, SIGCHLD, HANDLER),
      sends(2.101, 20, 20, SIGTERM, 'child'),
      deliver(2.1011, 20, SIGKILL),
      dies(2.102, 20),
    ]);
    assert.deepEqual([wayTo(told, 20).by, wayTo(told, 20).first], [99, 'SIGTERM']);
  });

  it('is the request that an exit follows, with its code', () => {
    const told = lifeOf([
      family,
      sends(2, 99, 20, SIGTERM),
      deliver(2.001, 20, SIGTERM, HANDLER),
      exits(2.053, 20, 0),
    ]);
    assert.deepEqual(wayTo(told, 20).way, [
      'child (20) handled SIGTERM from killer (99)',
      'child (20) exited with 0 52.0 ms later',
    ]);
  });

  it('is the signal whose number the exit code has, as a JVM exits with 143', () => {
    const told = lifeOf([
      family,
      sends(2, 99, 20, SIGTERM),
      deliver(2.001, 20, SIGTERM, HANDLER),
      sends(2.5, 98, 20, SIGINT),
      deliver(2.501, 20, SIGINT, HANDLER),
      exits(4.001, 20, 143),
    ]);
    assert.equal(wayTo(told, 20).first, 'SIGTERM');
    assert.equal(wayTo(told, 20).way[1], 'child (20) exited with 143 (128 + 15) 2.00 s later');
  });

  it('is nothing where a process exits long after a Ctrl-C that it handled', () => {
    const told = lifeOf([
      family,
      sends(2, 99, 20, SIGINT),
      deliver(2.001, 20, SIGINT, HANDLER),
      exits(60, 20, 0),
    ]);
    assert.equal(rootOf(told, 20), null);
  });

  it('is nothing where one signal ended the process at once', () => {
    const told = lifeOf([family, sends(2, 99, 20, SIGKILL), deliver(2.001, 20, SIGKILL), dies(2.002, 20)]);
    assert.equal(told.process(20).exit?.signal, 'SIGKILL');
    assert.equal(rootOf(told, 20), null);
  });

  it('is the fault whose handler aborts', () => {
    const told = lifeOf([
      family,
      faults(2, 20),
      deliver(2.001, 20, SIGSEGV, HANDLER, 1),
      sends(2.014, 20, 20, SIGABRT, 'child'),
      deliver(2.0141, 20, SIGABRT),
      dies(2.02, 20),
    ]);
    assert.deepEqual(wayTo(told, 20).way, [
      'child (20) handled SIGSEGV (SEGV_MAPERR) for its own fault',
      'child (20) sent itself SIGABRT 13.0 ms later',
      'SIGABRT ended child (20)',
    ]);
  });

  it('is the fault whose handler ends the process with a code, as sanitizers do', () => {
    const told = lifeOf([
      family,
      faults(2, 20),
      deliver(2.001, 20, SIGSEGV, HANDLER, 1),
      exits(2.101, 20, 1),
    ]);
    assert.equal(wayTo(told, 20).first, 'SIGSEGV');
  });

  it('is the fault that comes again when its handler has restored the default action', () => {
    const told = lifeOf([
      family,
      faults(2, 20),
      deliver(2.001, 20, SIGSEGV, HANDLER, 1),
      faults(2.0011, 20),
      deliver(2.0012, 20, SIGSEGV, 0, 1),
      dies(2.02, 20),
    ]);
    assert.equal(wayTo(told, 20).way[1], 'the same fault came again 100 µs later');
  });

  it('is the request before the SIGKILL of the same sender', () => {
    const told = lifeOf([
      family,
      generate(2.002, 99, { sig: SIGTERM, pid: 20, result: 1 }, { ...KILL, comm: 'systemd' }),
      sends(12.002, 99, 20, SIGKILL, 'systemd'),
      deliver(12.003, 20, SIGKILL),
      dies(12.004, 20),
    ]);
    assert.deepEqual(wayTo(told, 20).way, [
      'child (20) ignored SIGTERM from systemd (99)',
      'systemd (99) sent SIGKILL 10.0 s later',
      'SIGKILL ended child (20)',
    ]);
  });

  it('is not a request of somebody else before a SIGKILL', () => {
    const told = lifeOf([
      family,
      sends(2, 98, 20, SIGTERM, 'systemd'),
      deliver(2.001, 20, SIGTERM, HANDLER),
      sends(12, 99, 20, SIGKILL, 'operator'),
      deliver(12.001, 20, SIGKILL),
      dies(12.002, 20),
    ]);
    assert.equal(rootOf(told, 20), null);
  });

  it('is not a request before a SIGKILL by the OOM killer', () => {
    const told = lifeOf([
      family,
      sends(2, 99, 20, SIGTERM),
      deliver(2.001, 20, SIGTERM, HANDLER),
      event(3, 99, 'mark_victim', { pid: 20 }),
      generate(3, 99, { sig: SIGKILL, pid: 20, code: 128 }, { stack: ['oom_kill_process'], comm: 'killer' }),
      deliver(3.001, 20, SIGKILL),
      dies(3.002, 20),
    ]);
    assert.equal(rootOf(told, 20), null);
  });

  it('is what killed the child for which a shell exits with 128 and its number', () => {
    const told = lifeOf([
      family,
      fork(1.5, 20, 30),
      sends(2, 99, 30, SIGKILL),
      deliver(2.001, 30, SIGKILL),
      dies(2.002, 30, 20),
      call(2.003, 20, 'wait4', { upid: 4294967295, options: 0 }, 30),
      exits(2.004, 20, 137),
    ]);
    assert.equal(rootOf(told, 30), null);
    assert.deepEqual(wayTo(told, 20), {
      by: 99,
      first: 'SIGKILL',
      way: ['child (30) was killed by SIGKILL from killer (99)', 'child (20) exited with 137 (128 + 9)'],
    });
  });

  it('is what killed the child by whose number a shell kills itself', () => {
    const told = lifeOf([
      family,
      fork(1.5, 20, 30),
      sends(2, 99, 30, SIGTERM),
      deliver(2.001, 30, SIGKILL),
      dies(2.002, 30, 20),
      call(2.003, 20, 'wait4', { upid: 4294967295, options: 0 }, 30),
      sends(2.004, 20, 20, SIGTERM, 'child'),
      deliver(2.0041, 20, SIGKILL),
      dies(2.005, 20),
    ]);
    assert.deepEqual([wayTo(told, 20).by, wayTo(told, 20).way.length], [99, 3]);
  });

  it('is not the death of a child where the parent exits with another code', () => {
    const told = lifeOf([
      family,
      fork(1.5, 20, 30),
      sends(2, 99, 30, SIGKILL),
      deliver(2.001, 30, SIGKILL),
      dies(2.002, 30, 20),
      exits(2.004, 20, 143),
    ]);
    assert.equal(rootOf(told, 20), null);
  });

  it('is the timer of a process that ends its child and exits, as timeout does with 124', () => {
    const told = lifeOf([
      family,
      fork(1.5, 20, 30),
      generate(2, 0, { sig: SIGALRM, pid: 20, code: 128 }, { stack: ['posix_timer_fn'], flags: 'd.h1.' }),
      deliver(2.0001, 20, SIGALRM, HANDLER, 128),
      sends(2.0002, 20, 30, SIGTERM, 'child'),
      deliver(2.0003, 30, SIGKILL),
      dies(2.001, 30, 20),
      exits(2.002, 20, 124),
    ]);
    assert.deepEqual(wayTo(told, 30).way, [
      'child (20) handled SIGALRM from a timer',
      'child (20) sent SIGTERM to child (30) 100 µs later',
      'SIGTERM ended child (30)',
    ]);
    assert.equal(wayTo(told, 20).way.at(-1), 'child (20) exited with 124');
    assert.equal(wayTo(told, 20).first, 'SIGALRM');
  });

  it('is the signal that a process passed on to its child', () => {
    const told = lifeOf([
      family,
      fork(1.5, 20, 30),
      sends(2, 99, 20, SIGTERM),
      deliver(2.0001, 20, SIGTERM, HANDLER),
      sends(2.0002, 20, 30, SIGTERM, 'child'),
      deliver(2.0003, 30, SIGTERM, HANDLER),
      exits(2.1, 30, 0, 20),
    ]);
    assert.deepEqual(wayTo(told, 30).way, [
      'child (20) handled SIGTERM from killer (99)',
      'child (20) sent SIGTERM to child (30) 100 µs later',
      'child (30) handled SIGTERM from child (20)',
      'child (30) exited with 0 99.7 ms later',
    ]);
  });

  it('is the death of a sibling for which the parent ends its other children', () => {
    const told = lifeOf([
      family,
      fork(1.5, 20, 30),
      fork(1.6, 20, 40),
      sends(2, 99, 30, SIGKILL),
      deliver(2.0001, 30, SIGKILL),
      dies(2.001, 30, 20),
      sends(2.002, 20, 40, 3, 'child'),
      deliver(2.0021, 40, 3),
      dies(2.003, 40, 20),
    ]);
    assert.deepEqual(wayTo(told, 40).way, [
      'child (30) was killed by SIGKILL from killer (99)',
      'child (20) sent SIGQUIT to child (40) 2.00 ms later',
      'SIGQUIT ended child (40)',
    ]);
  });

  it('is what killed the parent at whose death the process had asked for a signal', () => {
    const told = lifeOf([
      family,
      fork(1.5, 20, 30),
      sends(2, 99, 20, SIGKILL),
      deliver(2.0001, 20, SIGKILL),
      schedExit(2.001, 20),
      generate(
        2.001,
        20,
        { sig: SIGTERM, pid: 30 },
        { stack: ['group_send_sig_info', 'do_exit'], comm: 'child' },
      ),
      deliver(2.0011, 30, SIGKILL),
      dies(2.002, 30, 20),
    ]);
    assert.deepEqual(wayTo(told, 30), {
      by: 99,
      first: 'SIGKILL',
      way: [
        'child (20) was killed by SIGKILL from killer (99)',
        'child (30) got SIGTERM because its parent died',
        'SIGTERM ended child (30)',
      ],
    });
  });

  it('is never the session’s own control signal', () => {
    const note = {
      kind: 'workload' as const,
      parent: 10,
      command: 20,
      path: '/bin/x',
      argv: ['x'],
      control: { signal: 'SIGTERM', sender: 5 },
    };
    const told = lifeOf(
      [
        family,
        sends(2, 5, 10, SIGTERM),
        deliver(2.0001, 10, SIGTERM, HANDLER),
        sends(2.001, 10, 20, SIGTERM),
        deliver(2.002, 20, SIGKILL),
        dies(2.003, 20),
      ],
      { notes: [note] },
    );
    assert.equal(told.signal('SIGTERM').control, true);
    assert.equal(rootOf(told, 20), null);
  });
});
