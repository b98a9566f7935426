/**
 * Whom a session asks /proc about, and when: programs of the tree after their exec, and who sends or gets a signal, when
 * the signal is seen. Once for each process, and again where it has become another program or another process. A
 * handful of small files each, and so many for one batch. Who is gone by then is known by the table of all tasks.
 */
import type { Tid } from '../trace-event';
import {
  identityOfFace,
  readIdentity,
  type IdentityQuestion,
  type KnownStats,
  type WhoNote,
} from './proc-identity';
import { programOf, statOf } from './proc-state';
import type { Face, TaskHistory } from './task-history';
import { UserNames } from './user-names';

/** So many are read for one batch: each costs about a tenth of a millisecond. */
const READ_A_BATCH = 32;
/** Processes outside of the tree that sent something and live; further ones are asked about each time. */
const MAX_OUTSIDERS = 10_000;

/** By what a thread is known again: cheaper than reading all of it. */
interface Look {
  readonly startTime: number;
  readonly comm: string;
  readonly exe: string | null;
  readonly isZombie: boolean;
}

export class IdentityReader {
  readonly #users = new UserNames();
  /** Of the tree, by thread: those that were read since their last exec. */
  readonly #tree = new Set<Tid>();
  /** Executed, and to be read after the batch; with the time of the exec. */
  readonly #executed = new Map<Tid, number>();
  /** Outside of the tree; null for one that was gone before it could be read. */
  readonly #outsiders = new Map<Tid, Look | null>();
  /** Outside, and looked at for this batch already. */
  readonly #seen = new Set<Tid>();
  readonly #stats: KnownStats = new Map();
  #saved: ReadonlyMap<Tid, string> | null = null;
  #notes: WhoNote[] = [];
  #left = READ_A_BATCH;

  readonly now: () => number;
  readonly savedNames: () => ReadonlyMap<Tid, string>;
  readonly #history: TaskHistory | null;

  /**
   * @param now seconds on the trace clock
   * @param savedNames what the kernel has noted of the names of tasks at their last traced events (saved_cmdlines)
   * @param history null where it is not recorded
   */
  constructor(
    now: () => number,
    savedNames: () => ReadonlyMap<Tid, string>,
    history: TaskHistory | null = null,
  ) {
    this.now = now;
    this.savedNames = savedNames;
    this.#history = history;
  }

  /** Reads one at once, before the trace goes on. */
  begin(pid: Tid): void {
    this.#read(pid, this.now());
    this.#tree.add(pid);
  }

  /** It became a program at this time. */
  executed(pid: Tid, ts: number): void {
    // To the end: who waits since an earlier batch goes first.
    this.#executed.delete(pid);
    this.#executed.set(pid, ts);
  }

  /** One of the tree sent or got a signal. It may never call exec, or may have done so a moment ago. */
  signalled(tid: Tid, ts: number): void {
    if (this.#tree.has(tid) || this.#executed.has(tid) || this.#left === 0) return;
    this.#tree.add(tid);
    this.#left--;
    this.#read(tid, ts);
  }

  /** Somebody outside of the tree sent a signal to it. What is read for the first of a batch holds for its others. */
  sentFromOutside(tid: Tid, ts: number): void {
    const face = this.#history?.at(tid, ts) ?? null;
    if (face !== null) {
      this.#sentBy(face, ts);
      return;
    }
    if (this.#left === 0 || this.#seen.has(tid)) return;
    this.#seen.add(tid);
    this.#left--;
    const known = this.#outsiders.get(tid);
    const look = lookAt(tid);
    if (known && look && isSame(known, look)) return;
    const note = this.#read(tid, ts, true);
    // One that is in doubt is read again.
    if (this.#outsiders.size < MAX_OUTSIDERS || known !== undefined)
      this.#outsiders.set(tid, note === null || note.comm !== look?.comm ? null : look);
  }

  #sentBy(face: Face, ts: number): void {
    if (this.#history?.isNews(face) !== true) return;
    const question = this.#question(face.tid, ts);
    const read = this.#left > 0 ? readIdentity(question) : null;
    if (this.#left > 0) this.#left--;
    const isSame = read !== null && read.tgid === face.process.pid && startsAt(face, read.startTime);
    this.#notes.push(identityOfFace(face, isSame ? read : null, question));
    if (this.#outsiders.size < MAX_OUTSIDERS) this.#outsiders.set(face.tid, null);
  }

  /**
   * The pid may be given to another from now on.
   * @returns whether it had sent something from outside: then the trace is to tell that it is gone
   */
  freed(tid: Tid): boolean {
    this.#tree.delete(tid);
    this.#executed.delete(tid);
    this.#seen.delete(tid);
    return this.#outsiders.delete(tid);
  }

  /** What was read since the last call, and now of those that became programs. */
  takeNotes(): WhoNote[] {
    for (const [pid, ts] of this.#executed) {
      if (this.#left === 0) break;
      this.#left--;
      this.#executed.delete(pid);
      this.#tree.add(pid);
      this.#read(pid, ts);
    }
    const notes = this.#notes;
    this.#notes = [];
    this.#left = READ_A_BATCH;
    this.#seen.clear();
    this.#stats.clear();
    this.#saved = null;
    return notes;
  }

  /** @param untraced whose exec no event tells */
  #read(tid: Tid, since: number, untraced = false): WhoNote | null {
    const read = readIdentity(this.#question(tid, since));
    const note = read !== null && untraced ? this.#asThen(read) : read;
    if (note !== null) this.#notes.push(note);
    return note;
  }

  #question(tid: Tid, since: number): IdentityQuestion {
    return { tid, since, now: this.now, users: this.#users, stats: this.#stats };
  }

  /**
   * `sh -c 'kill 1; sleep 9'` is sleep by the time that somebody looks. The kernel saves a task's name when it is next
   * switched after a traced event (kernel/trace/trace_sched_switch.c): another name there, and the program that is there
   * now is not known to be the one that sent the signal. All else stays as it was across an exec.
   */
  #asThen(note: WhoNote): WhoNote {
    this.#saved ??= this.savedNames();
    const saved = this.#saved.get(note.pid);
    return saved === undefined || saved === note.comm ? note : { ...note, comm: saved, exe: null };
  }
}

/** Of a process that was forked since the recording began, the table does not know it. */
function startsAt({ process }: Face, startTime: number | null): boolean {
  return process.startTime === null || process.startTime === startTime;
}

function lookAt(tid: Tid): Look | null {
  const stat = statOf(tid);
  if (stat === null) return null;
  const { startTime, comm, state } = stat;
  return { startTime, comm, exe: programOf(tid), isZombie: state === 'Z' };
}

/** Not another process, nor another program under the same pid. A zombie has no program any more. */
function isSame(before: Look, now: Look): boolean {
  if (before.startTime !== now.startTime || before.comm !== now.comm) return false;
  return now.isZombie || before.exe === now.exe;
}
