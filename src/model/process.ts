/**
 * A process and its threads, while they live: what the subjects of this folder know of it beyond its record in the
 * report. Who has which tid is in process-table.ts.
 */
import type { Tid } from '../trace-event';
import { AddressSpace, type Load } from './mappings';
import { FileTable, type OpenFile } from './open-files';
import type { InterruptedCall, PendingCall } from './pending-call';
import { RecentCalls } from './recent-calls';
import type { OpenedFile, ProcessRecord, SignalRecord } from './report';
import { SignalQueue } from './signal-queue';
import { ThreadEnds } from './thread-ends';

export const BEGINS_BEFORE = 'its beginning is not in the trace';
const MAX_COMMS = 1_000;

/** One thread, while it lives. */
export class Task {
  /** The system call that it is in. */
  call: PendingCall | null = null;
  /** A name that a probe gave outside of any call: the open's own enter event is missing. */
  looseName: string | null = null;
  /** The open that has just returned without a name, for the probe on its exit event. */
  unnamedOpen: {
    readonly call: PendingCall;
    readonly opened: OpenedFile;
    readonly file: OpenFile | null;
    readonly dfd: number | null;
  } | null = null;
  /** sched_process_exec was seen; the exit event of the same exec follows. */
  execSeen = false;
  /** It has made no system call since its exec that the trace shows. */
  silent = false;
  /** The child that task_newtask has just reported, and sched_process_fork is about to report again. */
  lastBorn: Tid | null = null;
  /** What a thread that is not the first is called; null where the trace does not say. */
  name: string | null = null;
  /** The signals whose handlers it runs, the innermost last. */
  handlers: SignalRecord[] = [];
  /** Its last call, where a signal interrupted it and has not been delivered yet. */
  interrupted: InterruptedCall | null = null;
  ended: number | null = null;
  /** What clone returned for it: in a pid namespace another number than its tid. */
  localTid: Tid | null = null;
  /** Its line in `threads`; null for the first thread. */
  listed: ProcessRecord['threads'][number] | null = null;
  readonly tid: Tid;
  process: Process;

  constructor(tid: Tid, process: Process) {
    this.tid = tid;
    this.process = process;
  }
}

/** A notice of an end, whose sender passes on what it knows of another. */
export interface PassedOn {
  readonly notified: Tid;
  readonly code: number;
  readonly ts: number;
  readonly stack: readonly string[];
}

/** What is known of how a process ended; exits.ts gathers it. */
export interface Ending {
  /** The last thread's sched_process_exit. */
  exitTs: number | null;
  exitGroup: { readonly ts: number; readonly code: number | null } | null;
  /** The code of the SIGCHLD that notified the parent: CLD_EXITED, CLD_KILLED or CLD_DUMPED. */
  childCode: number | null;
  /** The call trace of that SIGCHLD: where in the kernel the process ended. */
  exitStack: readonly string[];
  /** Who that SIGCHLD was sent to. */
  notified: Tid | null;
  /** When that was sent. */
  notifiedAt: number | null;
  /** The last notice that it sent and that seemed to be about one of its zombies. */
  passedOn: PassedOn | null;
  fatal: SignalRecord | null;
  /** A SIGKILL that the kernel accepted. */
  kill: SignalRecord | null;
  /** Chosen by the OOM killer (oom/mark_victim). */
  oomVictim: boolean;
  /** Threads that the kernel ended with the process: delivered as 9, sent by nobody. */
  groupExits: number;
  /** `exit` is settled: nothing that comes later changes it. */
  settled: boolean;
  /** When it died; null where the trace only shows it dead. */
  zombieSince: number | null;
  /** When it was known to be dead, or called exit. */
  dead: number | null;
  freed: number | null;
}

/** A waitid that returned 0: who it was is in memory that no trace shows. */
export interface UnnamedWait {
  readonly by: Tid;
  readonly ts: number;
  /** It returned a child that had ended: it could neither find nothing nor a child that stopped. */
  readonly isReaping: boolean;
}

export class Process {
  readonly tasks = new Map<Tid, Task>();
  files = new FileTable();
  memory = new AddressSpace();
  /** Libraries ever mapped, for comparison with /proc/PID/maps. */
  readonly loads: Load[] = [];
  /** The mapped address space belongs to this process: a vfork child maps in its parent's until it execs. */
  memoryOwner: Process;
  /** Of the program that it is about to run, where a probe reported them. */
  argvToCome: string[] | null = null;
  /** Known from the first absolute chdir on. */
  cwd: string | null = null;
  /** The program that it ran when the session attached to it, or its parent. */
  programBefore: string | null = null;
  /** What clone returned in the parent: in a pid namespace another number than the tid. */
  pidInParent: number | null = null;
  /** The first process of its pid namespace; null for that of whoever began the trace. */
  pidNamespace: Process | null = null;
  readonly threadEnds = new ThreadEnds();
  /** When it returned from the clone that made it, where its parent was not known then. */
  returnedFromClone: number | null = null;
  readonly queue = new SignalQueue();
  readonly recent = new RecentCalls();
  readonly ending: Ending = {
    exitTs: null,
    exitGroup: null,
    childCode: null,
    exitStack: [],
    notified: null,
    notifiedAt: null,
    passedOn: null,
    fatal: null,
    kill: null,
    oomVictim: false,
    groupExits: 0,
    settled: false,
    zombieSince: null,
    dead: null,
    freed: null,
  };
  /** Dead children, born or adopted, that nobody has waited for yet. */
  readonly zombies = new Set<Process>();
  /** Some of them are freed, while a wait that may have returned them is open. */
  hasFreedZombies = false;
  /** Calls of waitid that reaped a child whose number the trace does not have, in order. */
  readonly waitids: UnnamedWait[] = [];
  /** The signal that reports its end to its parent; 0 for none, null where the trace does not have it. */
  exitSignal: number | null = null;
  /** Whose child it is now: its parent's, or its heir's; null where that one is not traced, or not known. */
  waiter: Process | null;
  /** Who was that before, and left it to the present one. */
  leftBy: Process | null = null;
  /** Since when it is in the list of children of that one. */
  listedSince: number;
  /** Who traces it by ptrace; `'unknown'` where only its own PTRACE_TRACEME is known, null where nobody does. */
  tracer: Tid | 'unknown' | null = null;
  /** Whom it traces, or traced. */
  readonly tracees = new Set<Process>();
  /** A SIGCHLD reported that it stopped or continued: the next wait that returns it may report only that. */
  toldAlive = false;
  /** It has a signalfd, or may have inherited one: reading it takes signals out of the queue unseen. */
  hasSignalfd = false;
  losses: { gaps: number; last: number | null; firstReasons: string[] } = {
    gaps: 0,
    last: null,
    firstReasons: [],
  };
  /** The last event of its own, to tell a process that went silent in a gap from one that lives. */
  lastSeen: number;
  /** Among all processes, in the order in which they became known. */
  order = 0;
  gone = false;
  /** Others' signals name it, and it has no event of its own. */
  isOnlyNamed = false;
  filesLeftOut = 0;
  librariesLeftOut = 0;
  unnamedOpens = 0;
  relativeNames = 0;
  /** Its name came from an event that says when: then the comm column, looked up late, is not believed. */
  commTraced = false;

  readonly record: ProcessRecord;
  parent: Process | null;
  readonly start: number;

  constructor(record: ProcessRecord, parent: Process | null, start: number) {
    this.record = record;
    this.parent = parent;
    this.start = start;
    this.waiter = parent;
    this.listedSince = start;
    this.memoryOwner = this;
    this.lastSeen = start;
  }

  get tgid(): Tid {
    return this.record.tgid;
  }

  /** For sentences: `a.out (5441)`. */
  get title(): string {
    return taskTitle(this.record.comm, this.record.pid);
  }

  note(reason: string): void {
    if (!this.record.incomplete.includes(reason)) this.record.incomplete.push(reason);
  }

  /** Its beginning is known after all, or does not matter. */
  forgetBeginning(): void {
    const { record } = this;
    record.incomplete = record.incomplete.filter((reason) => reason !== BEGINS_BEFORE);
  }

  renamed(ts: number, comm: string, traced: boolean): void {
    if (traced) this.commTraced = true;
    const { record } = this;
    if (record.comm === comm && record.commHistory.length > 0) return;
    record.comm = comm;
    if (record.commHistory.length < MAX_COMMS) record.commHistory.push({ ts, comm });
  }

  /**
   * Its name before the first rename in the trace. What the comm column said until then was looked up when the
   * text was read, and may be a later name.
   */
  calledAtFirst(comm: string): void {
    this.record.comm = comm;
    this.record.commHistory = [{ ts: this.start, comm }];
  }

  livingTasks(): number {
    let living = 0;
    for (const task of this.tasks.values()) if (task.ended === null) living++;
    return living;
  }
}

export function taskTitle(comm: string | null, pid: Tid): string {
  return comm === null ? `process ${pid}` : `${comm} (${pid})`;
}
