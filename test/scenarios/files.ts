/** What descriptors mean: each maps a library by a descriptor that came to it in some way. */
import assert from 'node:assert/strict';
import type { Scenario } from './scenario';
import type { Told } from './told';

function file(name: string, scene: string, holds: Scenario['holds'] = mapped): Scenario {
  return { name, program: 'files', scene, holds };
}

function mapped(told: Told): 'ok' {
  told.mappingsAreTrue();
  return 'ok';
}

export const FILES: readonly Scenario[] = [
  file('a descriptor that was duplicated twice, while its first number means another file', 'duplicated'),
  file('a descriptor that a child inherits', 'inherited'),
  file('a descriptor that stays open over an exec', 'over-exec'),
  file('a number that closed on exec and is another file then', 'closed-on-exec'),
  file('openat2', 'openat2', (told) => {
    const opened = told.workload.files.find(({ call }) => call === 'openat2');
    assert.deepEqual([opened?.fd, opened?.error], [told.number('opened'), null]);
    return mapped(told);
  }),
  file('opens that fail, with their reasons', 'failing', (told) => {
    const errors = told.workload.files.map(({ error }) => error).filter((error) => error !== null);
    assert.deepEqual(errors, ['ENOENT', 'EISDIR']);
    return 'ok';
  }),
  file('a descriptor that came over a socket is never given a wrong name', 'received'),
  file('a file that another thread opened', 'other-thread'),
  file('a file that io_uring opened is no call of open, and never given a wrong name', 'io_uring', (told) => {
    const fd = told.number('opened');
    const ownCalls = told.workload.files.filter(
      (opened) => opened.fd === fd && opened.ts > told.workload.execs[0]!.ts,
    );
    for (const opened of ownCalls) assert.notEqual(opened.call, 'io_uring');
    return mapped(told);
  }),
];
