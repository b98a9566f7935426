/** What a watch counts of itself: how much it holds, and where a limit made it forget. */

export interface WatchCount {
  /** Events read, and events that the kernel overwrote; null where a gap has no number. */
  events: number;
  lost: number | null;
  /** Processes of the machine that are known now, and of those that are watched. */
  processes: number;
  watched: number;
  /** Signals of watched processes whose outcome is open. */
  pending: number;
  /** Services under a name of their own. */
  services: number;
  /** Records sent on. */
  records: number;
  /** Signals to or from tasks that the table of processes does not have: it is full, or they were lost. */
  unknownTasks: number;
  /** Processes that were not listed because the table was full. */
  processesLeftOut: number;
  /** Outcomes that were no longer waited for, so that there was room for others. */
  pendingLeftOut: number;
  /** Services whose generation was forgotten: the next one counts from 1. */
  servicesForgotten: number;
}

export function noCount(): WatchCount {
  return {
    events: 0,
    lost: 0,
    processes: 0,
    watched: 0,
    pending: 0,
    services: 0,
    records: 0,
    unknownTasks: 0,
    processesLeftOut: 0,
    pendingLeftOut: 0,
    servicesForgotten: 0,
  };
}
