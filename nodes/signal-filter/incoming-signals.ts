/** What `lifecycle-parse` sends, told to a watch: stages, reports, records. */
import {
  REPORT_SCHEMA,
  judgeReport,
  type AlertWatch,
  type Judgement,
  type Report,
  type SignalRecord,
  type Stage,
} from '../../src/index';
import { TraceError } from '../../src/trace-error';

type Properties = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null;
}

function isRecord(value: unknown): value is SignalRecord {
  return (
    isObject(value) &&
    typeof value['signal'] === 'string' &&
    typeof value['number'] === 'number' &&
    typeof value['ts'] === 'number' &&
    isObject(value['target'])
  );
}

function isStage(value: unknown): value is Stage {
  return isObject(value) && typeof value['stage'] === 'string' && 'ts' in value;
}

export function isReport(value: unknown): value is Report {
  return (
    isObject(value) &&
    value['schema'] === REPORT_SCHEMA &&
    Array.isArray(value['signals']) &&
    Array.isArray(value['processes']) &&
    Array.isArray(value['lost']) &&
    isObject(value['trace'])
  );
}

/** lifecycle-parse's second output also sends each process's record; its signals are in the report. */
function isProcess(value: unknown): boolean {
  return isObject(value) && typeof value['id'] === 'string' && Array.isArray(value['signals']);
}

/** Only what the watch reads of a stage is looked at: a message may come from anywhere. */
function judgeStage(watch: AlertWatch, stage: Stage): Judgement[] {
  const { stage: name, detail } = stage;
  // The stage `end` of a trace without events has no time.
  if (typeof stage.ts !== 'number') return [];
  const isSignal = name === 'signal' || name === 'signal-generated';
  const isUsable = isSignal ? isRecord(detail) : name !== 'lost' || (isObject(detail) && 'cpu' in detail);
  return isUsable ? watch.stage(stage) : watch.tick(stage.ts);
}

/** Stages, records, and signals of reports in a payload: what `judgePayload` judges one by one. */
export function countOf(payload: unknown): number {
  if (Array.isArray(payload))
    return (payload as unknown[]).reduce((sum: number, part) => sum + countOf(part), 0);
  if (isStage(payload)) return 1;
  if (isReport(payload)) return new Set(payload.processes.flatMap(({ signals }) => signals)).size;
  return isRecord(payload) ? 1 : 0;
}

/**
 * What a payload gives, part by part, so that others get a turn between them.
 *
 * @param reports makes the watch of a whole report, which has nothing to do with the stages of the same trace
 * @param judged is told of each stage and record that was judged
 * @throws TraceError MESSAGE_INVALID for a payload that is none of these
 */
export function* judgePayload(
  watch: AlertWatch,
  payload: unknown,
  reports: () => AlertWatch,
  judged: () => void,
): Generator<Judgement[], void> {
  if (payload === undefined) return;
  if (Array.isArray(payload)) {
    for (const part of payload as unknown[]) yield* judgePayload(watch, part, reports, judged);
  } else if (isStage(payload)) {
    const found = judgeStage(watch, payload);
    judged();
    yield found;
  } else if (isReport(payload)) {
    yield* judgeReport(reports(), payload);
  } else if (isRecord(payload)) {
    const found = watch.record(payload);
    judged();
    yield found;
  } else if (!isProcess(payload)) {
    throw new TraceError(
      'MESSAGE_INVALID',
      `msg.payload is ${typeof payload}; it is a stage or a report of lifecycle-parse, or a signal record`,
    );
  }
}
