/**
 * One line of /proc/PID/stat.
 *
 * Format: proc_pid_stat(5); do_task_stat() in fs/proc/array.c.
 */

export interface ProcStat {
  readonly comm: string;
  /** `R`, `S`, ..., `Z` for a zombie. */
  readonly state: string;
  readonly ppid: number;
  /** Clock ticks (USER_HZ) from the machine's start to its own. */
  readonly startTime: number;
}

/** USER_HZ: what /proc counts in is the same on every machine. */
export const TICKS_A_SECOND = 100;

/** Null where the text is none: of a process that is gone, for instance. */
export function parseProcStat(text: string): ProcStat | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  // The name, in parentheses, may hold spaces and parentheses of its own: what follows its last one is plain.
  const fields = text.slice(close + 2).split(' ');
  const [state, ppid] = fields;
  const startTime = fields[19];
  if (state === undefined || ppid === undefined || startTime === undefined) return null;
  return { comm: text.slice(open + 1, close), state, ppid: Number(ppid), startTime: Number(startTime) };
}
