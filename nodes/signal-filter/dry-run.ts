/** POST tracelife/signal-filter/dry-run: what rules would have said about a recorded trace, before they are deployed. */
import { stat } from 'node:fs/promises';
import type { NodeAPI } from 'node-red';
import {
  AlertWatch,
  Lifecycle,
  undecidedRemarks,
  openTraceFile,
  type Alert,
  type Judgement,
} from '../../src/index';
import { InvalidValue, TraceError, errnoOf } from '../../src/trace-error';
import { asError } from '../adapter/as-error';
import type { Limits } from '../adapter/limits';
import { requireReadable } from '../adapter/readable-files';
import { limitsOf } from '../adapter/settings-file';
import { isTurnOver, nextTurn } from '../turns/event-loop-share';
import { RECORDED_EXAMPLE } from '../adapter/recorded-example';
import { readRulesField } from './filter-def';

/** Alerts that are answered in full. */
const MAX_ALERTS = 200;
const MAX_BYTES = 512 * 1024 * 1024;
const MAX_MS = 60_000;
const EVENTS_A_STEP = 256;

export interface DryRunAnswer {
  /** The first 200. */
  readonly alerts: readonly Alert[];
  /** How many there were, repeats as one. */
  readonly total: number;
  readonly expected: number;
  /** What each rule's alerts stand for: repeats count. */
  readonly byRule: Readonly<Record<string, number>>;
  /** What stayed undecided, as sentences. */
  readonly doubts: readonly string[];
  /** Lines or records that could not be read. */
  readonly unexplained: number;
  /** Seconds. */
  readonly took: number;
}

let isBusy = false;

/** @throws TraceError CONFIG_INVALID, MESSAGE_INVALID, FILE_DENIED, TRACE_MISSING, TRACE_FORMAT */
export async function dryRun(
  body: unknown,
  limits: Pick<Limits, 'readFolders'>,
  abort: AbortSignal,
): Promise<DryRunAnswer> {
  const began = performance.now();
  const { rules, filename } = (typeof body === 'object' && body !== null ? body : {}) as Record<
    string,
    unknown
  >;
  const watch = new AlertWatch(readRulesField(rules));
  const trace = await openTraceFile(await fileOf(filename, limits));
  const lifecycle = new Lifecycle({ source: trace.source });
  const alerts: Alert[] = [];
  const byRule: Record<string, number> = Object.create(null) as Record<string, number>;
  let total = 0;
  const keep = (judgements: readonly Judgement[]): void => {
    for (const judgement of judgements) {
      if (judgement.kind !== 'alert') continue;
      const { alert } = judgement;
      total++;
      byRule[alert.rule] = (byRule[alert.rule] ?? 0) + alert.count;
      if (alerts.length < MAX_ALERTS) alerts.push(alert);
    }
  };
  const goOn = async (): Promise<void> => {
    if (isTurnOver()) await nextTurn();
    abort.throwIfAborted();
    if (performance.now() - began <= MAX_MS) return;
    throw new TraceError('TRACE_FORMAT', `it takes more than ${MAX_MS / 1000} s; try a shorter trace`);
  };
  for await (const batch of trace.batches) {
    for (const { stages } of lifecycle.applyInSteps(batch, EVENTS_A_STEP)) {
      for (const stage of stages) keep(watch.stage(stage));
      await goOn();
    }
  }
  const { stages, report } = lifecycle.finish();
  for (const stage of stages) keep(watch.stage(stage));
  keep(watch.end(report.trace.end));
  const { expected } = watch.tallies;
  const doubts = [...watch.takeRemarks(), ...undecidedRemarks(watch.tallies)];
  const { unexplained } = report.trace;
  return { alerts, total, expected, byRule, doubts, unexplained, took: (performance.now() - began) / 1000 };
}

/** As trace-source reads a file that a message names. */
async function fileOf(filename: unknown, limits: Pick<Limits, 'readFolders'>): Promise<string> {
  if (filename === 'example') return RECORDED_EXAMPLE;
  if (typeof filename !== 'string' || filename === '') {
    const expected = 'the path of a recorded trace, or "example"';
    throw new InvalidValue('filename', expected, filename, { code: 'MESSAGE_INVALID' });
  }
  const file = await requireReadable(filename, limits);
  const found = await stat(file).catch((error: unknown) => {
    throw new TraceError('TRACE_MISSING', `${file}: ${errnoOf(error)}`, { cause: error });
  });
  if (!found.isFile()) throw new TraceError('TRACE_MISSING', `${file} is not a file`);
  if (found.size > MAX_BYTES) {
    throw new TraceError('TRACE_FORMAT', `${file} has more than ${MAX_BYTES / 1024 / 1024} MiB`);
  }
  return file;
}

function statusOf(error: Error): number {
  if (!(error instanceof TraceError)) return 500;
  if (error.code === 'FILE_DENIED') return 403;
  return error.code === 'TRACE_MISSING' ? 404 : 400;
}

/** One at a time; it ends when whoever asked is gone. What is wrong is answered as `{code, message}`. */
export function registerDryRun(RED: NodeAPI): void {
  RED.httpAdmin.post(
    '/tracelife/signal-filter/dry-run',
    RED.auth.needsPermission('signal-filter.write'),
    (request, response) => {
      if (isBusy) {
        response.status(429).json({ code: 'BUSY', message: 'another dry run goes on; one at a time' });
        return;
      }
      isBusy = true;
      const gone = new AbortController();
      response.on('close', () => {
        gone.abort();
      });
      Promise.resolve()
        .then(() => dryRun(request.body, limitsOf(RED), gone.signal))
        .then(
          (answer) => response.json(answer),
          (thrown: unknown) => {
            if (gone.signal.aborted) return;
            const error = asError(thrown);
            const code = error instanceof TraceError ? error.code : 'FAILED';
            response.status(statusOf(error)).json({ code, message: error.message });
          },
        )
        .catch((error: unknown) => {
          RED.log.error(`signal-filter dry run: ${asError(error).message}`);
        })
        .finally(() => {
          isBusy = false;
        });
    },
  );
}
