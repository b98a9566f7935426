/** What a watch prints of its records, and of the alerts that the rules raise on them. */
import {
  AlertWatch,
  jsonLine,
  toEcs,
  WatchTotals,
  type RuleSet,
  type WatchBatch,
  type WatchRecord,
} from '../index';
import type { Alert, Exit, Severity, SignalRecord } from '../model/report';
import type { Output } from './output';
import { WatchLines } from './watch-lines';
import type { WatchRequest } from './watch-request';

/** The same again within so many seconds is counted, and printed as one line. */
const REPEAT_SECONDS = 5;
/** Different lines that may come again. */
const MAX_REPEATED = 1_000;

interface Repeated {
  readonly until: number;
  last: WatchRecord;
  count: number;
}

export class WatchOutput {
  readonly totals = new WatchTotals();
  readonly #rules: AlertWatch;
  readonly #lines: WatchLines;
  readonly #repeated = new Map<string, Repeated>();
  readonly #request: WatchRequest;
  readonly #out: Output;
  readonly #source: { readonly host?: string; readonly boot?: string };

  constructor(
    request: WatchRequest,
    rules: RuleSet,
    out: Output,
    source: { readonly host?: string; readonly boot?: string },
  ) {
    this.#request = request;
    this.#rules = new AlertWatch(rules);
    this.#out = out;
    this.#source = source;
    this.#lines = new WatchLines(request.format === 'line' && process.stdout.isTTY);
  }

  async take({ records, reached }: WatchBatch): Promise<void> {
    const severities = new Map<string, Severity | 'expected'>();
    const alerts: Alert[] = [];
    for (const record of records) {
      this.totals.add(record);
      for (const judgement of this.#rules.stage(record as Parameters<AlertWatch['stage']>[0])) {
        if (judgement.kind === 'alert') alerts.push(judgement.alert);
        else if (judgement.signal !== null) severities.set(keyOf(judgement.signal), 'expected');
      }
    }
    for (const judgement of this.#rules.tick(reached))
      if (judgement.kind === 'alert') alerts.push(judgement.alert);
    for (const alert of alerts) {
      this.totals.addAlert(alert);
      if (alert.signal !== null) severities.set(keyOf(alert.signal), alert.severity);
    }
    await this.#print(records, alerts, severities, reached);
  }

  /** The watch has ended: what the rules held back is reported. */
  async end(): Promise<void> {
    const alerts = this.#rules
      .end()
      .flatMap((judgement) => (judgement.kind === 'alert' ? [judgement.alert] : []));
    for (const alert of alerts) this.totals.addAlert(alert);
    await this.#print([], alerts, new Map(), Infinity);
  }

  /** What is to be said beside alerts: rules that have expired. */
  remarks(): string[] {
    return this.#rules.takeRemarks();
  }

  async #print(
    records: readonly WatchRecord[],
    alerts: readonly Alert[],
    severities: ReadonlyMap<string, Severity | 'expected'>,
    reached: number,
  ): Promise<void> {
    const { format, only } = this.#request;
    const parts: string[] = [];
    if (format === 'line') parts.push(...this.#due(reached));
    const said = new Set<string>();
    if (format !== 'ecs' && only !== 'unexpected') {
      for (const record of records) {
        if (!isWanted(record, only)) continue;
        if (format === 'ndjson') {
          parts.push(jsonLine({ type: record.stage, ...record, stage: undefined }));
          continue;
        }
        const line = this.#lineOf(record, severities);
        if (line === null) continue;
        parts.push(line);
        if (record.stage === 'signal') said.add(keyOf(record.detail as SignalRecord));
      }
    }
    for (const alert of alerts) {
      if (only === 'fatal' && alert.signal?.fatal !== true) continue;
      if (format === 'ecs') parts.push(jsonLine(toEcs(alert, this.#source)));
      else if (format === 'ndjson') parts.push(jsonLine({ type: 'alert', ...alert }));
      else if (!isSaid(alert, said)) parts.push(this.#lines.alert(alert));
    }
    await this.#out.write(parts.join(''));
  }

  /** Null where nothing is to be said of it, or not now. */
  #lineOf(record: WatchRecord, severities: ReadonlyMap<string, Severity | 'expected'>): string | null {
    const { stage, detail } = record;
    // The line of the signal says it.
    if (stage === 'exit' && (detail as Exit).kind === 'signaled') return null;
    // The line of what becomes of it follows.
    if (stage === 'signal-generated') return null;
    if (stage !== 'signal')
      return this.#lines.record(record, stage === 'lost' || stage === 'gap' ? 'warning' : null);
    const signal = detail as SignalRecord;
    const severity = severities.get(keyOf(signal)) ?? null;
    // Each death is printed.
    if (!signal.fatal && this.#isRepeat(record, signal)) return null;
    return this.#lines.record(record, severity);
  }

  #isRepeat(record: WatchRecord, signal: SignalRecord): boolean {
    const key = `${signal.sender?.comm ?? ''}\0${signal.signal}\0${signal.target.comm ?? ''}\0${signal.result}`;
    const known = this.#repeated.get(key);
    if (known !== undefined) {
      known.count++;
      known.last = record;
      return true;
    }
    if (this.#repeated.size < MAX_REPEATED)
      this.#repeated.set(key, { until: record.ts + REPEAT_SECONDS, last: record, count: 0 });
    return false;
  }

  #due(reached: number): string[] {
    const lines: string[] = [];
    for (const [key, { until, last, count }] of this.#repeated) {
      if (until > reached) break;
      this.#repeated.delete(key);
      if (count > 0) lines.push(this.#lines.repeats(last, count + 1));
    }
    return lines;
  }
}

function keyOf({ ts, number, target }: SignalRecord): string {
  return `${ts}/${number}/${target.pid}`;
}

/** Its line has the alert's severity as its colour, and nothing is to be added to it. */
function isSaid({ signal, count, earlier, rule }: Alert, said: ReadonlySet<string>): boolean {
  return (
    signal !== null &&
    count === 1 &&
    earlier.length === 0 &&
    rule.startsWith('default:') &&
    said.has(keyOf(signal))
  );
}

function isWanted({ stage, detail }: WatchRecord, only: WatchRequest['only']): boolean {
  if (only !== 'fatal') return true;
  if (stage === 'signal') return (detail as SignalRecord).fatal;
  return stage === 'exit' ? (detail as Exit).kind === 'signaled' : stage === 'lost' || stage === 'gap';
}
