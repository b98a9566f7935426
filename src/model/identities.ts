/**
 * Who processes are, from the `who` notes of a trace. A note holds for its pid from the event on for which it was read,
 * until that process is freed or a later note says otherwise: so it does not matter whether the notes come beside their
 * events or all at once, as from a trace.dat.
 */
import { isDeepStrictEqual } from 'node:util';
import { containerOf, unitOf } from '../kernel/cgroup-path';
import { fieldOf, type Tid, type TraceEvent, type TraceNote } from '../trace-event';
import { int32 } from './field-values';
import type { Identity, ProcessRecord } from './report';

type WhoNote = Extract<TraceNote, { kind: 'who' }>;

/** Seconds: text has microseconds, notes have all digits. */
const ROUNDING = 1e-6;
/** What is kept; of more, those that are gone are forgotten first. */
const MAX_KEPT = 50_000;

export interface Known {
  readonly identity: Identity;
  /** The thread's name, and its process. */
  readonly comm: string;
  readonly tgid: Tid;
  /** The process's name; null where nobody said. */
  readonly process: string | null;
}

interface Entry extends Known {
  readonly since: number;
  /** The pid was free from then on. */
  until: number;
}

export class Identities {
  /** By pid, in order of `since`. */
  readonly #entries = new Map<Tid, Entry[]>();
  /** Pids with entries that are gone, in that order. */
  readonly #gone = new Set<Tid>();
  #kept = 0;
  leftOut = 0;

  applyNote(note: WhoNote): void {
    const identity = identityOf(note);
    if (this.#isKnown(note, identity)) return;
    const entry: Entry = {
      identity,
      comm: note.comm,
      tgid: note.tgid,
      process: note.process ?? (note.pid === note.tgid ? note.comm : null),
      since: note.since,
      until: Infinity,
    };
    this.#add(note.pid, entry);
    if (note.tgid !== note.pid) this.#add(note.tgid, entry);
  }

  /** The same process was the same before: there is nothing new in it. */
  #isKnown(note: WhoNote, identity: Identity): boolean {
    const last = this.#entries.get(note.pid)?.at(-1);
    if (last?.until !== Infinity || last.since > note.since || last.comm !== note.comm) return false;
    return isDeepStrictEqual({ ...last.identity, since: 0 }, { ...identity, since: 0 });
  }

  /** Who had this pid. */
  at(pid: Tid, ts: number): Known | null {
    const last = this.#entries.get(pid)?.findLast(({ since }) => since <= ts + ROUNDING);
    return last && ts <= last.until + ROUNDING ? last : null;
  }

  /** Who a process of the report was. */
  of(record: ProcessRecord, ts: number): Identity | null {
    const all = this.#allOf(record, ts);
    return all.findLast(({ since = -Infinity }) => since <= ts + ROUNDING) ?? null;
  }

  /** sched_process_free: what is known of this pid is of nobody any more. */
  freed(event: TraceEvent): void {
    if (this.#entries.size === 0) return;
    const pid = int32(fieldOf(event, 'pid'));
    if (pid === null) return;
    for (const entry of this.#entries.get(pid) ?? []) {
      if (entry.since <= event.ts + ROUNDING && entry.until === Infinity) {
        entry.until = event.ts;
        this.#gone.add(pid);
      }
    }
  }

  /**
   * The record gets who it was in its time: the last, and before it what it was until an exec or so.
   * @param gone when it had gone, where its exit is not known; Infinity for one that lives
   */
  complete(record: ProcessRecord, gone = Infinity): void {
    const all = this.#allOf(record, record.exit?.ts ?? gone);
    const last = all.pop();
    if (last === undefined) return;
    record.identity = last;
    if (all.length > 0) record.earlierIdentities = all;
  }

  /** In order, of those that had the pid from the process's birth on and not only until a time before `ts`. */
  #allOf({ pid, fork, execs }: ProcessRecord, ts: number): Identity[] {
    const from = (fork?.ts ?? -Infinity) - ROUNDING;
    const own = (this.#entries.get(pid) ?? []).filter(
      ({ since, until }) => since >= from && since <= ts + ROUNDING && until + ROUNDING >= ts,
    );
    return own.flatMap(({ identity, since }, index) => {
      const next = own[index + 1]?.since ?? Infinity;
      const unread = execs.find(
        (exec) => exec.error === null && exec.ts > since + ROUNDING && exec.ts < next - ROUNDING,
      );
      // It became another program, and nobody read which before it was gone: the rest is still true.
      return unread === undefined ? [identity] : [identity, { ...identity, exe: null, since: unread.ts }];
    });
  }

  #add(pid: Tid, entry: Entry): void {
    if (this.#kept >= MAX_KEPT && !this.#forgetOne()) {
      this.leftOut++;
      return;
    }
    this.#kept++;
    const entries = this.#entries.get(pid);
    if (entries === undefined) {
      this.#entries.set(pid, [entry]);
      return;
    }
    const at = entries.findLastIndex(({ since }) => since <= entry.since);
    entries.splice(at + 1, 0, entry);
  }

  #forgetOne(): boolean {
    for (const pid of this.#gone) {
      this.#gone.delete(pid);
      const entries = this.#entries.get(pid) ?? [];
      const living = entries.filter(({ until }) => until === Infinity);
      this.#kept -= entries.length - living.length;
      if (living.length > 0) this.#entries.set(pid, living);
      else this.#entries.delete(pid);
      if (living.length < entries.length) return true;
    }
    return false;
  }
}

function identityOf(note: WhoNote): Identity {
  const { exe, uid, user, ppid, cgroup, startTime, ancestors, since } = note;
  return {
    exe,
    uid,
    user,
    ppid,
    cgroup,
    unit: cgroup === null ? null : unitOf(cgroup),
    container: cgroup === null ? null : containerOf(cgroup),
    startTime,
    ancestors: ancestors.map(({ pid, comm }) => ({ pid, comm })),
    ...(note.tty === undefined ? {} : { tty: note.tty }),
    ...(note.session === undefined ? {} : { session: note.session }),
    ...(note.inheritedFrom === undefined ? {} : { inheritedFrom: note.inheritedFrom }),
    since,
  };
}
