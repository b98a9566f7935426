/**
 * What holds of crowds of lives, where no run is like the other: stress-ng's stressors. How many processes
 * end in which way is compared with strace's own run; the rest is what must be consistent within one report.
 */
import type { ProcessRecord, Report, SignalRecord } from '../../src/model/report';
import { readStraceLog } from './strace-log';

/** `exit 0` to the number of processes that ended so. */
export type Ends = Readonly<Record<string, number>>;

function tally(ends: Iterable<string>): Ends {
  const counts = new Map<string, number>();
  for (const end of ends) counts.set(end, (counts.get(end) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Of a log whose processes have no threads. */
export function endsInStraceLog(text: string): Ends {
  const ends = readStraceLog(text).filter((line) => line.kind === 'end');
  return tally(ends.map(({ code, signal }) => signal ?? `exit ${code ?? ''}`));
}

export function endsInReport(report: Report): Ends {
  return tally(crowdOf(report).map(({ exit }) => exit?.signal ?? `exit ${exit?.code ?? 'unknown'}`));
}

function crowdOf(report: Report): ProcessRecord[] {
  return report.processes.filter(({ role }) => role === 'workload' || role === 'descendant');
}

/** What of a report contradicts itself, or is not known although nothing was lost. One line each, at most `most`. */
export function contradictions(report: Report, most = 20): string[] {
  const found: string[] = [];
  const byId = new Map(report.processes.map((record) => [record.id, record]));
  const crowd = crowdOf(report);
  const pids = new Map(crowd.map((record) => [record.pid, record]));
  for (const record of crowd) {
    const signals = record.signals.map((at) => report.signals[at]!);
    const parent = byId.get(record.parent ?? '');
    for (const what of contradictionsOf(record, parent, signals, pids)) found.push(`${record.id} ${what}`);
  }
  return found.slice(0, most);
}

function* contradictionsOf(
  { exit, reap, state, pid }: ProcessRecord,
  parent: ProcessRecord | undefined,
  signals: readonly SignalRecord[],
  pids: ReadonlyMap<number, ProcessRecord>,
): Iterable<string> {
  if (exit === null) {
    yield 'has no end';
    return;
  }
  const fatal = signals.filter((signal) => signal.fatal).map(({ signal }) => signal);
  const expected = exit.signal === null ? [] : [exit.signal];
  if (fatal.join() !== expected.join()) yield `ended by ${expected.join()}, and fatal were ${fatal.join()}`;
  if (parent === undefined) yield 'has no parent in the report';
  // A zombie is reaped, or left to whoever comes after its parent.
  const left = parent?.exit !== null && (parent?.exit?.ts ?? 0) >= exit.ts && parent?.role !== 'parent';
  if (state === 'reaped' && reap === null && !left) yield 'was reaped by nobody though its parent lived';
  if (state !== 'reaped' && state !== 'autoreaped' && !left) yield `is ${state}`;
  if (reap && reap.ts < exit.ts) yield 'was reaped before its end';
  for (const signal of signals) {
    if (signal.sender === null) yield `got ${signal.signal} from nobody`;
    if (signal.result === 'unknown') yield `got ${signal.signal}, and its result is unknown`;
    if (signal.signal === 'SIGCHLD') yield* contradictionOfChild(pid, signal, pids);
  }
}

/** A SIGCHLD of an end tells how its sender ended. */
function* contradictionOfChild(
  pid: number,
  { code, sender }: SignalRecord,
  pids: ReadonlyMap<number, ProcessRecord>,
): Iterable<string> {
  if (code !== 'CLD_EXITED' && code !== 'CLD_KILLED' && code !== 'CLD_DUMPED') return;
  const child = sender === null ? undefined : pids.get(sender.pid);
  const kind = child?.exit?.kind;
  if (kind !== (code === 'CLD_EXITED' ? 'exited' : 'signaled'))
    yield `was notified ${code} of ${sender?.pid ?? 'nobody'}, who ${kind ?? 'has no end'}`;
  else if (child?.reap && child.reap.by !== pid)
    yield `was notified of ${child.id}, whom ${child.reap.by} reaped`;
}
