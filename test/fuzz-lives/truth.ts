/** What the players of a program wrote into their log (src/lives.c). */

export interface Line {
  /** Seconds of CLOCK_MONOTONIC, which is the trace's clock. */
  readonly ts: number;
  /** As the whole machine numbers them. */
  readonly pid: number;
  readonly tid: number;
  readonly verb: string;
  readonly words: readonly string[];
}

/** The lines of each program, by its id, in order of time. */
export function readTruth(log: string): Map<number, Line[]> {
  const programs = new Map<number, Line[]>();
  for (const text of log.split('\n')) {
    const [id, ts, pid, tid, verb, ...words] = text.split(' ');
    if (verb === undefined) continue;
    const lines = programs.get(Number(id)) ?? [];
    lines.push({ ts: Number(ts), pid: Number(pid), tid: Number(tid), verb, words });
    programs.set(Number(id), lines);
  }
  for (const lines of programs.values()) lines.sort((one, other) => one.ts - other.ts);
  return programs;
}
