/**
 * Signals a process that was seen earlier, only if it is still the same one. A pid alone may name a stranger by then:
 * the kernel gives it away again. With its start time it names one process for as long as the machine is up.
 *
 * Between the look and the signal there are some microseconds in which the process could die, be reaped, and its pid
 * be given away. Only pidfd_send_signal(2) closes that, which Node has no way to call.
 */
import type { ProcStat } from '../kernel/proc-stat';
import { InvalidValue, TraceError, errnoOf } from '../trace-error';
import { readProcessStat } from './process-stat';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot, as /proc/PID/stat has it in field 22. */
  readonly startTime: number;
}

/** Deeper than any tree of processes that somebody runs; /proc changes while it is read, so a circle is possible. */
const MAX_ANCESTORS = 256;

/**
 * @param place where it is: `msg.process`
 * @throws TraceError MESSAGE_INVALID for what is no pid with its start time
 */
export function readProcessIdentity(place: string, given: unknown): ProcessIdentity {
  const { pid, startTime } = (typeof given === 'object' && given !== null ? given : {}) as {
    pid?: unknown;
    startTime?: unknown;
  };
  if (!Number.isInteger(pid) || (pid as number) < 1)
    throw new InvalidValue(`${place}.pid`, 'a pid', pid, { code: 'MESSAGE_INVALID' });
  if (!Number.isInteger(startTime) || (startTime as number) < 0)
    throw new InvalidValue(
      `${place}.startTime`,
      `the start time in clock ticks since boot (field 22 of /proc/${String(pid)}/stat), without which the pid may ` +
        'be another process by now',
      startTime,
      { code: 'MESSAGE_INVALID' },
    );
  return { pid: pid as number, startTime: startTime as number };
}

/**
 * @returns what it is now
 * @throws TraceError PROCESS_MISSING where it is gone or a zombie, PROCESS_REPLACED where its pid is another's
 */
export function findSameProcess({ pid, startTime }: ProcessIdentity): ProcStat {
  const now = readProcessStat(pid);
  if (now === null) throw new TraceError('PROCESS_MISSING', `pid ${pid}, started at tick ${startTime}`);
  if (now.startTime !== startTime)
    throw new TraceError(
      'PROCESS_REPLACED',
      `pid ${pid} is ${now.comm} now, started at tick ${now.startTime} and not at ${startTime}; nothing was sent`,
    );
  if (now.state === 'Z' || now.state === 'X')
    throw new TraceError('PROCESS_MISSING', `${now.comm} (${pid}) is dead, and only not reaped yet`);
  return now;
}

/** Whether one of these is the process, its parent, grandparent, ...: what a command started, also untraced. */
export function descendsFrom(pid: number, ancestors: ReadonlySet<number>): boolean {
  let next = pid;
  for (let i = 0; i < MAX_ANCESTORS && next > 0; i++) {
    if (ancestors.has(next)) return true;
    next = readProcessStat(next)?.ppid ?? 0;
  }
  return false;
}

/**
 * @param signal `SIGTERM`
 * @param isAllowed asked about the pid once the process is known to be the same
 * @param send kill(2)
 * @returns what the process was called
 * @throws TraceError PROCESS_MISSING, PROCESS_REPLACED, KILL_DENIED
 */
export function signalProcess(
  identity: ProcessIdentity,
  signal: string,
  isAllowed: (pid: number) => boolean,
  send: (pid: number, signal: string) => void = (asked, name) => {
    process.kill(asked, name);
  },
): string {
  const { pid } = identity;
  // The kernel's first process, and the one that would not be there to tell of it.
  if (pid === 1 || pid === process.pid)
    throw new TraceError(
      'KILL_DENIED',
      `${signal} to pid ${pid}, which is ${pid === 1 ? 'init' : 'ourselves'}`,
    );
  const { comm } = findSameProcess(identity);
  if (!isAllowed(pid))
    throw new TraceError(
      'KILL_DENIED',
      `${signal} to ${comm} (${pid}), which nobody here ran or traces; ` +
        "ftraceLife.mayKill: 'any' in settings.js allows it",
    );
  // What is asked above takes a while, so once more: nothing comes between this check and the signal.
  findSameProcess(identity);
  try {
    send(pid, signal);
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') throw new TraceError('PROCESS_MISSING', `pid ${pid}`, { cause: error });
    throw new TraceError('KILL_DENIED', `${signal} to ${comm} (${pid}): ${errnoOf(error)}`, { cause: error });
  }
  return comm;
}
