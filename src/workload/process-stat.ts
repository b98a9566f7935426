/**
 * The one line that the kernel keeps of each process, as long as it or its zombie is there: proc_pid_stat(5).
 */
import { readFileSync } from 'node:fs';

export interface ProcessStat {
  readonly comm: string;
  /** `R`, `S`, `D`, `T`, `Z` for a zombie, `X` for one that is being taken away. */
  readonly state: string;
  readonly ppid: number;
  /** Clock ticks since boot (field 22). A pid and its start time name one process for as long as the machine is up. */
  readonly startTime: number;
}

/** @returns null for what is no such line */
export function parseProcessStat(text: string): ProcessStat | null {
  // The name stands in parentheses and may hold spaces and parentheses of its own: what follows its last one is plain.
  const from = text.indexOf('(');
  const to = text.lastIndexOf(')');
  if (from < 0 || to < from) return null;
  const fields = text.slice(to + 2).split(' ');
  const [state = '', ppid = ''] = fields;
  // Field 3 of the manual page is the first here.
  const startTime = Number(fields[22 - 3] ?? NaN);
  if (!Number.isInteger(startTime) || !/^\d+$/.test(ppid)) return null;
  return { comm: text.slice(from + 1, to), state, ppid: Number(ppid), startTime };
}

/** @returns null where there is no such process now */
export function readProcessStat(pid: number): ProcessStat | null {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null;
  }
}
