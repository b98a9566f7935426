/** One measurement: seconds of wall time, or why there is none. */
export interface Row {
  readonly tool: string;
  readonly seconds: number | null;
  /** What came of it: events, lines, losses; or why the tool did not run. */
  readonly result: string;
}

/** Seconds, and how many times as long as the first row, which is ours. */
export function formatTable(rows: readonly Row[]): string {
  const ours = rows[0]?.seconds ?? null;
  const width = Math.max(...rows.map((row) => row.tool.length));
  return rows
    .map(({ tool, seconds, result }) => {
      const time = seconds === null ? 'not run' : `${seconds.toFixed(2)} s`;
      const ratio = seconds === null || ours === null ? '' : `${(seconds / ours).toFixed(2)}x`;
      return `  ${tool.padEnd(width)}  ${time.padStart(9)}  ${ratio.padStart(8)}  ${result}\n`;
    })
    .join('');
}
