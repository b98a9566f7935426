/** `5 s`, `1.5 s`, `34 ms`, `120 µs`. */
export function seconds(span: number): string {
  if (span === 0 || span >= 0.9995) return `${Number(span.toFixed(3))} s`;
  return span >= 0.0009995 ? `${Math.round(span * 1e3)} ms` : `${Math.round(span * 1e6)} µs`;
}
