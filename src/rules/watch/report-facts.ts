/**
 * A report, given to a watch as its trace would have been: in the order in which it became known. A report has no stages; what
 * they would have been follows from its records.
 */
import type { ProcessRecord, Report, SignalRecord } from '../../model/report';
import type { AlertWatch, Judgement } from './alert-watch';
import { timeAfter } from '../alerts/alert';
import { ReportTargets } from './report-targets';
import { wasQueued } from './signal-facts';

interface Fact {
  readonly ts: number;
  /** Of several at one moment: a signal is sent, then settled, then it ends its process. */
  readonly rank: number;
  readonly tell: (watch: AlertWatch) => Judgement[];
}

const LOST = 0;
const SENT = 1;
const SETTLED = 2;
const ENDED = 3;
/** What was still waiting is given up when its process is dead. */
const GIVEN_UP = 4;
const ZOMBIE = 5;
const GONE = 6;

/**
 * Yields what is found, one fact after the other, so that others get a turn between them; the end of the trace is
 * the last. Signals to processes that are not traced are not judged: what became of them is not in the trace.
 */
export function* judgeReport(watch: AlertWatch, report: Report): Generator<Judgement[], void> {
  for (const fact of factsOf(report)) yield fact.tell(watch);
  yield watch.end(report.trace.end);
}

function factsOf(report: Report): Fact[] {
  const targets = new ReportTargets(report.processes);
  const end = report.trace.end ?? 0;
  const facts: Fact[] = [];
  for (const loss of report.lost) {
    const ts = loss.ts ?? end;
    const processes = report.processes.filter((process) => livedAt(process, ts)).length;
    const time = timeIn(report, ts);
    facts.push({ ts, rank: LOST, tell: (watch) => watch.lost({ ...loss, processes }, ts, time) });
  }
  for (const [index, signal] of report.signals.entries()) {
    const process = targets.processOf(index);
    if (process === undefined) continue;
    const sentTo = targets.ofProcess(process, signal.ts);
    facts.push({ ts: signal.ts, rank: SENT, tell: (watch) => watch.sent(signal, sentTo) });
    const { ts, isGivenUp } = settledAt(signal, process, end);
    const target = targets.ofProcess(process, ts, signal.ts);
    facts.push({
      ts,
      rank: isGivenUp ? GIVEN_UP : SETTLED,
      tell: (watch) => watch.settled(signal, target, ts),
    });
  }
  for (const process of report.processes) facts.push(...endOf(process, targets));
  return facts.sort((a, b) => a.ts - b.ts || a.rank - b.rank);
}

/** When it was known what became of it. */
function settledAt(
  signal: SignalRecord,
  { exit }: ProcessRecord,
  end: number,
): { readonly ts: number; readonly isGivenUp: boolean } {
  if (signal.delivered) return { ts: signal.delivered.ts, isGivenUp: false };
  if (!wasQueued(signal)) return { ts: signal.ts, isGivenUp: false };
  const ts = exit !== null && exit.ts >= signal.ts ? exit.ts : end;
  return { ts, isGivenUp: !signal.fatal };
}

function endOf(process: ProcessRecord, targets: ReportTargets): Fact[] {
  const { id, exit, reap, state } = process;
  if (exit === null) return [];
  const { ts, time } = exit;
  const target = targets.ofProcess(process, ts);
  const facts: Fact[] = [{ ts, rank: ENDED, tell: (watch) => watch.exited(id, exit, target) }];
  if (state === 'autoreaped') {
    const goneAt = reap?.ts ?? ts;
    return [...facts, { ts: goneAt, rank: GONE, tell: (watch) => watch.gone(id, goneAt, false) }];
  }
  facts.push({ ts, rank: ZOMBIE, tell: (watch) => watch.zombie(target, ts, time) });
  if (reap !== null)
    facts.push({ ts: reap.ts, rank: GONE, tell: (watch) => watch.gone(id, reap.ts, reap.call !== null) });
  // When it went is not in the trace.
  else if (state !== 'zombie') facts.push({ ts, rank: GONE, tell: (watch) => watch.gone(id, ts, false) });
  return facts;
}

/** As the model counts them at a loss: not the session's own parent, whose life is not the subject. */
function livedAt({ id, role, exit }: ProcessRecord, ts: number): boolean {
  if (role === 'parent') return false;
  const since = Number(/@(-?[\d.]+)$/.exec(id)?.[1] ?? '-Infinity');
  return since <= ts && (exit === null || exit.ts > ts);
}

/** The wall time of a moment, from that of the trace's start. */
function timeIn({ trace: { start, time } }: Report, ts: number): string | null {
  return start === null ? null : timeAfter(time, ts - start);
}
