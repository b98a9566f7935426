/**
 * Who everybody on the machine is: a table of all threads and processes, kept by the events of the unfiltered instance in
 * order of time. A signal's sender is looked up in it when its event passes, so it is named as it was then: also one
 * that is gone by the time that somebody looks into /proc (`kill`, `timeout`), and one that has become another program.
 *
 * It begins with what /proc lists when the recording begins. task_newtask is the fork (kernel/fork.c, copy_process; in the
 * context of who forks), task_rename and sched_process_exec an exec (fs/exec.c; the name comes first), and a tid is free
 * from sched_process_free on, until when a dying task may still send signals.
 */
import type { RingEvent } from '../readers/pages/ring-event';
import type { Tid } from '../trace-event';
import { listProcesses, statOf, threadsOf } from './proc-state';

/** Of more threads at a time, those that are made later are not known: their signals' senders are asked about in /proc. */
const MAX_THREADS = 100_000;
/** A chain of parents is some ten long. */
const MAX_ANCESTORS = 32;
/** Daemons whose parents are gone one after the other must not hold all of them for ever. */
const MAX_GONE_ANCESTORS = 8;

const CLONE_THREAD = 0x10000;

export interface KnownProcess {
  readonly pid: Tid;
  /** Its first thread's name. */
  comm: string | null;
  /** As exec was given it; null where its exec is older than the table. */
  program: string | null;
  /** Who forked it; gone or not. */
  parent: KnownProcess | null;
  /** In clock ticks since boot; null for one that was forked since. */
  readonly startTime: number | null;
  threads: number;
}

interface KnownThread {
  readonly process: KnownProcess;
  /** Null for a thread that is older than the table: only the first thread's name is read. */
  comm: string | null;
  /** Nothing is known of the time before. On the trace clock. */
  readonly since: number;
  exited: boolean;
  /** What was last reported of it as a sender. */
  reported: string | null;
}

/** Who a thread was at one moment. */
export interface Face {
  readonly tid: Tid;
  readonly thread: string | null;
  readonly process: KnownProcess;
  readonly ancestors: readonly { readonly pid: Tid; readonly comm: string | null }[];
}

export class TaskHistory {
  readonly events = [
    'task_newtask',
    'task_rename',
    'sched_process_exec',
    'sched_process_exit',
    'sched_process_free',
  ] as const;
  readonly #threads = new Map<Tid, KnownThread>();

  readonly now: () => number;

  /** @param now seconds on the trace clock */
  constructor(now: () => number) {
    this.now = now;
  }

  get size(): number {
    return this.#threads.size;
  }

  /**
   * Reads who is there. Call it when the events are recorded already: those that come from before the read tell the same
   * once more. After lost events it begins anew.
   */
  begin(): void {
    this.#threads.clear();
    const parents = new Map<KnownProcess, Tid>();
    const since = this.now();
    for (const pid of listProcesses()) {
      const stat = statOf(pid);
      if (stat === null) continue;
      const { comm, startTime } = stat;
      const process: KnownProcess = { pid, comm, program: null, parent: null, startTime, threads: 0 };
      this.#add(pid, process, comm, since);
      parents.set(process, stat.ppid);
      if (stat.threads > 1)
        for (const tid of threadsOf(pid)) if (tid !== pid) this.#add(tid, process, null, since);
    }
    for (const [process, ppid] of parents) process.parent = this.#threads.get(ppid)?.process ?? null;
  }

  #add(tid: Tid, process: KnownProcess, comm: string | null, since: number): void {
    if (this.#threads.size >= MAX_THREADS && !this.#threads.has(tid)) return;
    process.threads++;
    this.#threads.set(tid, { process, comm, since, exited: false, reported: null });
  }

  /** One of `events` of the unfiltered instance, in order. */
  apply(event: RingEvent): void {
    switch (event.name) {
      case 'task_newtask':
        this.#forked(event);
        break;
      case 'task_rename':
        this.#renamed(event);
        break;
      case 'sched_process_exec':
        this.#executed(event.pid, String(event.field('filename')));
        break;
      case 'sched_process_exit': {
        const thread = this.#threads.get(event.pid);
        if (thread !== undefined) thread.exited = true;
        break;
      }
      case 'sched_process_free':
        this.#freed(Number(event.field('pid')));
        break;
    }
  }

  #forked(event: RingEvent): void {
    const tid = Number(event.field('pid'));
    const comm = String(event.field('comm'));
    const parent = this.#threads.get(event.pid)?.process ?? null;
    if ((Number(event.field('clone_flags')) & CLONE_THREAD) !== 0) {
      if (parent !== null) this.#add(tid, parent, comm, event.ts);
      else this.#threads.delete(tid);
      return;
    }
    const process: KnownProcess = {
      pid: tid,
      comm,
      program: parent?.program ?? null,
      parent,
      startTime: null,
      threads: 0,
    };
    this.#add(tid, process, comm, event.ts);
  }

  /** Up to 6.17 the event says whom; since then only what the name was. */
  #renamed(event: RingEvent): void {
    const pid = event.field('pid');
    const tid = pid === undefined ? event.pid : Number(pid);
    const thread = this.#threads.get(tid);
    if (thread === undefined) return;
    // A thread that writes the name of another one (pthread_setname_np(3)).
    if (pid === undefined && thread.comm !== null && thread.comm !== event.field('oldcomm')) return;
    thread.comm = String(event.field('newcomm'));
    if (tid === thread.process.pid) thread.process.comm = thread.comm;
  }

  #executed(pid: Tid, program: string): void {
    const thread = this.#threads.get(pid);
    if (thread !== undefined) thread.process.program = program;
  }

  #freed(tid: Tid): void {
    const thread = this.#threads.get(tid);
    // Another task may have the tid already: it is free a moment before the event.
    if (thread === undefined || !thread.exited) return;
    this.#threads.delete(tid);
    const { process } = thread;
    if (--process.threads > 0) return;
    let gone = 0;
    for (let next: KnownProcess | null = process; next !== null; next = next.parent) {
      if (next.threads > 0) break;
      if (++gone === MAX_GONE_ANCESTORS) next.parent = null;
    }
  }

  /** Who this thread was; null where that is not known. */
  at(tid: Tid, ts: number): Face | null {
    const thread = this.#threads.get(tid);
    if (thread === undefined || thread.since > ts) return null;
    const { process } = thread;
    const ancestors: { pid: Tid; comm: string | null }[] = [];
    for (let next = process.parent; next !== null && ancestors.length < MAX_ANCESTORS; next = next.parent)
      ancestors.push({ pid: next.pid, comm: next.comm });
    return { tid, thread: thread.comm, process, ancestors };
  }

  /** Whether this was not reported yet of the sender; it is from now on. */
  isNews({ tid, thread, process }: Face): boolean {
    const known = this.#threads.get(tid);
    if (known === undefined) return false;
    const report = `${thread ?? ''}\0${process.comm ?? ''}\0${process.program ?? ''}`;
    if (known.reported === report) return false;
    known.reported = report;
    return true;
  }
}
