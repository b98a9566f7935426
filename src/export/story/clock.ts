/**
 * Times and durations as a person reads them.
 *
 * ftrace's `counter`, `uptime` and `x86-tsc` clocks do not count seconds (Documentation/trace/ftrace.rst,
 * trace_clock); of those the story shows whole ticks and never a unit of time.
 */
import { duration } from '../../words/duration';
import { KEEP } from '../printable';

export interface StoryClock {
  /** `9978.187414`, as in the trace. */
  at(ts: number): string;
  /** `+0.000224`, since the start of the trace. */
  since(ts: number): string;
  /** `151 µs`. */
  span(length: number): string;
}

const TICKING = ['counter', 'uptime', 'x86-tsc'];

/** @param moments of the trace: a text trace does not name its clock, but prints seconds with six decimals */
export function storyClock(clock: string | null, start: number, moments: readonly number[]): StoryClock {
  const whole = moments.length > 1 && moments.every(Number.isInteger);
  if (clock === null ? whole : TICKING.includes(clock)) {
    return {
      at: (ts) => ts.toFixed(0),
      since: (ts) => `+${(ts - start).toFixed(0)}`,
      span: (ticks) => `${ticks.toFixed(0)}${KEEP}ticks`,
    };
  }
  return {
    at: (ts) => ts.toFixed(6),
    since: (ts) => `${ts < start ? '-' : '+'}${Math.abs(ts - start).toFixed(6)}`,
    span: (seconds) => duration(seconds).replaceAll(' ', KEEP),
  };
}
