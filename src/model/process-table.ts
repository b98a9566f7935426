/**
 * Who lives: threads by tid, and the process that each belongs to. A tid means the task that has it now; a
 * process is known by tid and start, so that a pid that is used twice gives two records.
 *
 * A record is made for whoever makes an event of its own (a system call, an exec, a fork), never for somebody
 * that others' events name: an unfiltered trace names half the machine.
 */
import type { Tid, TraceEvent } from '../trace-event';
import { FileTable, type OpenFile } from './open-files';
import { AddressSpace, type Load } from './mappings';
import { RecentCalls } from './recent-calls';
import type { OpenedFile, ProcessRecord, SignalRecord } from './report';
import { SignalQueue } from './signal-queue';
import { keepArguments, type PendingCall } from './system-calls';

/** Records kept for the report: beyond these, a fork bomb is counted and not kept. */
const MAX_PROCESSES = 50_000;
export const BEGINS_BEFORE = 'its beginning is not in the trace';
const MAX_COMMS = 1_000;
export const MAX_THREADS = 10_000;

/** One thread, while it lives. */
export class Task {
  /** The system call that it is in. */
  call: PendingCall | null = null;
  /** A name that a probe gave outside of any call: the open's own enter event is missing. */
  looseName: string | null = null;
  /** The open that has just returned without a name, for the probe that stands on its exit event. */
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
  /** The child that task_newtask has just told, which sched_process_fork is about to tell again. */
  lastBorn: Tid | null = null;
  ended: number | null = null;
  /** Its line in `threads`; null for the first thread. */
  listed: ProcessRecord['threads'][number] | null = null;
  readonly tid: Tid;
  process: Process;

  constructor(tid: Tid, process: Process) {
    this.tid = tid;
    this.process = process;
  }
}

/** What is known of how a process ended; src/model/endings.ts gathers it. */
export interface Ending {
  /** The last thread's sched_process_exit. */
  exitTs: number | null;
  exitGroup: { readonly ts: number; readonly code: number | null } | null;
  /** The code of the SIGCHLD that told the parent: CLD_EXITED, CLD_KILLED or CLD_DUMPED. */
  childCode: number | null;
  /** The call trace of that SIGCHLD: where in the kernel the process ended. */
  exitStack: readonly string[];
  /** Who that SIGCHLD was sent to. */
  notified: Tid | null;
  fatal: SignalRecord | null;
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

export class Process {
  readonly tasks = new Map<Tid, Task>();
  files = new FileTable();
  memory = new AddressSpace();
  /** Libraries ever mapped, for comparison with /proc/PID/maps. */
  readonly loads: Load[] = [];
  /** The mapped address space belongs to this process: a vfork child maps in its parent's until it execs. */
  memoryOwner: Process;
  /** Of the program that it is about to run, where a probe told them. */
  argvToCome: string[] | null = null;
  /** Known from the first absolute chdir on. */
  cwd: string | null = null;
  /** The program that it ran when the session attached to it, or its parent. */
  programBefore: string | null = null;
  /** What clone returned in the parent: in a pid namespace another number than the tid. */
  pidInParent: number | null = null;
  /** What its first thread gave to `exit`. */
  /** The argument of `exit` by the first thread and by the last, where nobody calls exit_group. */
  leaderExitArgument: number | null = null;
  lastExitArgument: number | null = null;
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
    fatal: null,
    oomVictim: false,
    groupExits: 0,
    settled: false,
    zombieSince: null,
    dead: null,
    freed: null,
  };
  /** Dead children that nobody has waited for yet. */
  readonly zombies = new Set<Process>();
  /** Some of them are freed, while a wait that may have returned them is open. */
  hasFreedZombies = false;
  /** Calls of waitid that reaped a child whose number the trace does not have, in order. */
  readonly waitids: { readonly by: Tid; readonly ts: number }[] = [];
  /** Children of others became its own: their place among its own is not known. */
  adopts = false;
  /** Who traces it by ptrace; `'unknown'` where only its own PTRACE_TRACEME is known, null where nobody does. */
  tracer: Tid | 'unknown' | null = null;
  /** A SIGCHLD told of its stop or its going on: the next wait that returns it may only tell that. */
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

export class ProcessTable {
  readonly #tasks = new Map<Tid, Task>();
  /** In the order in which they became known. */
  readonly processes: Process[] = [];
  processesLeftOut = 0;
  /** Threads inside clone, fork or vfork. */
  readonly forking = new Set<Task>();
  #withNewCalls: Process[] = [];

  find(tid: Tid): Task | null {
    return this.#tasks.get(tid) ?? null;
  }

  /** The task whose own event this is, made known if it is new. Null for the idle task. */
  meet(event: TraceEvent): Task | null {
    const known = this.#tasks.get(event.pid);
    if (known) {
      known.process.lastSeen = event.ts;
      known.process.isOnlyNamed = false;
      if (!known.process.commTraced && known.tid === known.process.tgid) {
        const { comm } = event;
        if (comm !== null) known.process.renamed(event.ts, comm, false);
      }
      return known;
    }
    if (event.pid <= 0) return null;
    const tgid = event.tgid ?? event.pid;
    const leader = this.#tasks.get(tgid);
    const process =
      leader?.process ?? this.start(tgid, event.ts, null, tgid === event.pid ? event.comm : null);
    if (!leader) process.note(BEGINS_BEFORE);
    const own = this.#tasks.get(event.pid);
    if (own) return own;
    // One more thread lives than was known when the others ended.
    if (!process.ending.settled) process.ending.exitTs = null;
    return this.startThread(process, event.pid, null);
  }

  /** One more call of a process, for what it did before a signal. */
  remember(process: Process, call: PendingCall): void {
    const { recent } = process;
    recent.add(call);
    if (recent.isTouched) return;
    recent.isTouched = true;
    this.#withNewCalls.push(process);
  }

  /** Behind a batch: nothing that is remembered holds it. */
  keepCalls(): void {
    for (const { recent } of this.#withNewCalls) recent.keep();
    this.#withNewCalls = [];
    for (const task of this.#tasks.values()) if (task.call !== null) keepArguments(task.call);
  }

  start(pid: Tid, ts: number, parent: Process | null, comm: string | null): Process {
    const previous = this.#tasks.get(pid);
    if (previous) this.forget(previous);
    const record: ProcessRecord = {
      id: `${pid}@${ts.toFixed(6)}`,
      pid,
      tgid: pid,
      parent: parent?.record.id ?? null,
      comm: null,
      commHistory: [],
      role: null,
      attached: null,
      fork: null,
      execs: [],
      libraries: [],
      files: [],
      threads: [],
      signals: [],
      exit: null,
      reap: null,
      state: 'running',
      incomplete: [],
    };
    const process = new Process(record, parent, ts);
    if (comm !== null) process.renamed(ts, comm, false);
    const task = new Task(pid, process);
    process.tasks.set(pid, task);
    this.#tasks.set(pid, task);
    process.order = this.processes.length + this.processesLeftOut;
    if (this.processes.length < MAX_PROCESSES) this.processes.push(process);
    else this.processesLeftOut++;
    return process;
  }

  /** A child that was seen before anybody knew whose it is. */
  adopt(process: Process, parent: Process): Process {
    process.parent = parent;
    process.record.parent = parent.record.id;
    process.forgetBeginning();
    return process;
  }

  /** It was no process, but a thread of `owner` that was seen before its clone returned. */
  discard(process: Process, owner: Process): void {
    this.forgetProcess(process);
    const at = this.processes.lastIndexOf(process);
    if (at >= 0) this.processes.splice(at, 1);
    for (const child of this.processes) if (child.parent === process) this.adopt(child, owner);
  }

  /** @param start null where it was running before the trace */
  startThread(process: Process, tid: Tid, start: number | null): Task {
    const previous = this.#tasks.get(tid);
    if (previous) this.forget(previous);
    const task = new Task(tid, process);
    if (process.record.threads.length < MAX_THREADS) {
      task.listed = { tid, start, end: null };
      process.record.threads.push(task.listed);
    } else {
      process.note(`more than ${MAX_THREADS} threads: the later ones are not listed`);
    }
    process.tasks.set(tid, task);
    this.#tasks.set(tid, task);
    return task;
  }

  /** The tid is free for another task. */
  forget(task: Task): void {
    task.process.tasks.delete(task.tid);
    this.forking.delete(task);
    if (this.#tasks.get(task.tid) === task) this.#tasks.delete(task.tid);
  }

  forgetProcess(process: Process): void {
    process.gone = true;
    process.parent?.zombies.delete(process);
    for (const task of [...process.tasks.values()]) this.forget(task);
  }

  /** exec by a thread that is not the first: it takes over the first one's tid (fs/exec.c, de_thread). */
  becomeLeader(task: Task, ts: number): void {
    const { process } = task;
    const leader = process.tasks.get(process.tgid);
    if (leader && leader !== task) {
      leader.call = task.call;
      if (task.listed) task.listed.end ??= ts;
      this.forget(task);
    }
  }

  *living(): Iterable<Process> {
    for (const task of this.#tasks.values()) if (task.tid === task.process.tgid) yield task.process;
  }

  /** Every thread, also the ones of processes that are not in the report. */
  tasks(): Iterable<Task> {
    return this.#tasks.values();
  }

  /** By the number that clone returned to the parent, or the tid. */
  childOf(parent: Process, pid: number): Process | null {
    const process = this.#tasks.get(pid)?.process;
    if (process?.parent === parent && (process.pidInParent ?? pid) === pid && process.tgid === pid)
      return process;
    for (const other of this.living()) {
      if (other.parent === parent && other.pidInParent === pid) return other;
    }
    return process?.tgid === pid ? process : null;
  }
}
