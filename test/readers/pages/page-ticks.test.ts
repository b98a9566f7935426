import assert from 'node:assert/strict';
import { nanosecondsIn, secondsIn } from '../../../src/readers/pages/page-ticks';
import { seededRandom } from '../compose-page';

describe('a u64 of ticks as seconds and nanoseconds', () => {
  function assertExact(ticks: bigint): void {
    const high = Number(ticks >> 32n);
    const low = Number(ticks & 0xffff_ffffn);
    const found = [BigInt(secondsIn(high, low)), BigInt(nanosecondsIn(high, low))];
    assert.deepEqual(found, [ticks / 1_000_000_000n, ticks % 1_000_000_000n], `${ticks}`);
  }

  it('is exact at each end of the range, and beside each second and each power of two', () => {
    for (let bit = 0n; bit < 64n; bit++) {
      for (const beside of [-1n, 0n, 1n]) {
        const ticks = (1n << bit) + beside;
        assertExact(ticks);
        assertExact((ticks / 1_000_000_000n) * 1_000_000_000n);
        if (ticks > 1_000_000_000n) assertExact((ticks / 1_000_000_000n) * 1_000_000_000n - 1n);
      }
    }
    assertExact(2n ** 64n - 1n);
  });

  it('is exact anywhere', () => {
    const random = seededRandom(5);
    for (let turn = 0; turn < 20_000; turn++) {
      const [high, low] = [random(), random()].map((part) => BigInt(Math.floor(part * 2 ** 31)));
      assertExact(((high! << 33n) | low!) >> BigInt(turn % 60));
    }
  });
});
