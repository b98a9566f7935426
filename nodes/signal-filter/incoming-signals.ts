/** Gives what `lifecycle-parse` sends to a watch: stages, reports, records. */
import {
  REPORT_SCHEMA,
  judgeReport,
  type AlertWatch,
  type Judgement,
  type Report,
  type SignalRecord,
  type Stage,
} from '../../src/index';
import { isObject, nameOf, recordFault, reportFault, stageFault, type Fault } from './payload-faults';

const WANTED = 'expected a stage or a report of lifecycle-parse, or a signal record';

/** One part of a payload that can be judged, or what is wrong with it. */
type Part =
  | { readonly kind: 'stage'; readonly stage: Stage }
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'record'; readonly record: SignalRecord }
  | { readonly kind: 'none' }
  | { readonly kind: 'wrong'; readonly fault: string };

function partOf(at: string, value: unknown): Part {
  if (value === undefined) return { kind: 'none' };
  if (!isObject(value)) return { kind: 'wrong', fault: `${at}: ${WANTED}, found ${nameOf(value)}` };
  const checked = (fault: Fault, part: Part): Part => (fault === null ? part : { kind: 'wrong', fault });
  if (typeof value['stage'] === 'string') {
    return checked(stageFault(at, value), { kind: 'stage', stage: value as unknown as Stage });
  }
  if (value['schema'] === REPORT_SCHEMA) {
    return checked(reportFault(at, value), { kind: 'report', report: value as unknown as Report });
  }
  if (typeof value['signal'] === 'string') {
    return checked(recordFault(at, value), { kind: 'record', record: value as unknown as SignalRecord });
  }
  // lifecycle-parse's second output also sends each process's record; its signals are in the report.
  if (typeof value['id'] === 'string' && Array.isArray(value['signals'])) return { kind: 'none' };
  return { kind: 'wrong', fault: `${at}: ${WANTED}, found another object` };
}

/** Stages, records, and signals of reports in a payload: what `judgePayload` judges one by one. */
export function countOf(payload: unknown): number {
  if (Array.isArray(payload)) return payload.reduce((sum: number, each: unknown) => sum + countOf(each), 0);
  const part = partOf('', payload);
  if (part.kind === 'report') return new Set(part.report.processes.flatMap(({ signals }) => signals)).size;
  return part.kind === 'stage' || part.kind === 'record' ? 1 : 0;
}

export interface PayloadTarget {
  /** Follows the trace. */
  readonly watch: AlertWatch;
  /** Makes the watch of whole reports, which have nothing to do with the stages of the same trace. */
  readonly reports: () => AlertWatch;
  /** Called for each stage and record that was judged. */
  readonly judged: () => void;
  /** Called with what is wrong with a part, and its place: the others are judged all the same. */
  readonly refused: (fault: string) => void;
}

/** What a payload gives, part by part, so that others get a turn between them. */
export function* judgePayload(
  payload: unknown,
  target: PayloadTarget,
  at = 'msg.payload',
): Generator<Judgement[], void> {
  if (Array.isArray(payload)) {
    for (const [index, each] of payload.entries()) yield* judgePayload(each, target, `${at}[${index}]`);
    return;
  }
  const part = partOf(at, payload);
  if (part.kind === 'wrong') {
    target.refused(part.fault);
    return;
  }
  try {
    yield* judgePart(part, target);
  } catch (error) {
    // Deeper damage than is looked for.
    target.refused(`${at} cannot be judged: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function* judgePart(part: Part, { watch, reports, judged }: PayloadTarget): Generator<Judgement[], void> {
  if (part.kind === 'report') yield* judgeReport(reports(), part.report);
  if (part.kind !== 'stage' && part.kind !== 'record') return;
  const hasTime = part.kind === 'record' || Number.isFinite(part.stage.ts);
  const found = part.kind === 'record' ? watch.record(part.record) : hasTime ? watch.stage(part.stage) : [];
  judged();
  yield found;
}
