/**
 * A u64 of ticks, given as two u32, as whole seconds and nanoseconds: exact, and without a bigint, which costs more
 * than the walk over a dozen records.
 *
 * With the u64 as `upper * 2^48 + middle * 2^32 + low` (16, 16 and 32 bits), the nanoseconds of the three terms stay
 * below 2^47, so each step is a whole number that a double holds.
 */

const BILLION = 1_000_000_000;
/** 2^48 ns are 281474 s and 976710656 ns; 2^32 ns are 4 s and 294967296 ns. */
const UPPER_SEC = 281_474;
const UPPER_NSEC = 976_710_656;
const MIDDLE_SEC = 4;
const MIDDLE_NSEC = 294_967_296;

function restOf(high: number, low: number): number {
  return (high >>> 16) * UPPER_NSEC + (high & 0xffff) * MIDDLE_NSEC + low;
}

/** Whole seconds in `high * 2^32 + low` nanoseconds; both are u32. */
export function secondsIn(high: number, low: number): number {
  const rest = Math.floor(restOf(high, low) / BILLION);
  return (high >>> 16) * UPPER_SEC + (high & 0xffff) * MIDDLE_SEC + rest;
}

/** The nanoseconds beyond those seconds. */
export function nanosecondsIn(high: number, low: number): number {
  const rest = restOf(high, low);
  return rest - Math.floor(rest / BILLION) * BILLION;
}
