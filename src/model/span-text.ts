/** A duration for a sentence, two digits where that is enough: `52 µs`, `1.2 ms`, `34 ms`, `1.5 s`, `12 s`. */
export function spanText(seconds: number): string {
  const micros = seconds * 1e6;
  if (micros < 999.5) return `${Math.round(micros)} µs`;
  if (micros < 999_500) return `${digits(seconds * 1e3)} ms`;
  return `${digits(seconds)} s`;
}

function digits(value: number): string {
  return value < 9.95 ? String(Number(value.toFixed(1))) : String(Math.round(value));
}
