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

/** The same work on a trace of one of several sizes. */
export interface GrowthRow {
  readonly what: string;
  /** Of the file, in 10^6 bytes. */
  readonly megabytes: number;
  /** Null where the command does not say. */
  readonly events: number | null;
  readonly seconds: number;
  /** Peak resident memory, in MB. */
  readonly memory: number;
}

export function formatGrowth(rows: readonly GrowthRow[]): string {
  const width = Math.max(...rows.map((row) => row.what.length));
  return rows
    .map(({ what, megabytes, events, seconds, memory }) => {
      const cost = `${((seconds / megabytes) * 1000).toFixed(2)} ms a MB`;
      const rate = events === null ? '' : `${(events / seconds / 1e6).toFixed(2)} M events/s`;
      const size = `${megabytes.toFixed(0)} MB`;
      return `  ${what.padEnd(width)}  ${size.padStart(8)}  ${seconds.toFixed(2).padStart(7)} s  ${cost.padStart(15)}  ${`${memory.toFixed(0)} MB resident`.padStart(16)}  ${rate}\n`;
    })
    .join('');
}
