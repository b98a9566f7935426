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
  /** The leader of its session, and the device number of its controlling terminal; 0 where it has none. */
  readonly session: number;
  readonly tty: number;
  /** How many threads its process has. */
  readonly threads: number;
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
  // The name, in parentheses, may have spaces and parentheses of its own: what follows its last one is plain.
  const fields = text.slice(close + 2).split(' ');
  const [state, ppid, , session, tty] = fields;
  const [threads, startTime] = [fields[17], fields[19]];
  if (state === undefined || ppid === undefined || startTime === undefined) return null;
  return {
    comm: text.slice(open + 1, close),
    state,
    ppid: Number(ppid),
    session: Number(session),
    tty: Number(tty),
    threads: Number(threads),
    startTime: Number(startTime),
  };
}
