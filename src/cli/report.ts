import { readFileSync } from 'node:fs';
import {
  Lifecycle,
  formatJson,
  formatStory,
  jsonLine,
  openTraceFile,
  readRuleSet,
  toEcs,
  reportLines,
  ruleWarnings,
  type Alert,
  type Report,
  type RuleSet,
} from '../index';
import { EventList } from '../event-list';
import { errnoOf, oneOf, TraceError } from '../trace-error';
import type { TraceNote } from '../trace-event';
import { onlyFile, readArguments, readOption } from './arguments';
import { mapsNote, readMapsFile } from './maps-option';
import type { Output } from './output';
import { UsageError } from './usage';
import { WatchedAlerts } from './watched-alerts';

export const REPORT_FORMATS = ['story', 'json', 'ndjson', 'ecs'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** @param extra given to the model before the trace. @param watch gets the stages, as a signal-filter would */
async function readReport(
  file: string,
  extra: readonly TraceNote[] = [],
  watch: WatchedAlerts | null = null,
): Promise<Report> {
  const trace = await openTraceFile(file);
  const lifecycle = new Lifecycle({ source: trace.source });
  lifecycle.apply(new EventList([], [], [], extra));
  for await (const batch of trace.batches) {
    const { stages } = lifecycle.apply(batch);
    watch?.take(stages);
  }
  const { stages, report } = lifecycle.finish();
  watch?.take(stages);
  watch?.end(report.trace.end);
  return report;
}

/** The word `default` stands for no rules of one's own: the default verdicts alone. */
export function readRulesFile(file: string): RuleSet {
  if (file === 'default') return readRuleSet([]);
  const invalid = (why: string, cause: unknown): TraceError =>
    new TraceError('CONFIG_INVALID', `the rules file ${file}: ${why}`, { cause });
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(errnoOf(error), error);
  }
  try {
    return readRuleSet(JSON.parse(text));
  } catch (error) {
    if (error instanceof TraceError) throw invalid(error.detail, error);
    throw invalid(error instanceof Error ? error.message : String(error), error);
  }
}

/** Writes a report in one of its formats. `alerts` are in the story, beside the JSON, or in lines of their own. */
export async function writeReport(
  report: Report,
  format: ReportFormat,
  out: Output,
  alerts: Alert[] | null,
): Promise<void> {
  if (format === 'story') {
    await out.write(
      formatStory(report, {
        color: out.hasColors,
        ...(out.columns === null ? {} : { width: out.columns }),
        ...(alerts === null ? {} : { alerts }),
      }),
    );
  } else if (format === 'ecs') {
    for (const alert of alerts ?? []) await out.write(jsonLine(toEcs(alert, report.trace)));
  } else if (format === 'json') {
    await out.write(formatJson(report, alerts));
  } else {
    for (const line of reportLines(report)) await out.write(jsonLine(line));
    for (const alert of alerts ?? []) await out.write(jsonLine({ type: 'alert', ...alert }));
  }
}

export const REPORT_OPTIONS = {
  format: { type: 'string' },
  maps: { type: 'string' },
  rules: { type: 'string' },
} as const;

/** `ftrace-life report FILE`. */
export async function report(args: string[], out: Output): Promise<number> {
  const { values, positionals } = readArguments(args, REPORT_OPTIONS);
  const file = onlyFile('report', positionals);
  const format = readOption({}, () => oneOf('--format', values.format ?? 'story', REPORT_FORMATS));
  if (values.maps !== undefined && file === '-')
    throw new UsageError('--maps reads the trace twice, so it must be a file');
  // ECS has words for alerts alone.
  const rulesFile = values.rules ?? (format === 'ecs' ? 'default' : undefined);
  const rules = rulesFile === undefined ? null : readRulesFile(rulesFile);
  if (rules !== null) {
    for (const warning of ruleWarnings(rules, Date.now())) process.stderr.write(`ftrace-life: ${warning}\n`);
  }
  const read = async (extra: readonly TraceNote[]): Promise<[Report, WatchedAlerts | null]> => {
    const watch = rules === null ? null : new WatchedAlerts(rules);
    return [await readReport(file, extra, watch), watch];
  };
  let [tale, watch] = await read([]);
  if (values.maps !== undefined) {
    const note = mapsNote(readMapsFile(values.maps), tale);
    if (note === null)
      throw new TraceError('TRACE_FORMAT', `${values.maps} has no mapping of a process in ${file}`);
    [tale, watch] = await read([note]);
  }
  for (const remark of watch?.remarks() ?? []) process.stderr.write(`ftrace-life: ${remark}\n`);
  await writeReport(tale, format, out, watch?.alerts ?? null);
  return 0;
}
