/**
 * One JSON object a line: events (`ftrace-life events --format ndjson`), or a report taken apart into its trace,
 * processes, signals, gaps and damage (`report --format ndjson`), for tools that read line by line.
 */
import type { Report } from '../model/report';
import { plainEvent } from '../lazy-batch';
import type { TraceEvent } from '../trace-event';
import { inContractOrder } from './report-keys';

/** What a line of a taken-apart report is. Signals carry their `index`, by which processes name them. */
export type ReportLineType = 'trace' | 'process' | 'signal' | 'lost' | 'damage';

export type ReportLine = { readonly type: ReportLineType } & Readonly<Record<string, unknown>>;

/** The trace first, so that a reader knows what was lost before it believes the rest. */
export function* reportLines(report: Report): Generator<ReportLine> {
  yield { type: 'trace', schema: report.schema, ...inContractOrder('trace', report.trace) };
  for (const process of report.processes) yield { type: 'process', ...inContractOrder('process', process) };
  for (const [index, signal] of report.signals.entries()) {
    yield { type: 'signal', index, ...inContractOrder('signal', signal) };
  }
  for (const loss of report.lost) yield { type: 'lost', ...inContractOrder('loss', loss) };
  for (const damage of report.damage) yield { type: 'damage', ...inContractOrder('damage', damage) };
}

/** One line with its newline. JSON escapes newlines inside, so it is one line whatever the trace holds. */
export function jsonLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** One event as one line, in the contract's order; `stack` only where it has one. Decodes it. */
export function eventLine(event: TraceEvent): string {
  return jsonLine(plainEvent(event));
}
