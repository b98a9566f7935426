/** A short run with a fixed seed. `node dist/test/fuzz/run.js --minutes 20` is the long one. */
import assert from 'node:assert/strict';
import { rounds } from '../harness/rounds';
import { bytesInUse } from './memory';
import { Random } from './random';
import { runCase, TARGETS } from './targets';

const CASES = rounds(150, 400);
const SEED = 1;
const GROWTH_BYTES = 16 << 20;

describe('what anybody may have written', () => {
  for (const target of TARGETS) {
    it(`${target.name}: ${CASES} changed inputs throw nothing, keep every promise and leave no memory behind`, async function () {
      this.timeout(60_000);
      const good = target.good();
      for (const input of good) await target.read(Buffer.from(input), new Random(SEED));
      const before = bytesInUse();
      for (let turn = 0; turn < CASES; turn++) {
        try {
          await runCase(target, good, SEED + turn);
        } catch (error) {
          throw new Error(`--target ${target.name} --seed ${SEED + turn} --cases 1: ${String(error)}`, {
            cause: error,
          });
        }
      }
      const grown = bytesInUse() - before;
      assert.ok(grown < GROWTH_BYTES, `${grown} bytes more than before`);
    });
  }
});
