/** Processes that ran before the session, and that it follows without a part in their life: it never signals them. */
import { TraceError } from '../trace-error';
import type { Instance } from '../tracefs/instance';
import { processOf, threadsOf } from './proc-state';

export interface Attachment {
  /** The processes, each by the pid of its first thread. */
  readonly pids: readonly number[];
  /** Resolves when they are gone, or the session ends before; never rejects. */
  readonly ended: Promise<void>;
  /** Ends the session; the processes go on. */
  stop(): Promise<void>;
}

/** New threads may be made faster than they are listed; with event-fork the kernel adds those by itself. */
const MAX_ROUNDS = 100;

/**
 * The processes that the given pids, or tids, belong to.
 * @throws TraceError PROCESS_MISSING for one that is not there, CONFIG_INVALID for ourselves: what reads the events
 * would make more of them for ever
 */
export function findProcesses(pids: readonly number[]): number[] {
  const found = pids.map((pid) => {
    const tgid = processOf(pid);
    if (tgid === null) throw new TraceError('PROCESS_MISSING', `pid ${pid} is not in /proc`);
    if (tgid === process.pid)
      throw new TraceError('CONFIG_INVALID', `pid ${pid} is this process, which cannot follow itself`);
    return tgid;
  });
  return [...new Set(found)];
}

/**
 * Lets every thread pass the filter: set_event_pid has tids (kernel/trace/trace_events.c), and a thread that is made
 * between two looks at /proc/PID/task is found by the next one.
 * @returns all threads
 * @throws TraceError PROCESS_MISSING where one is gone before it was listed
 */
export function followThreads(tree: Instance, pids: readonly number[]): number[] {
  const followed = new Set<number>();
  for (const pid of pids) {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const threads = threadsOf(pid).filter((tid) => !followed.has(tid));
      if (threads.length === 0) break;
      for (const tid of threads) {
        tree.follow(tid);
        followed.add(tid);
      }
    }
    if (!followed.has(pid))
      throw new TraceError('PROCESS_MISSING', `pid ${pid} ended while it was attached to`);
  }
  return [...followed];
}
