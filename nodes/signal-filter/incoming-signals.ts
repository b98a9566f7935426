/** Finds the signals in what `lifecycle-parse` sends: stages, reports, records. */
import {
  REPORT_SCHEMA,
  ReportTargets,
  type Report,
  type SignalRecord,
  type SignalTarget,
  type Stage,
} from '../../src/index';
import { TraceError } from '../../src/trace-error';

export interface JudgedSignal {
  readonly signal: SignalRecord;
  /** Null where the trace does not know who it happened to. */
  readonly target: SignalTarget | null;
}

export interface IncomingSignals {
  readonly signals: readonly JudgedSignal[];
  /** How far the trace is, in seconds on its clock; null where the payload does not say. */
  readonly ts: number | null;
}

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

function isReport(value: unknown): value is Report {
  return (
    isObject(value) &&
    value['schema'] === REPORT_SCHEMA &&
    Array.isArray(value['signals']) &&
    Array.isArray(value['processes'])
  );
}

/** lifecycle-parse's second output also sends each process's record; its signals are in the report. */
function isProcess(value: unknown): boolean {
  return isObject(value) && typeof value['id'] === 'string' && Array.isArray(value['signals']);
}

/** The signals of a report, in time order, as they would have come as stages. */
function signalsOfReport(report: Report): JudgedSignal[] {
  const targets = new ReportTargets(report.processes);
  return report.signals
    .map((signal, index) => ({ signal, target: targets.of(index, signal.ts) }))
    .sort((a, b) => a.signal.ts - b.signal.ts);
}

/**
 * A signal comes as one stage named `signal`, when its outcome is settled; stages of another name give none.
 * @throws TraceError MESSAGE_INVALID for a payload that is none of these
 */
export function signalsOf(payload: unknown): IncomingSignals {
  if (payload === undefined) return { signals: [], ts: null };
  if (Array.isArray(payload)) {
    const parts = (payload as unknown[]).map(signalsOf);
    return { signals: parts.flatMap(({ signals }) => signals), ts: parts.at(-1)?.ts ?? null };
  }
  if (isStage(payload)) {
    const isSignal = payload.stage === 'signal' && isRecord(payload.detail);
    return {
      signals: isSignal ? [{ signal: payload.detail as SignalRecord, target: payload.target ?? null }] : [],
      ts: payload.ts,
    };
  }
  if (isReport(payload)) return { signals: signalsOfReport(payload), ts: payload.trace.end };
  if (isRecord(payload)) return { signals: [{ signal: payload, target: null }], ts: payload.ts };
  if (isProcess(payload)) return { signals: [], ts: null };
  throw new TraceError(
    'MESSAGE_INVALID',
    `msg.payload is ${typeof payload}; it is a stage or a report of lifecycle-parse, or a signal record`,
  );
}
