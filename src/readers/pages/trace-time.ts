/**
 * Trace time without rounding: a u64 of nanoseconds does not fit a double (104 days of uptime), and a bigint for
 * each event is slow. So a time is a pair, whole seconds and nanoseconds, each exact. For clocks that do not
 * tick in nanoseconds the pair is still the exact number of ticks, split at 10^9.
 */

const BILLION = 1_000_000_000;

export interface TraceTime {
  sec: number;
  nsec: number;
}

/** From the ticks of one clock to those of another, both u64. */
export type ClockChange = (ticks: bigint) => bigint;

/** Clocks whose tick is no nanosecond: `trace_clocks[]` in kernel/trace/trace.c, those without `in_ns`. */
const TICK_CLOCKS = new Set(['counter', 'uptime', 'x86-tsc', 'ppc-tb']);

export function isInNs(clock: string): boolean {
  return !TICK_CLOCKS.has(clock);
}

/** Sets `time` to an absolute number of ticks. */
export function setTicks(time: TraceTime, ticks: bigint): void {
  time.sec = Number(ticks / 1_000_000_000n);
  time.nsec = Number(ticks % 1_000_000_000n);
}

export function ticksOf(time: Readonly<TraceTime>): bigint {
  return BigInt(time.sec) * 1_000_000_000n + BigInt(time.nsec);
}

/** The number of ticks, for clocks that count them; beyond 2^53 the nearest double. */
export function toTicks(sec: number, nsec: number): number {
  return sec * BILLION + nsec;
}

/** The double nearest to the decimal that ftrace prints: one correctly rounded division. */
export function toSeconds(sec: number, nsec: number): number {
  return (sec * BILLION + nsec) / BILLION;
}
