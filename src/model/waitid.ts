/**
 * Whom a waitid reaped. It returns 0, and who it was is in its siginfo, which no trace shows. It follows from what was asked for,
 * or from the kernel's order: a wait for any child takes the first of its list that has ended (kernel/exit.c, do_wait), the
 * children of the thread that waits before those of its other threads.
 */
import type { Tid } from '../trace-event';
import { inOrderOfChildren } from './end-notices';
import { int32 } from './field-values';
import { argument, type PendingCall } from './pending-call';
import type { Process, Task, UnnamedWait } from './process';
import type { ProcessTable } from './process-table';

const WNOHANG = 1;
const WUNTRACED = 2;
const WEXITED = 4;
const WCONTINUED = 8;
const WNOWAIT = 0x1000000;
const P_ALL = 0;
const P_PID = 1;
const P_PIDFD = 3;
/** Looked through for each waitid. */
const MAX_SORTED = 1_000;

export interface WaitidResult {
  /** Null where it is not known which. */
  readonly child: Process | null;
  /** It cannot have returned for anything but a child that had ended. */
  readonly isReaping: boolean;
}

/** @returns null where it reaped nobody: it only looked, or asked for stops alone */
export function resultOfWaitid(
  table: ProcessTable,
  task: Task,
  call: PendingCall | null,
  ts: number,
  noticesTraced: boolean,
): WaitidResult | null {
  const bits = int32(argument(call, 'options')) ?? 0;
  if ((bits & WNOWAIT) !== 0 || (call && (bits & WEXITED) === 0)) return null;
  const asksForStops = (bits & (WUNTRACED | WCONTINUED)) !== 0;
  const isNonBlocking = (bits & WNOHANG) !== 0;
  const child = askedFor(table, task, call, ts, asksForStops);
  const seen = child && visibleSince(child);
  // With WNOHANG 0 may mean nothing at all, and what ended during the call may have come too late for it.
  const isNotified =
    child === null || !noticesTraced || child.exitSignal === 0 || child.ending.notifiedAt !== null;
  const isInTime = !isNonBlocking || (isNotified && seen !== null && call !== null && seen <= call.ts);
  const isReaping = call !== null && !asksForStops && (!isNonBlocking || child !== null) && isInTime;
  return { child: isInTime ? child : null, isReaping };
}

/** Those that a wait must have reaped, because no other is left that it can have found. */
export function* namedByRest(process: Process): Iterable<[Process, UnnamedWait]> {
  // One that was there before the trace may have children that it never showed.
  if (process.record.fork === null) return;
  for (const wait of [...process.waitids]) {
    if (!wait.isReaping) continue;
    const found = [...waitable(process)].filter((zombie) => (visibleSince(zombie) ?? Infinity) <= wait.ts);
    if (found.length === 1) yield [found[0]!, wait];
  }
}

/** The first wait that can have reaped unseen what has been a zombie since then, taken from the list. */
export function takeWaitFor(waiter: Process | null, since: number | null): UnnamedWait | null {
  if (waiter === null || since === null) return null;
  const at = waiter.waitids.findIndex(({ ts }) => ts >= since);
  return at < 0 ? null : (waiter.waitids.splice(at, 1)[0] ?? null);
}

function askedFor(
  table: ProcessTable,
  task: Task,
  call: PendingCall | null,
  ts: number,
  asksForStops: boolean,
): Process | null {
  const { process } = task;
  const asked = int32(argument(call, 'which')) ?? P_ALL;
  const number = int32(argument(call, 'upid'));
  if (asked === P_PID) return number === null ? null : table.childOf(process, number);
  if (asked === P_PIDFD && number !== null) {
    const pid = process.files.get(number)?.pid;
    return pid === undefined ? null : table.childOf(process, pid);
  }
  if (asksForStops && [...table.living()].some((each) => each.waiter === process && each.toldAlive))
    return null;
  const zombies = [...waitable(process)];
  if (zombies.length === 1 && process.waitids.length === 0) return zombies[0]!;
  return asked === P_ALL && call !== null ? firstOf(zombies, task, call.ts, ts) : null;
}

/**
 * The first in the kernel's order that had ended when the call looked: at its beginning, or, where none had ended by then,
 * at some time after the first end woke it. Null where that makes a difference.
 */
function firstOf(zombies: readonly Process[], task: Task, from: number, to: number): Process | null {
  // What an earlier wait took may still be among them.
  if (task.process.waitids.length > 0 || zombies.length > MAX_SORTED) return null;
  const sorted = zombies
    .filter((zombie) => (visibleSince(zombie) ?? -Infinity) <= to)
    .map((zombie) => ({ zombie, lister: listerOf(zombie, task.process) }))
    .sort(
      (one, other) =>
        Number(one.lister !== task.tid) - Number(other.lister !== task.tid) ||
        inOrderOfChildren(one.zombie, other.zombie),
    );
  const [first] = sorted;
  if (first === undefined) return null;
  if (sorted.length === 1) return first.zombie;
  // It may not be a zombie yet.
  if (first.zombie.ending.notified === null && first.zombie.exitSignal === null) return null;
  const earliest = Math.min(...sorted.map(({ zombie }) => visibleSince(zombie) ?? Infinity));
  if ((visibleSince(first.zombie) ?? Infinity) > Math.max(from, earliest)) return null;
  const isOwnChild = first.lister === task.tid;
  if (!isOwnChild && sorted.some(({ lister }) => lister !== first.lister)) return null;
  return first.zombie;
}

/** The thread in whose list of children it is: that of whoever forked it, or of the first thread that lives. */
function listerOf({ record, parent, waiter }: Process, process: Process): Tid {
  const by = parent === process && waiter === process ? record.fork?.by : undefined;
  const lister = by === undefined ? null : process.tasks.get(by);
  return lister?.ended === null ? lister.tid : process.tgid;
}

/** Its zombies, without those that a tracer has to wait for first. */
function* waitable(process: Process): Iterable<Process> {
  for (const zombie of process.zombies) {
    const { notified } = zombie.ending;
    const isTraced = zombie.tracer !== null && notified !== null && !process.tasks.has(notified);
    if (!zombie.gone && !isTraced) yield zombie;
  }
}

/** Since when a wait finds it: its parent is notified in the same moment (kernel/exit.c, exit_notify). */
export function visibleSince({ ending }: Process): number | null {
  return ending.notifiedAt ?? ending.exitTs ?? ending.dead;
}
