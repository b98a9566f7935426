/**
 * Times and durations as a person reads them.
 *
 * ftrace's `counter`, `uptime` and `x86-tsc` clocks do not count seconds (Documentation/trace/ftrace.rst,
 * trace_clock); of those the story shows whole ticks and never a unit of time.
 */
import { KEEP } from './printable';

export interface StoryClock {
  /** `9978.187414`, as in the trace. */
  at(ts: number): string;
  /** `+0.000224`, since the start of the trace. */
  since(ts: number): string;
  /** `151 µs`. */
  span(duration: number): string;
}

const TICKING = ['counter', 'uptime', 'x86-tsc'];

/** @param moments of the trace: a text trace does not name its clock, but prints seconds with six decimals */
export function storyClock(clock: string | null, start: number, moments: readonly number[]): StoryClock {
  const whole = moments.length > 1 && moments.every(Number.isInteger);
  if (clock === null ? whole : TICKING.includes(clock)) {
    return {
      at: (ts) => ts.toFixed(0),
      since: (ts) => `+${(ts - start).toFixed(0)}`,
      span: (duration) => `${duration.toFixed(0)}${KEEP}ticks`,
    };
  }
  return {
    at: (ts) => ts.toFixed(6),
    since: (ts) => `${ts < start ? '-' : '+'}${Math.abs(ts - start).toFixed(6)}`,
    span: formatSeconds,
  };
}

/** Three digits that matter: `79 µs`, `1.25 ms`, `13.984 s`, `3 min 4 s`, `2 h 5 min`. */
function formatSeconds(seconds: number): string {
  const micros = Math.round(seconds * 1e6);
  if (micros < 1000) return `${micros}${KEEP}µs`;
  if (micros < 1e6) return `${(micros / 1000).toPrecision(3)}${KEEP}ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)}${KEEP}s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`.replaceAll(' ', KEEP);
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`.replaceAll(' ', KEEP);
}
