/**
 * Who a process is, read from /proc while it is there: a `who` note. It is read a moment after the event for which it
 * is wanted, so it must be shown that the pid is still the same process's: its start must not be later than the event.
 */
import { readFileSync } from 'node:fs';
import { TICKS_A_SECOND, type ProcStat } from '../kernel/proc-stat';
import { terminalName } from '../kernel/terminal';
import type { Tid, TraceNote } from '../trace-event';
import { cgroupPathOf, commOf, ownerOf, programOf, statOf } from './proc-state';
import type { Face, KnownProcess } from './task-history';
import type { UserNames } from './user-names';

export type WhoNote = Extract<TraceNote, { kind: 'who' }>;

/** A chain of parents is some ten long. */
const MAX_ANCESTORS = 32;
/** Start and uptime are both cut to a tick. */
const START_TOLERANCE = 1 / TICKS_A_SECOND;

/** What was read of a process's parents, so that brothers and sisters do not read it again. */
export type KnownStats = Map<Tid, ProcStat | null>;

export interface IdentityQuestion {
  /** The thread that the event names. */
  readonly tid: Tid;
  /** The event's time, on the trace clock. */
  readonly since: number;
  readonly now: () => number;
  readonly users: UserNames;
  readonly stats: KnownStats;
}

/**
 * Five small files, and one for each parent.
 * @returns null where the process is gone, or the pid is another's by now
 */
export function readIdentity({ tid, since, now, users, stats }: IdentityQuestion): WhoNote | null {
  const ts = now();
  const owner = ownerOf(tid);
  const comm = commOf(tid);
  if (owner === null || comm === null) return null;
  const stat = statOf(owner.tgid);
  if (stat === null || startedAfter(stat, since, ts)) return null;
  const note: WhoNote = {
    kind: 'who',
    pid: tid,
    tgid: owner.tgid,
    ts,
    since: Math.min(since, ts),
    comm,
    exe: programOf(owner.tgid),
    uid: owner.uid,
    user: users.of(owner.uid),
    ppid: stat.ppid,
    cgroup: cgroupPathOf(owner.tgid),
    startTime: stat.startTime,
    ancestors: ancestorsOf(stat.ppid, stats),
    process: stat.comm,
    tty: terminalName(stat.tty),
    session: stat.session > 0 ? stat.session : null,
  };
  // What was read belongs together only where it was one process all the time.
  return statOf(owner.tgid)?.startTime === stat.startTime ? note : null;
}

/**
 * Who a sender was, from the table of all tasks and from /proc. The names, and the chain of parents, are the table's: of
 * that moment. /proc, read a little later, adds what an exec does not change, and the program where it is still the same.
 * @param read what /proc said; null where the process was gone
 */
export function identityOfFace(face: Face, read: WhoNote | null, question: IdentityQuestion): WhoNote {
  const { process, ancestors } = face;
  const { since } = question;
  const comm = face.thread ?? read?.comm ?? process.comm ?? '';
  const given = process.program;
  const names = { comm, process: process.comm, ancestors };
  if (read !== null)
    return { ...read, ...names, exe: (read.comm === comm ? read.exe : null) ?? absolute(given) };
  const inherited = inheritedBy(face, question.users);
  return {
    kind: 'who',
    pid: face.tid,
    tgid: process.pid,
    ts: since,
    since,
    exe: absolute(given),
    uid: inherited?.uid ?? null,
    user: inherited?.user ?? null,
    ppid: ancestors[0]?.pid ?? null,
    cgroup: inherited?.cgroup ?? null,
    startTime: process.startTime,
    ...names,
    tty: inherited?.tty ?? null,
    session: inherited?.session ?? null,
    ...(inherited === null ? {} : { inheritedFrom: inherited.from }),
  };
}

/** From which directory a relative name was meant, nobody knows any more. */
function absolute(program: string | null): string | null {
  return program?.startsWith('/') === true ? program : null;
}

interface Inherited extends Pick<WhoNote, 'uid' | 'user' | 'cgroup' | 'tty' | 'session'> {
  readonly from: Tid;
}

/**
 * What a forked process has from its parent, read from the nearest ancestor that is still there. A manager of services
 * gives its children another user, cgroup and session before it runs their program: of those nothing is known.
 */
function inheritedBy({ process }: Face, users: UserNames): Inherited | null {
  for (let next = process.parent; next !== null && !isManager(next); next = next.parent) {
    const stat = next.threads > 0 ? statOf(next.pid) : null;
    const owner = stat === null ? null : ownerOf(next.pid);
    if (stat === null || owner === null) continue;
    if (next.startTime !== null && next.startTime !== stat.startTime) continue;
    return {
      from: next.pid,
      uid: owner.uid,
      user: users.of(owner.uid),
      cgroup: cgroupPathOf(next.pid),
      tty: terminalName(stat.tty),
      session: stat.session > 0 ? stat.session : null,
    };
  }
  return null;
}

function isManager({ pid, comm }: KnownProcess): boolean {
  return pid === 1 || comm === 'systemd';
}

/** Whether it began after the event: then it was not there. `now` and `since` on the trace clock. */
function startedAfter(stat: ProcStat, since: number, now: number): boolean {
  const uptime = uptimeSeconds();
  if (uptime === null) return false;
  const age = uptime - stat.startTime / TICKS_A_SECOND;
  return now - age > since + 2 * START_TOLERANCE;
}

/** Seconds since boot, those asleep too: the clock of start times. */
function uptimeSeconds(): number | null {
  try {
    const seconds = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    return Number.isFinite(seconds) ? seconds : null;
  } catch {
    return null;
  }
}

/** From the parent up: the first process of the machine has none, and in a pid namespace the first one's is 0. */
function ancestorsOf(parent: Tid, stats: KnownStats): WhoNote['ancestors'] {
  const ancestors: { pid: Tid; comm: string | null }[] = [];
  let pid = parent;
  while (pid > 0 && ancestors.length < MAX_ANCESTORS) {
    let stat = stats.get(pid);
    if (stat === undefined) stats.set(pid, (stat = statOf(pid)));
    ancestors.push({ pid, comm: stat?.comm ?? null });
    if (stat === null || ancestors.some((known) => known.pid === stat.ppid)) break;
    pid = stat.ppid;
  }
  return ancestors;
}
