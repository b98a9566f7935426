import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
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
import { errnoOf, TraceError } from '../trace-error';
import type { TraceNote } from '../trace-event';
import { mapsNote, readMapsFile } from './maps-option';
import type { Output } from './output';
import { oneOf, UsageError } from './usage';
import { WatchedAlerts } from './watched-alerts';

export const REPORT_FORMATS = ['story', 'json', 'ndjson', 'ecs'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** @param extra told to the model before the trace. @param watch gets the stages, as a signal-filter would */
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
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new TraceError('CONFIG_INVALID', `the rules file ${file}: ${errnoOf(error)}`, { cause: error });
  }
  try {
    return readRuleSet(JSON.parse(text));
  } catch (error) {
    if (error instanceof TraceError) throw error;
    throw new TraceError('CONFIG_INVALID', `the rules file ${file} is not JSON: ${String(error)}`, {
      cause: error,
    });
  }
}

/** Writes a report in one of its formats. `alerts` stand in the story, beside the JSON, or in lines of their own. */
export async function writeReport(
  report: Report,
  format: ReportFormat,
  out: Output,
  alerts: Alert[] | null,
): Promise<void> {
  if (format === 'story') {
    const columns =
      out.stream === process.stdout && process.stdout.isTTY ? process.stdout.columns : undefined;
    const color = out.stream === process.stdout && process.stdout.isTTY && process.stdout.hasColors();
    await out.write(
      formatStory(report, {
        color,
        ...(columns === undefined ? {} : { width: columns }),
        ...(alerts === null ? {} : { alerts }),
      }),
    );
  } else if (format === 'ecs') {
    for (const alert of alerts ?? []) await out.write(jsonLine(toEcs(alert, report.trace)));
  } else if (format === 'json') {
    await out.write(
      alerts === null ? formatJson(report) : `${JSON.stringify({ ...report, alerts }, null, 2)}\n`,
    );
  } else {
    for (const line of reportLines(report)) await out.write(jsonLine(line));
    for (const alert of alerts ?? []) await out.write(jsonLine({ type: 'alert', ...alert }));
  }
}

/** `ftrace-life report FILE`. */
export async function report(args: string[], out: Output): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      format: { type: 'string', default: 'story' },
      maps: { type: 'string' },
      rules: { type: 'string' },
    },
  });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new UsageError('report takes one FILE, or -');
  const format = oneOf('--format', values.format, REPORT_FORMATS);
  if (values.maps !== undefined && file === '-')
    throw new UsageError('--maps reads the trace twice, so it must be a file');
  // ECS has words for alerts alone.
  const told = values.rules ?? (format === 'ecs' ? 'default' : undefined);
  const rules = told === undefined ? null : readRulesFile(told);
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
