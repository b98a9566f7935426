/** Ends that processes choose themselves. */
import assert from 'node:assert/strict';
import { signalName } from '../../src/kernel/signals';
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
  ending('a first thread that exits before the last', 'first-thread-first', (told) => {
    const child = told.life(told.number('born'));
    assert.ok(child.exit!.ts >= child.threads[0]!.end!);
    return 'ok';
  }),
  {
    ...ending(
      'exits among lost events: what is reported is true, and what is unknown is reported as unknown',
      'storm',
      (told) => {
        assert.notEqual(told.report.trace.lost, 0);
        assert.ok(told.facts('waited').length === 20);
        for (const { waited, by, code, signal } of told.facts('waited')) {
          for (const life of told.livesOf(Number(waited))) {
            const { exit, reap, incomplete } = life;
            const kind = signal === null ? 'exited' : 'signaled';
            const name = signal === null ? null : signalName(Number(signal));
            const what = `${life.pid}: ${JSON.stringify([exit, reap, life.state, incomplete])}`;
            assert.ok(exit === null || exit.kind === kind, `${kind}, not as reported of ${what}`);
            assert.ok(
              exit?.code === code || (exit?.code ?? null) === null,
              `code ${String(code)}, not as reported of ${what}`,
            );
            assert.ok(
              exit?.signal === name || (exit?.signal ?? null) === null,
              `${String(name)}, not as reported of ${what}`,
            );
            assert.ok(reap === null || reap.by === by, `reaped by ${String(by)}, not as reported of ${what}`);
            const whole = exit !== null && (exit.code ?? exit.signal) !== null;
            assert.ok(whole || incomplete.length > 0, `no reason of ${what}`);
          }
        }
        return 'ok';
      },
    ),
    bufferKb: 4,
  },
];
