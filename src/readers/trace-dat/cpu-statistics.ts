/**
 * What the kernel counted for each CPU, from per_cpu/cpuN/stats.
 *
 * Format: `tracing_stats_read()` in kernel/trace/trace.c.
 */

export interface CpuStatistics {
  /** Events overwritten before they were read. */
  readonly overrun: number;
  /** Events that found no room. */
  readonly dropped: number;
}

/** The sum of all; null where there is none. */
export function sumStatistics(texts: readonly string[]): CpuStatistics | null {
  let overrun = 0;
  let dropped = 0;
  let found = false;
  for (const text of texts) {
    // `commit overrun` is another thing: it counts in `dropped events` too.
    for (const [, name, count] of text.matchAll(/^(overrun|dropped events): (\d+)$/gm)) {
      found = true;
      if (name === 'overrun') overrun += Number(count);
      else dropped += Number(count);
    }
  }
  return found ? { overrun, dropped } : null;
}
