import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { TraceEvent, TraceNote } from '../../src/trace-event';
import { call, deliver, enter, event, fork, generate, lifeOf, schedExit } from './life-of';
import { readLife } from './read-life';

const HANDLER = 0x5500;
const CHLD = 17;
type Events = readonly (TraceEvent | readonly TraceEvent[])[];

/** 10 is the traced parent, 20 the command, which forks 30 and 40. */
const workload: TraceNote = {
  kind: 'workload',
  parent: 10,
  command: 20,
  path: '/bin/child',
  argv: ['child'],
  control: null,
};
const born = fork(1, 10, 20);

const exits = (ts: number, pid: number, parent: number, code: number): TraceEvent[] => [
  enter(ts, pid, 'exit_group', { error_code: code }),
  schedExit(ts + 1e-5, pid, true),
  generate(ts + 2e-5, pid, { sig: CHLD, pid: parent, code: 1 }),
  ...call(ts + 4e-5, parent, 'wait4', { upid: pid, options: 0 }, pid),
];

const dies = (ts: number, pid: number, parent: number): TraceEvent[] => [
  schedExit(ts, pid, true),
  generate(ts + 1e-5, pid, { sig: CHLD, pid: parent, code: 2 }),
  ...call(ts + 3e-5, parent, 'wait4', { upid: pid, options: 0 }, pid),
];

const killed = (ts: number, sender: number, pid: number, parent: number, sig = 9): TraceEvent[] => [
  generate(ts, sender, { sig, pid, comm: 'child' }, { comm: sender === 500 ? 'kill' : 'child' }),
  deliver(ts + 1e-6, pid, 9),
  ...dies(ts + 1e-5, pid, parent),
];

const asks = (ts: number, sender: number, pid: number, sig: number, comm = 'kill'): TraceEvent =>
  generate(ts, sender, { sig, pid, comm: 'child' }, { comm, stack: ['__x64_sys_kill'] });

const verdictOf = (events: Events, notes: readonly TraceNote[] = [workload]) =>
  lifeOf([born, ...events], { notes }).report.verdict;

describe('the verdict over a tree', () => {
  const cases: readonly (readonly [what: string, events: Events, text: string])[] = [
    ['an ordinary success', exits(2, 20, 10, 0), 'child (20) exited with 0'],
    [
      'a success with others, in one line',
      [
        fork(1.1, 20, 30),
        fork(1.2, 20, 40),
        exits(1.5, 30, 20, 0),
        exits(1.6, 40, 20, 1),
        exits(2, 20, 10, 0),
      ],
      'child (20) and 1 other exited with 0, child (40) with 1',
    ],
    ['a failure of the command', exits(2, 20, 10, 3), 'child (20) exited with 3'],
    ['a kill from outside', killed(2, 500, 20, 10), 'child (20) was killed by SIGKILL from kill (500)'],
    [
      'a death among several',
      [fork(1.1, 20, 30), killed(1.5, 20, 30, 20), exits(1.6, 20, 10, 0)],
      '1 of 2 killed: child (30), by SIGKILL from child (20), its parent',
    ],
    [
      'deaths of one cause together',
      [
        fork(1.1, 20, 30),
        fork(1.2, 20, 40),
        killed(1.5, 20, 30, 20, 15),
        killed(1.6, 20, 40, 20, 15),
        exits(1.7, 20, 10, 0),
      ],
      '2 of 3 killed: child (30) and child (40), by SIGTERM from child (20), its parent',
    ],
    [
      'a kill that comes while an earlier signal is being handled',
      [
        generate(2, 500, { sig: 2, pid: 20 }, { comm: 'kill' }),
        deliver(2.0001, 20, 2, HANDLER),
        killed(3.6, 500, 20, 10),
      ],
      'child (20) was killed by SIGKILL from kill (500), 1.60 s after SIGINT, which it was still handling',
    ],
    [
      'an end that somebody asked for',
      [
        generate(2, 500, { sig: 15, pid: 20 }, { comm: 'kill' }),
        deliver(2.0001, 20, 15, HANDLER),
        exits(2.027, 20, 10, 0),
      ],
      'child (20) was asked to end by SIGTERM from kill (500) and exited with 0 after 27.0 ms',
    ],
    [
      'a shell whose trap waits for its command',
      [
        fork(1.1, 20, 30),
        generate(3.1, 500, { sig: 15, pid: 20 }, { comm: 'kill' }),
        deliver(3.1001, 20, 15, HANDLER),
        exits(9, 30, 20, 0),
        exits(9.1, 20, 10, 0),
      ],
      'child (20) was asked to end by SIGTERM from kill (500) at 2.10 s, waited for child (30) until 8.00 s and exited with 0 after 6.00 s',
    ],
    [
      'who outlives the command',
      [fork(1.1, 20, 30), exits(2, 20, 10, 0), event(5, 10, 'sys_enter_getpid')],
      'child (30) outlives child (20); child (20) exited with 0',
    ],
    [
      'who adopted a survivor',
      [
        fork(1.1, 20, 30),
        exits(2, 20, 10, 0),
        enter(5, 30, 'exit_group', { error_code: 0 }),
        schedExit(5.1, 30, true),
        generate(5.2, 30, { sig: CHLD, pid: 1, code: 1 }),
        event(5.3, 0, 'sched_process_free', { comm: 'child', pid: 30, prio: 120 }),
      ],
      'child (30) outlives child (20), adopted by init (1); child (20) exited with 0',
    ],
    [
      'a zombie that nobody waits for',
      [
        fork(1.1, 20, 30),
        enter(1.5, 30, 'exit_group', { error_code: 0 }),
        schedExit(1.5, 30, true),
        generate(1.6, 30, { sig: CHLD, pid: 20, code: 1 }),
        exits(4, 20, 10, 0),
      ],
      'child (30) was a zombie of child (20), which did not wait for it, for 2.50 s; child (20) and 1 other exited with 0',
    ],
    [
      'zombies that their adopter did not wait for',
      [
        fork(1.05, 20, 30),
        fork(1.1, 30, 40),
        exits(1.2, 30, 20, 0),
        enter(1.5, 40, 'exit_group', { error_code: 0 }),
        schedExit(1.5, 40, true),
        generate(1.50001, 40, { sig: CHLD, pid: 20, code: 1 }),
        enter(4, 20, 'exit_group', { error_code: 0 }),
        schedExit(4.00001, 20, true),
        // It leaves its zombie to init.
        generate(4.00002, 20, { sig: CHLD, pid: 1, code: 1 }),
        generate(4.00003, 20, { sig: CHLD, pid: 10, code: 1 }),
        ...call(4.00005, 10, 'wait4', { upid: 20, options: 0 }, 20),
        event(4.1, 0, 'sched_process_free', { comm: 'child', pid: 40, prio: 120 }),
      ],
      'child (40) was a zombie of child (20), which had adopted it and did not wait for it, for 2.50 s; child (20) and 2 others exited with 0',
    ],
    [
      'a signal that is handled and raised again',
      [
        asks(2, 500, 20, 15),
        deliver(2.0001, 20, 15, HANDLER),
        asks(2.000152, 20, 20, 15, 'child'),
        deliver(2.0002, 20, 9),
        dies(2.001, 20, 10),
      ],
      'child (20) was killed by SIGTERM from kill (500): handled, raised again 52 µs later',
    ],
    [
      'a signal that is passed on',
      [
        fork(1.1, 20, 30),
        asks(2, 500, 20, 15),
        deliver(2.0001, 20, 15, HANDLER),
        asks(2.0005, 20, 30, 15, 'child'),
        deliver(2.0006, 30, 9),
        dies(2.001, 30, 20),
        exits(2.1, 20, 10, 0),
      ],
      '1 of 2 killed: child (30), by SIGTERM from child (20), its parent, which had got SIGTERM from kill (500); child (20) was asked to end by SIGTERM from kill (500) and exited with 0 after 100 ms',
    ],
    [
      'abort() as such',
      [asks(2, 20, 20, 6, 'child'), deliver(2.0001, 20, 6), dies(2.001, 20, 10)],
      'child (20) was killed by SIGABRT: it called abort()',
    ],
    [
      'a failure that a child had before',
      [
        fork(1.1, 20, 30),
        fork(1.2, 30, 40),
        exits(1.5, 40, 30, 2),
        exits(1.6, 30, 20, 2),
        exits(1.7, 20, 10, 2),
      ],
      'child (20) exited with 2, as child (40) exited with 2',
    ],
    [
      'a failure after that of a child',
      [fork(1.1, 20, 30), exits(1.5, 30, 20, 1), exits(1.7, 20, 10, 123)],
      'child (20) exited with 123, after child (30) exited with 1',
    ],
    [
      'a failure that has nothing to do with that of a child',
      [fork(1.1, 20, 30), exits(1.5, 30, 20, 1), exits(5.7, 20, 10, 1)],
      'child (20) exited with 1',
    ],
    [
      'deaths that differ in nothing but how long it took',
      [
        fork(1.1, 20, 30),
        fork(1.2, 20, 40),
        ...[30, 40].flatMap((pid) => [
          asks(2, 500, pid, 15),
          deliver(2.0001, pid, 15, HANDLER),
          asks(2 + pid / 1000, pid, pid, 15, 'child'),
          deliver(2.0001 + pid / 1000, pid, 9),
          ...dies(2.001 + pid / 1000, pid, 20),
        ]),
        exits(3, 20, 10, 0),
      ],
      '2 of 3 killed: child (30) and child (40), by SIGTERM from kill (500): handled, raised again',
    ],
    [
      'who is stopped, and by whom',
      [fork(1.1, 20, 30), asks(2, 500, 30, 19), deliver(2.0001, 30, 19), exits(9, 20, 10, 0)],
      'child (30) is stopped by SIGSTOP from kill (500); child (30) outlives child (20); child (20) exited with 0',
    ],
    [
      'those that ended for one reason together',
      [
        fork(1.1, 20, 30),
        fork(1.2, 20, 40),
        fork(1.3, 20, 50),
        asks(2, 500, 30, 9),
        deliver(2.0001, 30, 9),
        dies(2.001, 30, 20),
        asks(2.002, 20, 40, 3, 'child'),
        deliver(2.0021, 40, 3, HANDLER),
        asks(2.002, 20, 50, 3, 'child'),
        deliver(2.0022, 50, 3, HANDLER),
        exits(2.01, 40, 20, 2),
        exits(2.02, 50, 20, 2),
        exits(3, 20, 10, 0),
      ],
      '1 of 4 killed: child (30), by SIGKILL from kill (500); child (40) and child (50) exited with 2, as child (30) was ended by SIGKILL',
    ],
  ];
  for (const [what, events, text] of cases) {
    it(`reports ${what}`, () => {
      assert.equal(verdictOf(events).text, text);
    });
  }

  it('names the records that ended badly, and those that outlived the command', () => {
    const verdict = verdictOf([
      fork(1.1, 20, 30),
      fork(1.2, 20, 40),
      killed(1.5, 20, 30, 20),
      exits(2, 20, 10, 1),
      event(5, 10, 'sys_enter_getpid'),
    ]);
    assert.deepEqual(verdict.ended, ['30@1.100000', '20@1.000000']);
    assert.deepEqual(verdict.outlived, ['40@1.200000']);
  });

  it('says how many were ended by SIGPIPE, and counts none of them as killed', () => {
    const pipe = [
      generate(1.5, 30, { sig: 13, pid: 30 }, { stack: ['send_signal_locked', 'pipe_write'] }),
      deliver(1.50001, 30, 9),
      ...dies(1.5001, 30, 20),
    ];
    const { text, ended } = verdictOf([fork(1.1, 20, 30), pipe, exits(2, 20, 10, 0)]);
    assert.equal(text, 'child (20) exited with 0, 1 ended by SIGPIPE: the reader had read enough');
    assert.deepEqual(ended, []);
  });

  for (const [what, frame, limit] of [
    ['a cgroup', 'mem_cgroup_out_of_memory', 'memory limit of its cgroup'],
    ['the machine', 'out_of_memory', 'the machine was out of memory'],
  ] as const) {
    it(`tells the limit that the OOM killer keeps, that of ${what}, and what was resident`, () => {
      const { text } = verdictOf([
        event(2, 20, 'mark_victim', {
          pid: 20,
          comm: 'child',
          anon_rss: 61 * 1024,
          file_rss: 512,
          shmem_rss: 0,
        }),
        generate(
          2.1,
          20,
          { sig: 9, pid: 20, code: 128 },
          { stack: ['send_signal_locked', '__oom_kill_process', frame] },
        ),
        deliver(2.2, 20, 9),
        ...dies(2.3, 20, 10),
      ]);
      assert.equal(text, `child (20) was killed by the OOM killer, ${limit}, 62 MiB resident`);
    });
  }

  it('tells the size of the limit, and of which cgroup, where a note has it', () => {
    const { text } = verdictOf(
      [
        event(2, 20, 'mark_victim', { pid: 20, comm: 'child', anon_rss: 1024, file_rss: 0, shmem_rss: 0 }),
        generate(
          2.1,
          20,
          { sig: 9, pid: 20, code: 128 },
          { stack: ['send_signal_locked', '__oom_kill_process', 'mem_cgroup_out_of_memory'] },
        ),
        deliver(2.2, 20, 9),
        ...dies(2.3, 20, 10),
      ],
      [workload, { kind: 'memory-limit', pid: 20, ts: 2, cgroup: '/pod', bytes: 64 << 20 }],
    );
    assert.equal(
      text,
      'child (20) was killed by the OOM killer, memory limit of cgroup /pod (64 MiB), 1 MiB resident',
    );
  });

  it('gives no durations where the clock does not count seconds', () => {
    const { text } = verdictOf(
      [
        generate(2, 500, { sig: 15, pid: 20 }, { comm: 'kill' }),
        deliver(3, 20, 15, HANDLER),
        exits(90, 20, 10, 0),
      ],
      [workload, { kind: 'trace', kernel: '6.12', clock: 'counter', cpus: 1 }],
    );
    assert.equal(text, 'child (20) was asked to end by SIGTERM from kill (500) and exited with 0');
  });

  it('says that a trace has no process, and how many events were lost', () => {
    assert.equal(lifeOf([]).report.verdict.text, 'No process is in this trace');
    const { report } = lifeOf([born, exits(2, 20, 10, 0)], {
      notes: [workload],
      lost: [{ cpu: 0, ts: null, count: 7 }],
    });
    assert.match(report.verdict.text, /^child \(20\) .* \(7 events were lost\)$/);
  });

  it('is one line for every trace that kernels recorded for us', () => {
    const kernels = path.join(process.cwd(), 'test/fixtures/kernels');
    const traces = readdirSync(kernels, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.txt'),
    );
    assert.ok(traces.length > 20);
    for (const name of traces) {
      assert.ok(readFileSync(path.join(kernels, name)).length > 0);
      const { text } = readLife(path.join(kernels, name)).report.verdict;
      assert.match(text, /^[^\n]{10,300}$/, name);
      assert.doesNotMatch(text, /undefined|null|NaN|Infinity|\[object/, name);
    }
  });
});
