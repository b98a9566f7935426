import assert from 'node:assert/strict';
import { EventList } from '../../src/event-list';
import { Lifecycle } from '../../src/model/lifecycle';
import type { SignalTarget, Stage } from '../../src/model/report';
import { ReportTargets } from '../../src/rules/watch/report-targets';
import type { TraceNote } from '../../src/trace-event';
import { deliver, event, fork, free, generate, lifeOf, schedExit } from './life-of';

type WhoNote = Extract<TraceNote, { kind: 'who' }>;

const WORKLOAD: TraceNote = {
  kind: 'workload',
  parent: 10,
  command: 20,
  path: '/bin/x',
  argv: ['x'],
  control: null,
};

/** Of somebody whose numbers follow from the pid; read 20 ms after the event for which it was. */
function who(pid: number, since: number, changes: Partial<WhoNote> = {}): WhoNote {
  return {
    kind: 'who',
    pid,
    tgid: pid,
    ts: since + 0.02,
    since,
    comm: `comm${pid}`,
    exe: `/bin/exe${pid}`,
    uid: pid,
    user: null,
    ppid: 1,
    cgroup: `/system.slice/unit${pid}.service`,
    startTime: pid * 100,
    ancestors: [{ pid: 1, comm: 'init' }],
    ...changes,
  };
}

const exec = (ts: number, pid: number, filename = '/bin/x') =>
  event(ts, pid, 'sched_process_exec', { filename, pid, old_pid: pid });

/** 10 forks 20, which becomes a program at 2 and is killed from outside at 5. */
const KILLED = [
  fork(1, 10, 20),
  exec(2, 20),
  generate(5, 99, { sig: 9, pid: 20 }, { comm: 'old name' }),
  deliver(5.1, 20, 9),
  schedExit(5.2, 20, true),
];

describe('who sent a signal', () => {
  it('is named with the unit of its cgroup, and by the name that it had', () => {
    const { signal } = lifeOf(KILLED, { notes: [WORKLOAD, who(99, 5)] });
    assert.deepEqual(signal('SIGKILL').sender, {
      pid: 99,
      tid: 99,
      tgid: 99,
      comm: 'comm99',
      thread: 'comm99',
      ancestors: [{ pid: 1, comm: 'init' }],
      inTree: false,
      irq: false,
      control: null,
      identity: {
        exe: '/bin/exe99',
        uid: 99,
        user: null,
        ppid: 1,
        cgroup: '/system.slice/unit99.service',
        unit: 'unit99.service',
        container: null,
        startTime: 9900,
        ancestors: [{ pid: 1, comm: 'init' }],
        since: 5,
      },
    });
  });

  it('is in the stages of the same batch', () => {
    const { stagesOf } = lifeOf(KILLED, { notes: [WORKLOAD, who(99, 5), who(20, 2)] });
    const [stage] = stagesOf('signal');
    const { sender } = stage!.detail as { sender: { identity?: { uid: number } } };
    assert.equal(sender.identity?.uid, 99);
    assert.equal(stage!.target?.identity?.uid, 20);
  });

  it('is unknown without a note, and the key is absent', () => {
    const { signal } = lifeOf(KILLED, { notes: [WORKLOAD] });
    assert.ok(!('identity' in signal('SIGKILL').sender!));
  });

  it('is not who had the pid before it', () => {
    const events = [KILLED.slice(0, 2), generate(3, 99, { sig: 15, pid: 20 }), free(4, 99), KILLED.slice(2)];
    const { signal } = lifeOf(events.flat(), { notes: [WORKLOAD, who(99, 3)] });
    assert.equal(signal('SIGTERM').sender?.identity?.uid, 99);
    assert.equal(signal('SIGKILL').sender?.identity, undefined);
  });

  it('is not who got the pid after it, also where all notes come first', () => {
    const later = who(99, 5.5, { uid: 7 });
    const { signal } = lifeOf([...KILLED, free(5.3, 99), free(6, 30)], { notes: [WORKLOAD, later] });
    assert.equal(signal('SIGKILL').sender?.identity, undefined);
  });

  it('is who it was when it sent, where it became another program between two signals', () => {
    const events = [
      KILLED.slice(0, 2),
      generate(3, 99, { sig: 15, pid: 20 }),
      generate(3.5, 99, { sig: 12, pid: 20 }),
      KILLED.slice(2),
    ];
    const notes = [WORKLOAD, who(99, 5, { exe: '/bin/later' }), who(99, 3)];
    const { signal } = lifeOf(events.flat(), { notes });
    assert.deepEqual(
      ['SIGTERM', 'SIGUSR2', 'SIGKILL'].map((name) => signal(name).sender?.identity?.exe),
      ['/bin/exe99', '/bin/exe99', '/bin/later'],
    );
  });

  it('is the same for a thread that sent it as for its process', () => {
    const { signal } = lifeOf(KILLED, { notes: [WORKLOAD, who(99, 5, { tgid: 90, comm: 'pool-1' })] });
    assert.equal(signal('SIGKILL').sender?.comm, 'pool-1');
    assert.equal(signal('SIGKILL').sender?.identity?.uid, 99);
  });

  it('is nobody for an interrupt, which only stopped that task', () => {
    const events = KILLED.map((one) =>
      'name' in one && one.name === 'signal_generate' ? { ...one, flags: 'd.h1.' } : one,
    );
    const { signal } = lifeOf(events, { notes: [WORKLOAD, who(99, 4)] });
    assert.equal(signal('SIGKILL').sender?.irq, true);
    assert.equal(signal('SIGKILL').sender?.identity, undefined);
  });

  it('is learnt from a note after its batch while the signal is pending, and for the report always', () => {
    const model = new Lifecycle({ source: 'raw' });
    const pending = generate(5, 99, { sig: 15, pid: 20 });
    model.apply(new EventList([fork(1, 10, 20), exec(2, 20), pending].flat(), [], [], [WORKLOAD]));
    const { stages } = model.apply(new EventList([deliver(6, 20, 15, 0x1234)], [], [], [who(99, 5)]));
    const settled = stages.find(({ stage }) => stage === 'signal');
    assert.equal((settled?.detail as { sender: { identity: { uid: number } } }).sender.identity.uid, 99);
    model.apply(new EventList([], [], [], [who(20, 2)]));
    assert.equal(model.finish().report.processes.find(({ pid }) => pid === 20)?.identity?.uid, 20);
  });
});

describe('who a process is', () => {
  it('is in its record, when its life ends and in the report', () => {
    const { ended, process } = lifeOf([...KILLED, free(6, 20)], {
      notes: [WORKLOAD, who(10, 0.5), who(20, 2)],
    });
    assert.deepEqual(
      ended.map(({ pid, identity }) => [pid, identity?.uid]),
      [[20, 20]],
    );
    assert.equal(process(10).identity?.exe, '/bin/exe10');
    assert.equal('earlierIdentities' in process(20), false);
  });

  it('is not taken from its parent', () => {
    const { process, stagesOf } = lifeOf(KILLED, { notes: [WORKLOAD, who(10, 0.5)] });
    assert.equal(process(20).identity, undefined);
    assert.equal('identity' in stagesOf('signal')[0]!.target!, false);
  });

  it('keeps what it was until an exec', () => {
    const { process } = lifeOf([KILLED.slice(0, 2), exec(3, 20, '/bin/y'), KILLED.slice(2)].flat(), {
      notes: [WORKLOAD, who(20, 2), who(20, 3, { exe: '/bin/y', uid: 0 })],
    });
    assert.deepEqual([process(20).identity?.exe, process(20).identity?.uid], ['/bin/y', 0]);
    assert.deepEqual(
      process(20).earlierIdentities?.map(({ exe, since }) => [exe, since]),
      [['/bin/exe20', 2]],
    );
  });

  it('says nothing twice', () => {
    const { process } = lifeOf(KILLED, { notes: [WORKLOAD, who(20, 2), who(20, 3)] });
    assert.equal(process(20).earlierIdentities, undefined);
    assert.equal(process(20).identity?.since, 2);
  });

  it('goes with the process, not with its pid', () => {
    const events = [
      ...KILLED,
      free(5.5, 20),
      fork(6, 10, 20),
      generate(6.1, 99, { sig: 10, pid: 20 }),
      exec(7, 20),
      generate(8, 99, { sig: 15, pid: 20 }),
      deliver(8.1, 20, 15, 0x1234),
    ];
    const { report, signal, stagesOf } = lifeOf(events, {
      notes: [WORKLOAD, who(20, 2), who(20, 7, { uid: 8 })],
    });
    const uids = report.processes.filter(({ pid }) => pid === 20).map(({ identity }) => identity?.uid);
    assert.deepEqual(uids, [20, 8]);
    assert.deepEqual(
      ['SIGKILL', 'SIGUSR1', 'SIGTERM'].map((name) => {
        const stage = stagesOf('signal').find(({ detail }) => detail === signal(name));
        return stage?.target?.identity?.uid;
      }),
      [20, undefined, 8],
    );
  });

  it('is the same for the stages of a trace and for its report', () => {
    const events = [
      fork(1, 10, 20),
      generate(1.5, 99, { sig: 10, pid: 20 }),
      deliver(1.6, 20, 10, 0x1234),
      exec(2, 20),
      generate(2.5, 99, { sig: 12, pid: 20 }),
      deliver(2.6, 20, 12, 0x1234),
      exec(3, 20, '/bin/y'),
      KILLED.slice(2),
    ].flat();
    const notes = [WORKLOAD, who(20, 2), who(20, 3, { exe: '/bin/y' })];
    const { report, stagesOf } = lifeOf(events, { notes });
    const targets = new ReportTargets(report.processes);
    const live = (stage: Stage): [number, SignalTarget['identity']] => {
      const index = report.signals.findIndex((signal) => signal === stage.detail);
      return [index, stage.target?.identity];
    };
    const inStages = stagesOf('signal').map(live);
    assert.deepEqual(
      inStages.map(([, identity]) => identity?.exe),
      [undefined, '/bin/exe20', '/bin/y'],
    );
    for (const [index, identity] of inStages)
      assert.deepEqual(targets.of(index, report.signals[index]!.ts)?.identity, identity);
  });
});

describe('the machine of a trace', () => {
  it('is in the report where the trace names it', () => {
    const trace = { kind: 'trace', kernel: '6.1.0', clock: 'mono', cpus: 2 } as const;
    const told = lifeOf([fork(1, 10, 20)], { notes: [{ ...trace, host: 'gateway', boot: 'b-1' }] });
    assert.deepEqual([told.report.trace.host, told.report.trace.boot], ['gateway', 'b-1']);
    const older = lifeOf([fork(1, 10, 20)], { notes: [trace] });
    assert.equal('host' in older.report.trace || 'boot' in older.report.trace, false);
  });
});

describe('a process that became a program which nobody could read', () => {
  const events = [
    fork(1, 10, 20),
    generate(1.5, 99, { sig: 10, pid: 20 }),
    deliver(1.6, 20, 10, 0x1234),
    exec(2, 20),
    generate(2.5, 99, { sig: 12, pid: 20 }),
    deliver(2.6, 20, 12, 0x1234),
    KILLED.slice(2),
  ].flat();

  it('keeps who it was, but for the program', () => {
    const { process, report, stagesOf } = lifeOf(events, { notes: [WORKLOAD, who(20, 1.2)] });
    const { identity, earlierIdentities } = process(20);
    assert.deepEqual([identity?.exe, identity?.uid, identity?.since], [null, 20, 2]);
    assert.deepEqual(
      earlierIdentities?.map(({ exe, since }) => [exe, since]),
      [['/bin/exe20', 1.2]],
    );
    const live = stagesOf('signal').map(({ target }) => target?.identity);
    assert.deepEqual(
      live.map((one) => one?.exe),
      ['/bin/exe20', null, null],
    );
    const targets = new ReportTargets(report.processes);
    assert.deepEqual(
      process(20).signals.map((index) => targets.of(index, report.signals[index]!.ts)?.identity),
      live,
    );
  });

  it('is not meant where text has rounded the time of its exec or of the signal', () => {
    const rounded = [fork(1, 10, 20), exec(2.000001, 20), KILLED.slice(2)].flat();
    const notes = [WORKLOAD, who(20, 2.0000005), who(99, 5.0000004)];
    const { process, signal } = lifeOf(rounded, { notes });
    assert.equal(process(20).identity?.exe, '/bin/exe20');
    assert.equal(signal('SIGKILL').sender?.identity?.uid, 99);
  });
});
