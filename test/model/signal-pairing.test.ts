import assert from 'node:assert/strict';
import { call, deliver, enter, exit, fork, free, generate, lifeOf, schedExit, type Beside } from './life-of';

const SIGINT = 2;
const SIGKILL = 9;
const SIGUSR1 = 10;
const SIGSEGV = 11;
const SIGTERM = 15;
const SIGCHLD = 17;
const SIGCONT = 18;
const SIGSTOP = 19;
const HANDLER = 0x55f324e07ad0;
const THREAD = 0x3d0f00;

/** 10 is the parent of 20. */
const family = fork(1, 10, 20);
/** Whose trace it is; without it every task that an event names is a process of it. */
const declared: Beside = {
  notes: [{ kind: 'workload', parent: 10, command: 20, path: 'child', argv: ['child'], control: null }],
};
const oneThreadMore = fork(1.5, 20, 21, THREAD);

describe('a signal', () => {
  it('is one record from its sending to its delivery', () => {
    const { report, process, stages } = lifeOf([
      family,
      generate(2, 10, { sig: SIGUSR1, pid: 20, comm: 'child' }, { comm: 'parent', flags: 'd..1.' }),
      deliver(2.25, 20, SIGUSR1, HANDLER),
    ]);
    assert.deepEqual(report.signals, [
      {
        ts: 2,
        time: null,
        signal: 'SIGUSR1',
        number: 10,
        code: 'SI_USER',
        result: 'delivered',
        origin: 'unknown',
        cause: null,
        fatal: false,
        control: false,
        sender: {
          pid: 10,
          tid: 10,
          tgid: 10,
          comm: 'parent',
          thread: 'parent',
          ancestors: [],
          inTree: true,
          irq: false,
          control: null,
        },
        target: { pid: 20, tgid: 20, comm: 'child' },
        generated: { ts: 2, stack: [] },
        delivered: {
          ts: 2.25,
          tid: 20,
          handler: '0x55f324e07ad0',
          stack: [],
          handlerTime: null,
          interrupted: null,
        },
        latency: 0.25,
      },
    ]);
    assert.deepEqual(process(20).signals, [0]);
    assert.deepEqual(
      stages.filter(({ pid, stage }) => pid === 20 && stage !== 'fork').map(({ stage }) => stage),
      ['signal-generated', 'signal-delivered', 'signal'],
    );
  });

  it('goes with its target and the target’s ancestors when it is settled', () => {
    const { stagesOf } = lifeOf([
      family,
      fork(1.2, 20, 30),
      call(1.3, 30, 'execve', { filename: 1, __filename_val: '/bin/x' }, 0),
      generate(2, 10, { sig: SIGINT, pid: 30, result: 1 }),
    ]);
    const { target } = stagesOf('signal')[0]!;
    assert.equal(target?.path, '/bin/x');
    assert.deepEqual(
      target.ancestors.map((ancestor) => ancestor.pid),
      [20, 10],
    );
  });

  it('that ends its process is what was sent, though 9 is delivered', () => {
    const { signal, process, report } = lifeOf([
      family,
      generate(2, 10, { sig: SIGTERM, pid: 20 }),
      deliver(2.1, 20, SIGKILL),
      schedExit(2.2, 20),
      generate(2.3, 20, { sig: SIGCHLD, pid: 10, code: 2 }),
    ]);
    assert.equal(report.signals.length, 2);
    assert.deepEqual([signal('SIGTERM').fatal, signal('SIGTERM').delivered?.ts], [true, 2.1]);
    assert.deepEqual([process(20).exit?.kind, process(20).exit?.signal], ['signaled', 'SIGTERM']);
  });

  it('9 is SIGKILL where SIGKILL was sent, whatever else is queued', () => {
    const { signal, process } = lifeOf([
      family,
      generate(2, 10, { sig: SIGTERM, pid: 20 }),
      generate(3, 10, { sig: SIGKILL, pid: 20 }),
      deliver(3.1, 20, SIGKILL),
      schedExit(3.2, 20),
      generate(3.3, 20, { sig: SIGCHLD, pid: 10, code: 2 }),
    ]);
    assert.equal(process(20).exit?.signal, 'SIGKILL');
    assert.deepEqual([signal('SIGTERM').result, signal('SIGTERM').fatal], ['pending', false]);
  });

  it('9 of the other threads of a dying process is no signal of its own', () => {
    const threads = [...family, ...oneThreadMore];
    const afterSignal = lifeOf([
      threads,
      generate(2, 10, { sig: SIGTERM, pid: 20 }),
      deliver(2.1, 21, SIGKILL),
      deliver(2.1, 20, SIGKILL),
    ]);
    assert.equal(afterSignal.report.signals.length, 1);
    const afterExit = lifeOf([
      threads,
      enter(2, 21, 'exit_group', { error_code: 3 }),
      deliver(2.1, 20, SIGKILL),
    ]);
    assert.deepEqual(afterExit.report.signals, []);
    const afterExec = lifeOf([threads, enter(2, 20, 'execve', { filename: 1 }), deliver(2.1, 21, SIGKILL)]);
    assert.deepEqual(afterExec.report.signals, []);
    const afterFault = lifeOf([
      threads,
      generate(2, 21, { sig: SIGSEGV, pid: 21, code: 1, group: 0 }),
      deliver(2.1, 21, SIGSEGV),
      deliver(2.2, 20, SIGKILL),
    ]);
    assert.equal(afterFault.report.signals.length, 1);
  });

  it('whose sending is not in the trace has no sender; a 9 is then no proof of SIGKILL', () => {
    const { report, process } = lifeOf([family, deliver(2, 20, SIGKILL), schedExit(2.1, 20, true)]);
    const [record] = report.signals;
    assert.deepEqual([record?.generated, record?.sender, record?.origin], [null, null, 'unknown']);
    assert.deepEqual([process(20).exit?.kind, process(20).exit?.signal], ['signaled', null]);
    assert.match(process(20).incomplete.join(), /fatal signals are delivered as 9/);
  });

  it('sent to a process may be delivered to any of its threads', () => {
    const { signal } = lifeOf([
      family,
      oneThreadMore,
      generate(2, 10, { sig: SIGUSR1, pid: 20 }),
      deliver(2.1, 21, SIGUSR1, HANDLER),
    ]);
    assert.equal(signal('SIGUSR1').delivered?.tid, 21);
    assert.equal(signal('SIGUSR1').target.tgid, 20);
  });

  const results = { 1: 'ignored', 2: 'coalesced', 3: 'overflow' } as const;
  for (const [result, name] of Object.entries(results)) {
    it(`with result ${result} is ${name}, settled at once`, () => {
      const { signal, stagesOf } = lifeOf([
        family,
        generate(2, 10, { sig: SIGUSR1, pid: 20, result: Number(result) }),
      ]);
      assert.equal(signal('SIGUSR1').result, name);
      assert.equal(stagesOf('signal').length, 1);
    });
  }

  it('with result 4 lost its details, and is delivered all the same', () => {
    const { signal } = lifeOf([
      family,
      generate(2, 10, { sig: 34, pid: 20, result: 4 }),
      deliver(2.1, 20, 34, HANDLER),
    ]);
    assert.deepEqual([signal('SIGRT_2').result, signal('SIGRT_2').delivered?.ts], ['info-lost', 2.1]);
  });

  it('that is not delivered until its target dies stays pending, and is settled then', () => {
    const events = [
      family,
      generate(2, 10, { sig: SIGUSR1, pid: 20 }),
      enter(3, 20, 'exit_group', { error_code: 0 }),
      schedExit(3.1, 20),
      generate(3.2, 20, { sig: SIGCHLD, pid: 10, code: 1 }),
    ];
    const { signal, stagesOf } = lifeOf(events, declared);
    assert.equal(signal('SIGUSR1').result, 'pending');
    assert.equal(stagesOf('signal')[0]?.ts, 3.1);
  });

  it('is unknown where no delivery is in a trace that no session declared: nobody knows whether they are traced', () => {
    const events = [
      generate(2, 10, { sig: SIGUSR1, pid: 20 }),
      enter(3, 20, 'exit_group', { error_code: 0 }),
      schedExit(3.1, 20),
    ];
    assert.equal(lifeOf([family, ...events]).signal('SIGUSR1').result, 'unknown');
    const delivery = deliver(1.5, 10, SIGINT, HANDLER);
    assert.equal(lifeOf([family, delivery, ...events]).signal('SIGUSR1').result, 'pending');
  });

  it('taken by sigwait counts as delivered', () => {
    const { signal } = lifeOf([
      family,
      enter(1.9, 20, 'rt_sigtimedwait', {}),
      generate(2, 10, { sig: SIGUSR1, pid: 20 }),
      exit(2.1, 20, 'rt_sigtimedwait', SIGUSR1),
    ]);
    assert.deepEqual(
      [signal('SIGUSR1').result, signal('SIGUSR1').delivered?.handler],
      ['delivered', 'rt_sigtimedwait'],
    );
  });

  it('queued once more shows that the first was taken unseen, by signalfd', () => {
    const { report } = lifeOf([
      family,
      generate(2, 10, { sig: SIGUSR1, pid: 20 }),
      generate(3, 10, { sig: SIGUSR1, pid: 20 }),
      deliver(3.1, 20, SIGUSR1, HANDLER),
    ]);
    assert.deepEqual(
      report.signals.map((record) => record.result),
      ['unknown', 'delivered'],
    );
  });

  it('to stop takes a queued SIGCONT away', () => {
    const { report } = lifeOf([
      family,
      generate(2, 10, { sig: SIGCONT, pid: 20 }),
      generate(2.1, 10, { sig: SIGSTOP, pid: 20 }),
      deliver(2.2, 20, SIGSTOP),
    ]);
    assert.deepEqual(
      report.signals.map(({ signal, result, fatal }) => [signal, result, fatal]),
      [
        ['SIGCONT', 'pending', false],
        ['SIGSTOP', 'delivered', false],
      ],
    );
  });

  it('to go on takes a queued SIGSTOP away, also where SIGCONT itself is ignored', () => {
    const { report } = lifeOf([
      family,
      generate(2, 10, { sig: SIGSTOP, pid: 20 }),
      generate(2.1, 10, { sig: SIGCONT, pid: 20, result: 1 }),
      generate(2.2, 10, { sig: SIGSTOP, pid: 20 }),
      deliver(2.3, 20, SIGSTOP),
    ]);
    assert.deepEqual(
      report.signals.map(({ signal, result }) => [signal, result]),
      [
        ['SIGSTOP', 'pending'],
        ['SIGCONT', 'ignored'],
        ['SIGSTOP', 'delivered'],
      ],
    );
  });

  it('in an interrupt names nobody: the task there was only interrupted', () => {
    const { signal } = lifeOf([
      family,
      generate(
        2,
        10,
        { sig: 14, pid: 20, code: 128 },
        { flags: 'd.h1.', stack: ['send_signal_locked', 'it_real_fn'] },
      ),
    ]);
    assert.deepEqual([signal('SIGALRM').sender?.irq, signal('SIGALRM').sender?.inTree], [true, false]);
    assert.equal(signal('SIGALRM').origin, 'timer');
  });

  it('in a trace without flags may come from an interrupt, or not', () => {
    const { signal } = lifeOf([family, generate(2, 10, { sig: SIGINT, pid: 20 }, { flags: '' })]);
    assert.equal(signal('SIGINT').sender?.irq, null);
  });

  it('from outside the tree has a sender outside the tree', () => {
    const { signal } = lifeOf([family, generate(2, 500, { sig: SIGINT, pid: 20 }, { comm: 'systemd' })]);
    assert.deepEqual(signal('SIGINT').sender, {
      pid: 500,
      tid: 500,
      tgid: 500,
      comm: 'systemd',
      thread: 'systemd',
      ancestors: [],
      inTree: false,
      irq: false,
      control: null,
    });
  });

  it('to the outside is kept, without an outcome', () => {
    const { signal, stagesOf } = lifeOf(
      [family, generate(2, 20, { sig: SIGINT, pid: 500, comm: 'daemon' })],
      declared,
    );
    assert.deepEqual(
      [signal('SIGINT').target, signal('SIGINT').result],
      [{ pid: 500, tgid: 500, comm: 'daemon' }, 'unknown'],
    );
    assert.deepEqual(stagesOf('signal'), []);
  });

  it('does not show the tracing machinery in its call trace', () => {
    const stack = [
      'trace_event_raw_event_signal_generate',
      '__traceiter_signal_generate',
      '__send_signal',
      '__x64_sys_kill',
    ];
    const { signal } = lifeOf([family, generate(2, 10, { sig: SIGINT, pid: 20 }, { stack })]);
    assert.deepEqual(signal('SIGINT').generated?.stack, ['__send_signal', '__x64_sys_kill']);
  });

  it('is not fatal where the process exits by itself', () => {
    const { signal, process } = lifeOf([
      family,
      deliver(1.5, 10, SIGUSR1, HANDLER),
      enter(2, 20, 'exit_group', { error_code: 137 }),
      generate(2.1, 10, { sig: SIGKILL, pid: 20 }),
      schedExit(2.2, 20),
      generate(2.3, 20, { sig: SIGCHLD, pid: 10, code: 1 }),
      call(2.4, 10, 'wait4', { upid: 20, options: 0 }, 20),
      free(3, 20),
    ]);
    assert.deepEqual([process(20).exit?.kind, process(20).exit?.code], ['exited', 137]);
    assert.deepEqual([signal('SIGKILL').fatal, signal('SIGKILL').result], [false, 'pending']);
  });
});
