/** A duration as a person reads it, three digits that matter: `79 µs`, `1.25 ms`, `13.9 s`, `3 min 4 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  const micros = Math.round(seconds * 1e6);
  if (micros < 1000) return `${micros} µs`;
  // From 999.5 ms on three digits would be 1.00e+3.
  if (micros < 999_500) return `${(micros / 1000).toPrecision(3)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
