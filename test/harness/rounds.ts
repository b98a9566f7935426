/**
 * How often a test tries what it tries: `npm run test:long` runs every round, `npm test` as many as show the same in a
 * fraction of the time. Rounds are drawn from a fixed seed, so the short run is the beginning of the long one.
 */

/** True in `npm run test:long`. */
export const isLongRun = process.env['FTRACE_LIFE_LONG'] === '1';

/** The number of rounds of this run. */
export function rounds(usual: number, long: number): number {
  return isLongRun ? long : usual;
}
