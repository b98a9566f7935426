/** Who outlives whom, and who is not waited for. */
import { duration } from '../words/duration';
import { processName } from '../words/process-name';
import { endedBySession } from './own-hand';
import type { ProcessRecord, Report, SignalRecord } from './report';
import { askedBy, fatalSignal, type VerdictFacts } from './death-phrase';
import {
  hasExit,
  isKilled,
  isMain,
  MAX_NAMED,
  processAt,
  titleOf,
  titles,
  type Ended,
} from './tree-subjects';

/** Seconds. Whoever ends sooner after the command, such as the other side of a pipe, has not outlived it. */
const OUTLIVES = 0.1;
/** Seconds. A zombie that nobody waited for is news from here on: a parent that waits does so in microseconds. */
const LONG_ZOMBIE = 1;
/** Seconds. One that was waited for after all: on a busy machine a program may take its time. */
const LATE_WAIT = 5;

/** Who still ran when the command had ended, and the children that a killed process left. */
export function survivors(subjects: readonly ProcessRecord[], { trace }: Report): ProcessRecord[] {
  const roots = subjects.filter(hasExit).filter((process) => isMain(process) || isKilled(process));
  const attachedRuns = subjects.some((process) => isMain(process) && process.exit === null);
  const commandEnds = subjects.filter(hasExit).find(({ role }) => role === 'workload')?.exit.ts ?? null;
  return subjects.filter((process) => {
    const end = process.exit?.ts ?? (process.state === 'running' ? (trace.end ?? Infinity) : null);
    if (end === null || isMain(process)) return false;
    const left = roots.find(({ id }) => id === process.parent);
    const since = attachedRuns ? (left?.exit.ts ?? null) : (commandEnds ?? left?.exit.ts ?? null);
    if (since === null || (process.fork !== null && process.fork.ts > since)) return false;
    return process.state === 'running' || end - since > OUTLIVES;
  });
}

/**
 * `sleep (812) outlives it, adopted by init (1), until it was ended because its session was disarmed`.
 *
 * @param whom null where the one that they outlive is named already
 */
export function survival(
  outlived: readonly ProcessRecord[],
  whom: ProcessRecord | null,
  report: Report,
): string[] {
  if (outlived.length === 0) return [];
  const adopter = onlyOne(outlived.map((process) => adoptiveParent(process, report)));
  const adopted = adopter === null ? '' : `, adopted by ${adopter}`;
  const reason = onlyOne(outlived.map((process) => sessionsReason(process, report)));
  const [verb, were] = outlived.length === 1 ? ['outlives', 'it was'] : ['outlive', 'they were'];
  const until = reason === null ? '' : `, until ${were} ${reason}`;
  return [`${titles(outlived)} ${verb} ${whom === null ? 'it' : titleOf(whom)}${adopted}${until}`];
}

function onlyOne(values: readonly (string | null)[]): string | null {
  return new Set(values).size === 1 ? (values[0] ?? null) : null;
}

/** Why the session itself ended it: `ended by its time limit of 5 s`; null where it did not. */
function sessionsReason(process: ProcessRecord, report: Report): string | null {
  const signal = hasExit(process) ? (fatalSignal(process, report) ?? askedBy(process, report)) : null;
  const control = signal?.sender?.control ?? null;
  return control === null ? null : endedBySession(control);
}

/** Whoever reaped it, where that is not who forked it. */
function adoptiveParent(process: ProcessRecord, report: Report): string | null {
  const { reap } = process;
  if (reap === null) return null;
  const parent = report.processes.find(({ id }) => id === process.parent);
  if (parent === undefined || isOf(parent, reap.by)) return null;
  const reaper = report.processes.find(({ pid }) => pid === reap.by);
  return reap.by === 1 ? 'init (1)' : processName(reaper?.comm ?? null, reap.by);
}

/** `12 zombies of node (10), which did not wait for them, for up to 2.20 s`. */
export function zombies(subjects: readonly ProcessRecord[], report: Report, facts: VerdictFacts): string[] {
  if (!facts.countsSeconds) return [];
  const long: Ended[] = subjects.filter(hasExit).filter((process) => mayBeLong(process, report));
  const childSignals = long.length === 0 ? new Map<number, SignalRecord[]>() : signalsOfEnds(report);
  /** By who was to wait, and whether it did in the end. */
  const byWaiter = new Map<string, Zombie[]>();
  for (const process of long) {
    const zombie = zombieOf(process, childSignals.get(process.pid) ?? [], report);
    // The session's own parent waits for the command alone.
    if (zombie === null || zombie.waiter.role === 'parent') continue;
    if (zombie.age < (zombie.isReaped ? LATE_WAIT : LONG_ZOMBIE)) continue;
    const key = `${zombie.waiter.id} ${zombie.isReaped}`;
    byWaiter.set(key, [...(byWaiter.get(key) ?? []), zombie]);
  }
  return [...byWaiter.values()].slice(0, MAX_NAMED).map((dead) => {
    const [first] = dead;
    const { waiter } = first!;
    const isOne = dead.length === 1;
    const what = isOne ? `${titleOf(first!.process)} was a zombie` : `${dead.length} zombies`;
    const whom = isOne ? 'it' : 'them';
    const isAdopted = dead.every(({ process }) => process.parent !== waiter.id);
    const adopted = isAdopted ? `, which had adopted ${whom} and ` : ', which ';
    const oldest = duration(Math.max(...dead.map(({ age }) => age)));
    return `${what} of ${titleOf(waiter)}${adopted}${waiting(waiter, dead, whom)}, for ${isOne ? '' : 'up to '}${oldest}`;
  });
}

function waiting(waiter: ProcessRecord, dead: readonly Zombie[], whom: string): string {
  if (dead.some(({ isReaped }) => isReaped)) return `waited for ${whom} late`;
  return waiter.exit === null ? `does not wait for ${whom}` : `did not wait for ${whom}`;
}

interface Zombie {
  readonly process: Ended;
  /** Who got its SIGCHLD, and was to wait for it. */
  readonly waiter: ProcessRecord;
  /** Seconds until the waiter waited or ended, or the trace did. */
  readonly age: number;
  readonly isReaped: boolean;
}

function mayBeLong({ exit, reap, state }: Ended, { trace }: Report): boolean {
  // One that went with its adopter: a parent that ignores SIGCHLD gets none (kernel/signal.c, do_notify_parent).
  const wentUnseen = state === 'autoreaped' && reap === null;
  if (state !== 'zombie' && state !== 'reaped' && !wentUnseen) return false;
  return (reap?.ts ?? trace.end ?? exit.ts) - exit.ts >= LONG_ZOMBIE;
}

/** The signals of a process's end, by its pid. */
function signalsOfEnds({ signals }: Report): Map<number, SignalRecord[]> {
  const byPid = new Map<number, SignalRecord[]>();
  for (const record of signals) {
    if (record.signal !== 'SIGCHLD' || record.sender === null) continue;
    const list = byPid.get(record.sender.pid);
    if (list === undefined) byPid.set(record.sender.pid, [record]);
    else list.push(record);
  }
  return byPid;
}

/** Null where nobody of this trace was to wait for it. */
function zombieOf(process: Ended, childSignals: readonly SignalRecord[], report: Report): Zombie | null {
  const { exit, reap } = process;
  const by = childSignals.find(({ ts }) => ts >= exit.ts - OUTLIVES)?.target.tgid ?? reap?.by ?? null;
  const waiter =
    by === null
      ? (report.processes.find(({ id }) => id === process.parent) ?? null)
      : processAt(report, by, exit.ts);
  if (waiter === null) return null;
  const wentUnseen = process.state === 'autoreaped';
  if (wentUnseen && (childSignals.length === 0 || waiter.exit === null || process.parent === waiter.id))
    return null;
  const isReaped = reap !== null && reap.call !== null && isOf(waiter, reap.by);
  const end =
    reap !== null && isOf(waiter, reap.by) ? reap.ts : (waiter.exit?.ts ?? report.trace.end ?? exit.ts);
  return { process, waiter, age: end - exit.ts, isReaped };
}

function isOf({ pid, threads }: ProcessRecord, tid: number): boolean {
  return pid === tid || threads.some((thread) => thread.tid === tid);
}
