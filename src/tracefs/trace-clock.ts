import { readFileSync } from 'node:fs';

/**
 * Tells the time of a trace clock, in ticks.
 * @param clock as in the instance's `trace_clock`
 * @param statistics the instance's `per_cpu/cpuN/stats`, which says what time it is on clocks that Node cannot read
 */
export function traceClock(clock: string, statistics: string): () => bigint {
  // CLOCK_MONOTONIC, which is `mono`.
  if (clock === 'mono') return () => process.hrtime.bigint();
  return () => {
    const now = /^now ts: *(\d+)\.(\d{6})/m.exec(readFileSync(statistics, 'utf8'));
    return now === null ? 0n : BigInt(now[1]!) * 1_000_000_000n + BigInt(now[2]!) * 1000n;
  };
}
