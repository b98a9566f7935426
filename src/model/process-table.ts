/**
 * Who lives: threads by tid, and the process that each belongs to. A tid means the task that has it now; a
 * process is known by tid and start, so that a pid that is used twice gives two records.
 *
 * A record is made for whoever makes an event of its own (a system call, an exec, a fork), never for somebody
 * that others' events name: an unfiltered trace names half the machine.
 */
import type { Tid, TraceEvent } from '../trace-event';
import { keepArguments, type PendingCall } from './pending-call';
import { BEGINS_BEFORE, Process, Task } from './process';
import type { ProcessRecord } from './report';

/** Records kept for the report: beyond these, a fork bomb is counted and not kept. */
const MAX_PROCESSES = 50_000;
export const MAX_THREADS = 10_000;

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

  /** After a batch: nothing that is remembered holds it. */
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
    process.waiter = parent;
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

  /** @param tracer null where nobody traces it any more */
  traces(tracer: Process['tracer'], tracee: Process): void {
    const before = tracee.tracer;
    if (typeof before === 'number') this.find(before)?.process.tracees.delete(tracee);
    tracee.tracer = tracer;
    if (typeof tracer === 'number') this.find(tracer)?.process.tracees.add(tracee);
  }

  forgetProcess(process: Process): void {
    process.gone = true;
    if (typeof process.tracer === 'number') this.find(process.tracer)?.process.tracees.delete(process);
    process.waiter?.zombies.delete(process);
    for (const task of [...process.tasks.values()]) this.forget(task);
  }

  /** exec by a thread that is not the first: it takes over the first one's tid (fs/exec.c, de_thread). */
  becomeLeader(task: Task, ts: number): void {
    const { process } = task;
    const leader = process.tasks.get(process.tgid);
    if (leader && leader !== task) {
      leader.call = task.call;
      leader.handlers = [];
      leader.interrupted = null;
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

  /** The task that this process means by a number: in a pid namespace that is not the tid. */
  findLocal({ pidNamespace }: Process, tid: Tid): Task | null {
    if (pidNamespace === null) return this.find(tid);
    if (tid === 1) return this.find(pidNamespace.tgid);
    for (const task of this.#tasks.values())
      if (
        task.localTid === tid &&
        task.process.pidNamespace === pidNamespace &&
        task.process !== pidNamespace
      )
        return task;
    return null;
  }

  /** By the number that clone returned to the parent, or the tid. */
  childOf(parent: Process, pid: number): Process | null {
    const process = this.#tasks.get(pid)?.process;
    if (process?.parent === parent && (process.pidInParent ?? pid) === pid && process.tgid === pid)
      return process;
    let orphan: Process | null = null;
    for (const other of this.living()) {
      if (other.pidInParent !== pid) continue;
      if (other.parent === parent) return other;
      // In a pid namespace its first process waits for orphans, by the number that their own parents knew.
      if (isOrphanOf(other, parent)) orphan ??= other;
    }
    if (orphan !== null && orphan.tgid !== pid) return orphan;
    return process?.tgid === pid ? process : null;
  }
}

/** It is dead, and its parent died first: its number means the same process to whoever is in its namespace. */
function isOrphanOf({ parent, waiter, ending, pidNamespace }: Process, heir: Process): boolean {
  if (parent === null || ending.dead === null || pidNamespace !== heir.pidNamespace) return false;
  return waiter === null || waiter === heir || waiter.gone || waiter.ending.settled;
}
