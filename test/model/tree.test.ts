import assert from 'node:assert/strict';
import type { TraceNote } from '../../src/trace-event';
import { call, event, fork, generate, lifeOf } from './life-of';

const workload: TraceNote = {
  kind: 'workload',
  parent: 10,
  path: '/usr/bin/app',
  argv: ['app', '-v'],
  control: { signal: 'SIGUSR1', sender: 900 },
};
const runs = (ts: number, pid: number, path: string) =>
  call(ts, pid, 'execve', { filename: 1, __filename_val: path }, 0);
const events = [
  fork(1, 5, 6),
  fork(2, 10, 20),
  runs(2.1, 20, '/usr/bin/app'),
  fork(3, 20, 30),
  runs(3.1, 30, '/usr/bin/app'),
];

describe('the traced tree', () => {
  for (const [when, beside] of [
    ['before', { notes: [workload] }],
    ['after', { later: [workload] }],
  ] as const) {
    it(`has a parent, its workload and their descendants, reported ${when} the events`, () => {
      const { process } = lifeOf(events, beside);
      assert.deepEqual(
        [5, 6, 10, 20, 30].map((pid) => process(pid).role),
        [null, null, 'parent', 'workload', 'descendant'],
      );
    });
  }

  it('gives the workload its argument list', () => {
    const { process } = lifeOf(events, { notes: [workload] });
    assert.deepEqual([process(20).execs[0]?.argv, process(30).execs[0]?.argv], [['app', '-v'], null]);
  });

  it('does not miss the beginning of a parent that its session started', () => {
    const { process } = lifeOf(events, { notes: [workload] });
    assert.deepEqual(process(10).incomplete, []);
    assert.match(process(5).incomplete.join(), /beginning is not in the trace/);
  });

  it('begins without a note at the first process that forks', () => {
    const { process } = lifeOf([fork(2, 10, 20), fork(3, 20, 30)]);
    assert.deepEqual(
      [10, 20, 30].map((pid) => process(pid).role),
      ['parent', 'descendant', 'descendant'],
    );
  });

  it('tells the session’s own control signal from others', () => {
    const { report } = lifeOf(
      [
        fork(2, 10, 20),
        generate(3, 900, { sig: 10, pid: 10 }),
        generate(4, 901, { sig: 10, pid: 10 }),
        generate(5, 900, { sig: 10, pid: 20 }),
      ],
      { notes: [workload] },
    );
    assert.deepEqual(
      report.signals.map((signal) => signal.control),
      [true, false, false],
    );
  });

  it('does not include others, whatever they do', () => {
    const { signal } = lifeOf(
      [...events, event(3, 5, 'sys_enter_kill'), generate(4, 5, { sig: 15, pid: 20 })],
      {
        notes: [workload],
      },
    );
    assert.equal(signal('SIGTERM').sender?.inTree, false);
  });
});

describe('the wall time', () => {
  it('follows from one moment on both clocks, to the microsecond', () => {
    const unixSeconds = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000;
    const note: TraceNote = {
      kind: 'trace',
      kernel: '6.1.0',
      clock: 'mono',
      cpus: 2,
      wall: { ts: 100, unixSeconds },
    };
    const { process, report, stages } = lifeOf([fork(101.000123, 10, 20)], { notes: [note] });
    assert.equal(process(20).fork?.time, '2026-01-02T03:04:06.000123Z');
    assert.equal(stages[0]?.time, '2026-01-02T03:04:06.000123Z');
    assert.deepEqual([report.trace.kernel, report.trace.clock, report.trace.cpus], ['6.1.0', 'mono', 2]);
  });

  it('is null while no note has it', () => {
    assert.equal(lifeOf([fork(1, 10, 20)]).process(20).fork?.time, null);
  });
});
