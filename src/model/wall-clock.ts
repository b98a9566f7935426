/** Ties the trace clock to the wall: nothing is known until a `trace` note brings one moment on both. */
export class WallClock {
  #secondsToWall: number | null = null;

  set(moment: { readonly ts: number; readonly unixSeconds: number }): void {
    this.#secondsToWall = moment.unixSeconds - moment.ts;
  }

  /** ISO 8601 in UTC with microseconds, which is what ftrace prints; null while the wall time is unknown. */
  timeOf(ts: number | null): string | null {
    if (ts === null || this.#secondsToWall === null) return null;
    const microseconds = Math.round((ts + this.#secondsToWall) * 1e6);
    const date = new Date(Math.floor(microseconds / 1000));
    if (Number.isNaN(date.getTime())) return null;
    const rest = String(microseconds % 1000).padStart(3, '0');
    return date.toISOString().replace('Z', `${rest}Z`);
  }
}

/** Seconds from one moment to a later one, to the nanosecond: beyond that, a difference of doubles is noise. */
export function secondsBetween(from: number, to: number): number {
  return Math.round((to - from) * 1e9) / 1e9;
}
