/** Ends that processes choose themselves. */
import assert from 'node:assert/strict';
import type { Scenario } from './scenario';

function ending(name: string, scene: string, holds: Scenario['holds']): Scenario {
  return { name, program: 'exits', scene, holds };
}

export const EXITS: readonly Scenario[] = [
  ending('exit codes as they are, also those that look like signals', 'codes', (told) => {
    const codes = told.childrenOf(told.workload).map(({ exit }) => exit?.code);
    assert.deepEqual(codes, [0, 1, 3, 126, 127, 137, 143, 255, 7, 255]);
    return 'ok';
  }),
  ending('exit() by a thread that is not the first', 'by-thread', (told) => {
    const child = told.life(told.number('born'));
    assert.equal(child.exit?.cause, 'exit_group(12)');
    assert.deepEqual(child.signals, [], 'nobody sent the 9 by which the first thread goes');
    return 'ok';
  }),
  ending('a first thread that goes before the last', 'first-thread-first', (told) => {
    const child = told.life(told.number('born'));
    assert.ok(child.exit!.ts >= child.threads[0]!.end!);
    return 'ok';
  }),
];
