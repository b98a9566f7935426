/**
 * All processes of the machine, kept by the events of an unfiltered instance: who forked whom, which program each runs, in
 * which cgroup and as which user, and which service it is of. It begins with what /proc lists.
 *
 * Cgroup and user are in no event: they are a fork's inheritance, and are read from /proc after an exec, by when a manager
 * of services has set both. What ends before that keeps what it inherited.
 */
import type { RingEvent } from '../readers/pages/ring-event';
import { cgroupPathOf, listProcesses, ownerOf, programOf } from '../session/proc-state';
import { TaskHistory, type Face, type KnownProcess } from '../session/task-history';
import { TICKS_A_SECOND } from '../kernel/proc-stat';
import type { Tid } from '../trace-event';
import type { HostProcess, Membership } from './host-process';
import type { Match, Selection } from './selection';
import { Services } from './services';

const CLONE_THREAD = 0x10000;
/** Of a process that became a program two small files and a link are read: about 40 µs. */
const READ_A_LOOK = 200;
/** Programs that wait to be read; what is forgotten keeps what it inherited. */
const MAX_UNREAD = 10_000;
/** A chain of parents is some ten long. */
const MAX_ANCESTORS = 32;
/** One of each thread. The table of names has the same limit. */
const MAX_PROCESSES = 100_000;

export interface TableListener {
  /** A service has a new main process. */
  readonly started: (process: HostProcess, ts: number) => void;
  /** It ended while events were lost: nobody knows how. */
  readonly vanished: (process: HostProcess, ts: number) => void;
}

export class HostTable {
  readonly services = new Services();
  leftOut = 0;
  readonly #processes = new Map<Tid, HostProcess>();
  readonly #history: TaskHistory;
  readonly #unread = new Set<HostProcess>();
  readonly #selection: Selection;
  readonly #listener: TableListener;
  readonly #now: () => number;

  /** @param now seconds on the trace clock */
  constructor(selection: Selection, now: () => number, listener: TableListener) {
    this.#selection = selection;
    this.#now = now;
    this.#listener = listener;
    this.#history = new TaskHistory(now);
  }

  get size(): number {
    return this.#processes.size;
  }

  get watched(): number {
    let count = 0;
    for (const { membership } of this.#processes.values()) if (membership !== null) count++;
    return count;
  }

  /**
   * Reads who is there, when the events are recorded already; after lost events again. Who is still there stays who it
   * was, who is gone has vanished.
   */
  begin(): void {
    const before = new Map(this.#processes);
    this.#processes.clear();
    this.#unread.clear();
    this.#history.begin();
    for (const pid of listProcesses()) {
      const face = this.#history.at(pid, this.#now());
      if (face?.process.pid !== pid) continue;
      const known = before.get(pid);
      if (known !== undefined && isSame(known, face.process)) {
        before.delete(pid);
        known.known = face.process;
        known.living = face.process.threads;
        this.#processes.set(pid, known);
      } else this.#addFromProc(face.process);
    }
    const ts = this.#now();
    for (const process of before.values()) this.#listener.vanished(process, ts);
    // A parent is of its service before its children ask.
    const byAge = [...this.#processes.values()].sort(
      (a, b) => (a.known.startTime ?? Infinity) - (b.known.startTime ?? Infinity),
    );
    for (const process of byAge) this.#choose(process, ts, false);
  }

  #addFromProc(known: KnownProcess): void {
    const process = this.#add(known, {
      id: `${known.pid}@${((known.startTime ?? 0) / TICKS_A_SECOND).toFixed(2)}`,
      since: this.#now(),
      executed: true,
      parent: null,
    });
    if (process !== null) this.#readProc(process);
  }

  #add(
    known: KnownProcess,
    given: Pick<HostProcess, 'id' | 'since' | 'executed'> & { readonly parent: HostProcess | null },
  ): HostProcess | null {
    if (this.#processes.size >= MAX_PROCESSES && !this.#processes.has(known.pid)) {
      this.leftOut++;
      return null;
    }
    const { id, since, executed, parent } = given;
    // A manager of services gives its children another cgroup, and often another user, before it runs their program.
    const inherits = parent !== null && !isManager(parent.known);
    const process: HostProcess = {
      id,
      pid: known.pid,
      known,
      since,
      living: Math.max(1, known.threads),
      executed,
      cgroup: inherits ? parent.cgroup : null,
      uid: inherits ? parent.uid : null,
      exe: parent?.exe ?? null,
      membership: null,
      wasSignalled: false,
      queue: null,
      fatal: null,
      childCode: null,
      oomVictim: false,
      exitTs: null,
      isTold: false,
    };
    this.#processes.set(known.pid, process);
    return process;
  }

  /** The process that a thread is of. */
  of(tid: Tid, ts: number): { readonly process: HostProcess; readonly face: Face } | null {
    const face = this.#history.at(tid, ts);
    if (face === null) return null;
    const process = this.#processes.get(face.process.pid);
    return process?.known === face.process ? { process, face } : null;
  }

  /** From its parent up. */
  ancestorsOf({ known }: HostProcess): { pid: Tid; comm: string | null }[] {
    const ancestors: { pid: Tid; comm: string | null }[] = [];
    for (let next = known.parent; next !== null && ancestors.length < MAX_ANCESTORS; next = next.parent)
      ancestors.push({ pid: next.pid, comm: next.comm });
    return ancestors;
  }

  forked(event: RingEvent): void {
    const parent = this.of(event.pid, event.ts)?.process ?? null;
    this.#history.apply(event);
    const pid = Number(event.field('pid'));
    if ((Number(event.field('clone_flags')) & CLONE_THREAD) !== 0) {
      if (parent !== null && event.ts > parent.since) parent.living++;
      return;
    }
    const known = this.#history.at(pid, event.ts)?.process;
    if (known === undefined) return;
    const there = this.#processes.get(pid);
    // It was forked while /proc was read, and was found there.
    if (there !== undefined && there.exitTs === null && there.since > event.ts) {
      there.known = known;
      return;
    }
    const process = this.#add(known, {
      id: `${pid}@${event.ts.toFixed(6)}`,
      since: event.ts,
      executed: false,
      parent,
    });
    if (process === null) return;
    process.membership = parent?.membership ?? null;
    if (this.#selection.asksForParents) this.#choose(process, event.ts, true);
  }

  renamed(event: RingEvent): void {
    this.#history.apply(event);
    const found = this.of(event.pid, event.ts);
    if (found === null || found.face.tid !== found.process.pid) return;
    // An exec renames first and says afterwards which program it is: until then the one before would match.
    if (found.process.membership === null) this.#choose(found.process, event.ts, true);
  }

  executed(event: RingEvent): void {
    this.#history.apply(event);
    const process = this.of(event.pid, event.ts)?.process;
    if (process === undefined || event.ts < process.since) return;
    const { program } = process.known;
    process.exe = program?.startsWith('/') === true ? program : null;
    process.executed = true;
    // Of several threads an exec leaves one.
    process.living = 1;
    if (this.#unread.size < MAX_UNREAD) this.#unread.add(process);
    this.#choose(process, event.ts, true);
  }

  /** @returns the process whose last thread this was; null where others live */
  exited(event: RingEvent): HostProcess | null {
    const process = this.of(event.pid, event.ts)?.process ?? null;
    this.#history.apply(event);
    if (process === null || event.ts < process.since) return null;
    process.living--;
    if (process.living > 0 || process.exitTs !== null) return null;
    process.exitTs = event.ts;
    return process;
  }

  /** @returns the process that is gone for good: its pid is free; null for a thread */
  freed(event: RingEvent): HostProcess | null {
    const tid = Number(event.field('pid'));
    const process = this.#processes.get(tid);
    this.#history.apply(event);
    // Another process may have the pid already: it is free a moment before the event.
    if (process === undefined || this.#history.at(tid, event.ts)?.process === process.known) return null;
    if (process.exitTs === null && process.since > event.ts) return null;
    this.#processes.delete(tid);
    this.#unread.delete(process);
    return process;
  }

  /** It was moved to another cgroup (kernel/cgroup/cgroup.c). */
  movedTo(event: RingEvent): void {
    const process = this.of(Number(event.field('pid')), event.ts)?.process;
    const path = event.field('dst_path');
    if (process === undefined || typeof path !== 'string' || path === '') return;
    // The hierarchy of version 2 has the number 0; where it is not in use, /proc says which one counts.
    if (Number(event.field('dst_root')) === 0 && path !== '/') process.cgroup = path;
    else if (this.#unread.size < MAX_UNREAD) this.#unread.add(process);
    this.#choose(process, event.ts, true);
  }

  /** What /proc says of those that became programs. Call it after each batch. */
  readUnread(): void {
    let left = READ_A_LOOK;
    const ts = this.#now();
    for (const process of this.#unread) {
      if (process.exitTs !== null) {
        this.#unread.delete(process);
        continue;
      }
      if (left-- === 0) break;
      this.#unread.delete(process);
      if (this.#readProc(process)) this.#choose(process, ts, true);
    }
    for (const pid of this.#selection.readPidFiles()) {
      const process = this.#processes.get(pid);
      if (process !== undefined) this.#choose(process, ts, true);
    }
  }

  /** @returns whether something is known by it */
  #readProc(process: HostProcess): boolean {
    const owner = ownerOf(process.pid);
    if (owner === null) return false;
    process.uid = owner.uid;
    process.cgroup = cgroupPathOf(process.pid) ?? process.cgroup;
    process.exe = programOf(process.pid) ?? process.exe;
    return true;
  }

  /**
   * Puts it into the service that it is of.
   * @param isNew it came to match just now: a service that it begins is reported
   */
  #choose(process: HostProcess, ts: number, isNew: boolean): void {
    if (process.exitTs !== null) return;
    const match = this.#selection.match(process);
    const { membership } = process;
    if (match === null) {
      if (membership !== null && this.#selection.isExcluded(process)) this.#leave(process, ts);
      // What is of a service stays of it, whatever it runs: a script that becomes its program, and all that it forks.
    } else if (!isOf(membership, match)) {
      const joined = this.#memberAbove(process, match);
      if (membership?.main === process) this.#leave(process, ts);
      const { selector, name } = match;
      process.membership = joined ?? { selector, name, main: process, life: null };
    }
    this.#beginService(process, ts, isNew);
  }

  #beginService(process: HostProcess, ts: number, isNew: boolean): void {
    const { membership } = process;
    if (membership?.main !== process || membership.life !== null || !process.executed) return;
    this.services.begin(membership);
    if (isNew && membership.name !== null) this.#listener.started(process, ts);
  }

  /** The nearest living ancestor that is of the same service. */
  #memberAbove(process: HostProcess, match: Match): Membership | null {
    for (let next = process.known.parent; next !== null; next = next.parent) {
      const parent = this.#processes.get(next.pid);
      if (parent?.known !== next || parent.exitTs !== null) continue;
      const { membership } = parent;
      if (membership !== null && isOf(membership, match)) return membership;
    }
    return null;
  }

  #leave(process: HostProcess, ts: number): void {
    const { membership } = process;
    process.membership = null;
    if (membership?.main !== process || membership.life === null) return;
    this.services.end(membership, { process: process.id, ts, time: null, signal: null });
  }

  /** Its end is reported: the next process takes its place. A main process that never ran a program begins and ends here. */
  ended(process: HostProcess, ts: number, time: string | null, signal: string | null): void {
    const { membership } = process;
    if (membership?.main !== process) return;
    this.services.end(membership, { process: process.id, ts, time, signal });
  }

  /** A main process that has not run a program yet, of which something is to be reported. */
  settleService(process: HostProcess): void {
    const { membership } = process;
    if (membership !== null && membership.life === null && membership.main === process)
      this.services.begin(membership);
  }
}

/** Whether what matches is of this service already. */
function isOf(membership: Membership | null, { selector, name, isProgram }: Match): boolean {
  return membership?.selector === selector && (isProgram || membership.name === name);
}

function isManager({ pid, comm }: KnownProcess): boolean {
  return pid === 1 || comm === 'systemd';
}

/** After lost events: the same pid is the same process where it did not start later. */
function isSame(process: HostProcess, now: KnownProcess): boolean {
  if (process.exitTs !== null) return false;
  if (process.known.startTime !== null) return process.known.startTime === now.startTime;
  return process.known.comm === now.comm;
}
