/** One process of the machine, as a watch knows it. */
import type { Service, SignalRecord } from '../model/report';
import type { SignalQueue } from '../model/signal-queue';
import type { KnownProcess } from '../session/task-history';
import type { Tid } from '../trace-event';
import type { Selector } from './selector';

export interface HostProcess {
  /** `5441@9978.187638`: the pid and when it was forked; for one that was there before, when by /proc. */
  readonly id: string;
  readonly pid: Tid;
  /** Name, program and parents. */
  known: KnownProcess;
  /** What happened before is in what /proc said of it. On the trace clock. */
  readonly since: number;
  /** Threads that have not exited. */
  living: number;
  /** It has run a program of its own since its fork, or was there before the watch. */
  executed: boolean;
  /** Of /proc, or its parent's; null where nobody said. */
  cgroup: string | null;
  uid: number | null;
  exe: string | null;
  membership: Membership | null;
  /** A signal to it was reported: its verdict waits for what the process does next. */
  wasSignalled: boolean;
  /** Null until it gets a signal. */
  queue: SignalQueue | null;
  /** The signal that ends it. */
  fatal: SignalRecord | null;
  /** CLD_KILLED or CLD_DUMPED, as its parent was notified. */
  childCode: number | null;
  oomVictim: boolean;
  exitTs: number | null;
  /** Its end is reported. */
  isTold: boolean;
}

/** What a main process and all that it forks share. */
export interface Membership {
  readonly selector: Selector;
  /** The unit, container or program; null where nothing restarts under one name. */
  readonly name: string | null;
  readonly main: HostProcess;
  /** Null until the main process runs its program, and where there is no name. */
  life: Service | null;
}
