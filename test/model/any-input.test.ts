import assert from 'node:assert/strict';
import type { FieldValue, TraceEvent } from '../../src/trace-event';
import { lifeOf } from './life-of';

/** Repeatable: the same seed gives the same events (a linear congruential generator, Numerical Recipes). */
function* randomNumbers(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

const NAMES = [
  ...['task_newtask', 'sched_process_fork', 'sched_process_exec', 'sched_process_exit', 'sched_process_free'],
  ...[
    'signal_generate',
    'signal_deliver',
    'task_rename',
    'mark_victim',
    'mm_filemap_get_pages',
    'do_sy_open',
  ],
  ...[
    'openat',
    'close',
    'dup2',
    'fcntl',
    'close_range',
    'mmap',
    'munmap',
    'mremap',
    'mprotect',
    'read',
    'chdir',
  ]
    .concat([
      'clone',
      'clone3',
      'vfork',
      'execve',
      'execveat',
      'wait4',
      'waitid',
      'exit',
      'exit_group',
      'kill',
    ])
    .flatMap((call) => [`sys_enter_${call}`, `sys_exit_${call}`]),
];
const FIELDS = [
  ...[
    'pid',
    'child_pid',
    'old_pid',
    'comm',
    'newcomm',
    'oldcomm',
    'filename',
    'clone_flags',
    'sig',
    'code',
    'group',
  ],
  ...[
    'result',
    'sa_handler',
    'ret',
    'fd',
    'oldfd',
    'newfd',
    'cmd',
    'arg',
    'addr',
    'len',
    'prot',
    'flags',
    'off',
  ],
  ...[
    'upid',
    'options',
    'which',
    'error_code',
    'dfd',
    '__filename_val',
    'group_dead',
    'arg1',
    'i_ino',
    's_dev',
  ],
  ...['old_len', 'new_len', 'start', 'max_fd'],
];
const VALUES: FieldValue[] = [
  ...[0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 15, 17, 18, 19, 20, -1, -2, -10, -512, 34, 64, 4096, 8192, 65536],
  ...[0x10000, 0x4100, 0x1200011, 2 ** 31, 2 ** 32 - 1, 2 ** 53, NaN, Infinity, 0.5, 0x7f0000000000],
  ...[
    '',
    '/',
    'a',
    '/lib/a.so',
    '(fault)',
    '0xffffffffffffff9c',
    '0xffffffffffffffff',
    '0x',
    'O_CLOEXEC',
    '\n',
  ],
  true,
  false,
  [1, 'a'],
];

function someEvents(seed: number, count: number): TraceEvent[] {
  const random = randomNumbers(seed);
  const below = (limit: number) => Math.floor(random.next().value * limit);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  let ts = 1;
  return Array.from({ length: count }, () => {
    const fields: Record<string, FieldValue> = {};
    for (const field of FIELDS) if (below(4) > 0) fields[field] = pick(VALUES);
    ts += below(3) / 1000;
    return {
      ts: below(500) === 0 ? NaN : ts,
      cpu: below(2),
      pid: pick([-1, 0, 1, 2, 3, 4, 5, 9, 10, 11, 12]),
      tgid: pick([null, null, 1, 10]),
      comm: pick([null, 'a', 'b']),
      name: pick(NAMES),
      fields: fields,
      flags: pick(['', '.', 'd..1.', 'd.h1.']),
    };
  });
}

describe('whatever the events say', () => {
  for (let seed = 1; seed <= 20; seed++) {
    it(`the model makes a report that is whole (seed ${seed})`, () => {
      const lost = [{ cpu: 0, ts: 1.2, count: null }];
      const { report, stages, ended } = lifeOf(someEvents(seed, 3000), { lost, batch: 250 });
      assert.equal(report.trace.events, 3000);
      const ids = new Set(report.processes.map(({ id }) => id));
      for (const process of report.processes) {
        assert.ok(process.parent === null || ids.has(process.parent), 'its parent is in the report');
        assert.ok(process.signals.every((index) => report.signals[index]?.target.tgid !== undefined));
        assert.equal(process.reap !== null && process.state !== 'reaped', false);
      }
      const settled = stages.filter(({ stage }) => stage === 'signal').map(({ detail }) => detail);
      assert.equal(new Set(settled).size, settled.length, 'each signal is settled once');
      assert.equal(new Set(ended).size, ended.length, 'each process ends once');
    });
  }
});
