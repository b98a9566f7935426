import { rename, writeFile } from 'node:fs/promises';
import { PRESETS, readRuleSet, startWatch, type Watch, type WatchTotals } from '../index';
import { TraceError } from '../trace-error';
import { duration } from '../words/duration';
import { Interruption } from './interruption';
import type { Output } from './output';
import { readRulesFile } from './report';
import { WatchOutput } from './watch-output';
import { readWatchRequest, type WatchRequest } from './watch-request';

/** Beside the default verdicts: a service that dies again and again. */
const USUAL_RULES = readRuleSet(
  PRESETS.flatMap(({ name, rules }) => (name === 'service-restarts' ? rules : [])),
);

/** How often the file of --metrics is written. */
const METRICS_MS = 5_000;
/** Services that the summary names. */
const MAX_NAMED = 20;

/** `ftrace-life watch [SELECTOR...]`. */
export async function watch(args: string[], out: Output): Promise<number> {
  const request = readWatchRequest(args);
  const rules = request.rules === null ? USUAL_RULES : readRulesFile(request.rules);
  const interruption = new Interruption();
  let watching: Watch | null = null;
  let timer: NodeJS.Timeout | undefined;
  try {
    watching = await startWatch(request.settings);
    const stop = { stop: async (): Promise<void> => watching?.stop() };
    interruption.watch(stop);
    const batches = watching.batches();
    if (request.forSeconds !== null) timer = setTimeout(() => void stop.stop(), request.forSeconds * 1000);
    const { host, boot } = watching;
    const printed = new WatchOutput(request, rules, out, { host, ...(boot !== null && { boot }) });
    process.stderr.write(`ftrace-life: watching ${describe(request)}\n`);
    let metricsDue = 0;
    for await (const batch of batches) {
      await printed.take(batch);
      for (const remark of printed.remarks()) process.stderr.write(`ftrace-life: ${remark}\n`);
      if (request.metrics !== null && performance.now() >= metricsDue) {
        metricsDue = performance.now() + METRICS_MS;
        await writeMetrics(request.metrics, printed.totals, watching);
      }
      if (out.isUnread) break;
    }
    await watching.stop();
    await printed.end();
    if (request.metrics !== null) await writeMetrics(request.metrics, printed.totals, watching);
    if (watching.failure !== null) throw watching.failure;
    process.stderr.write(summary(printed.totals, watching));
    return 0;
  } finally {
    clearTimeout(timer);
    await watching?.stop();
    interruption.restore();
  }
}

function describe({ settings }: WatchRequest): string {
  const list = (selectors: readonly { readonly text: string }[]): string =>
    selectors.map(({ text }) => text).join(' or ');
  const except = settings.exclude.length === 0 ? '' : `, but for ${list(settings.exclude)}`;
  return `${list(settings.selectors)}${except}; Ctrl-C ends it`;
}

function secondsOf({ since }: Watch): number {
  return Date.now() / 1000 - since;
}

/** Written beside it and moved into place: a reader never sees half of it. */
async function writeMetrics(file: string, totals: WatchTotals, watching: Watch): Promise<void> {
  const { user, system } = process.cpuUsage();
  const text = totals.toPrometheus(watching.count, (user + system) / 1e6, secondsOf(watching));
  const next = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(next, text);
    await rename(next, file);
  } catch (error) {
    throw new TraceError('OUTPUT_FAILED', `--metrics ${file}: ${String(error)}`, { cause: error });
  }
}

function summary(totals: WatchTotals, watching: Watch): string {
  const { lostEvents: lost } = watching;
  const alerts = [...totals.alerts].map(([severity, count]) => `${count} ${severity}`).join(', ');
  const lines = [
    `Watched for ${duration(secondsOf(watching))}: ${totals.signals} signals, ${totals.fatal} of them fatal; ` +
      `alerts: ${alerts === '' ? 'none' : alerts}; ${lost ?? 'an unknown number of'} events lost`,
  ];
  const services = totals.services();
  for (const { name, deaths, restarts, lastSignal } of services.slice(0, MAX_NAMED)) {
    const last = lastSignal === null ? '' : `, the last by ${lastSignal}`;
    lines.push(`  ${name}: killed ${times(deaths)}${last}; restarted ${times(restarts)}`);
  }
  if (services.length > MAX_NAMED) lines.push(`  and ${services.length - MAX_NAMED} more services`);
  return `${lines.join('\n')}\n`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
