import type { Alert, AlertSubject, SignalRecord, SignalTarget } from '../../model/report';
import type { Loss } from '../../trace-event';
import { alertId } from './alert-id';
import { asSentence, fromWhom, signalDetails, signalSentence, timesText } from './alert-text';
import { targetName } from './opening';
import { seconds } from './seconds';
import type { Verdict } from '../matching/verdict';
import { incompletenessOf, knownSender, outcomeOf } from '../language/evidence';
import { keyOf } from '../matching/field-key';

/** What an alert about a signal says beyond that signal alone. */
export interface AlertPattern {
  /** The signals before it that belong to the pattern. */
  readonly earlier?: readonly SignalRecord[];
  readonly count?: number;
  readonly first?: number;
  readonly last?: number;
  /** What did not come, and within how many seconds: `exit`, or the signals that were awaited. */
  readonly without?: { readonly what: string; readonly within: number };
  readonly incomplete?: readonly string[];
  /** In the place of the usual one. */
  readonly fingerprint?: string;
  /** What is known to have come of it, as the first sentence; in the place of the usual one. */
  readonly sentence?: string;
  /** The signal that the sender of the alert is read from, where it is another one: the first of a chain. */
  readonly cause?: SignalRecord;
}

/** Makes the alert for one signal, or for a pattern of which it is the last. See AlertCounting for more of the same. */
export function makeAlert(
  verdict: Verdict,
  signal: SignalRecord,
  target: SignalTarget | null,
  pattern: AlertPattern = {},
): Alert {
  const process = target ?? {
    id: `${signal.target.tgid}`,
    comm: signal.target.comm,
    path: null,
    ancestors: [],
  };
  const { earlier = [], count = 1, first = signal.ts, last = signal.ts } = pattern;
  const alert: Omit<Alert, 'id' | 'text'> = {
    about: 'signal',
    severity: verdict.severity,
    rule: verdict.rule,
    reason: verdict.reason,
    fingerprint: pattern.fingerprint ?? fingerprintOf(verdict.rule, pattern.cause ?? signal, process),
    count,
    first,
    last,
    time: timeAfter(signal.time, last - signal.ts),
    // A copy: the model goes on with its record.
    signal: { ...signal },
    earlier: earlier.map((one) => ({ ...one })),
    process,
    outcome: { kind: outcomeOf(signal), coreDumped: signal.coreDumped ?? null },
    incomplete: [...new Set([...incompletenessOf(signal, target), ...(pattern.incomplete ?? [])])],
  };
  // First, so that whoever looks at one reads it first.
  return { text: alertText(verdict, signal, target, pattern), id: alertId(alert), ...alert };
}

/** An alert about what no signal did. */
export function makePlainAlert(
  about: Exclude<AlertSubject, 'signal'>,
  verdict: Verdict,
  given: {
    readonly process: SignalTarget | null;
    readonly first: number;
    readonly last: number;
    readonly time: string | null;
    readonly incomplete: readonly string[];
    readonly fingerprint?: string;
    readonly text: string;
    readonly loss?: Loss;
  },
): Alert {
  const { process, first, last, time, text } = given;
  const name = process === null ? about : (process.path ?? process.comm);
  const alert: Omit<Alert, 'id' | 'text'> = {
    about,
    severity: verdict.severity,
    rule: verdict.rule,
    reason: verdict.reason,
    fingerprint:
      given.fingerprint ??
      keyOf([verdict.rule, name, ...(process?.identity?.container ? [process.identity.container] : [])]),
    count: 1,
    first,
    last,
    time,
    signal: null,
    earlier: [],
    process,
    outcome: null,
    incomplete: [...given.incomplete],
  };
  return { text, id: alertId(alert, given.loss), ...alert };
}

/**
 * What makes two alerts the same: rule, signal, sender and target by the files that they run, else by name, and the
 * target's container. Pids are left out, or a service that dies and restarts would never repeat itself.
 */
function fingerprintOf(rule: string, signal: SignalRecord, target: SignalTarget): string {
  const sender = knownSender(signal);
  return keyOf([
    rule,
    signal.signal,
    sender ? (sender.identity?.exe ?? sender.comm) : '-',
    target.path ?? target.comm,
    ...(target.identity?.container ? [target.identity.container] : []),
  ]);
}

function alertText(
  verdict: Verdict,
  signal: SignalRecord,
  target: SignalTarget | null,
  pattern: AlertPattern,
): string {
  const { earlier = [], count = 1, first = signal.ts, last = signal.ts, without, cause = signal } = pattern;
  const why = isSaidBySentence(verdict, signal, pattern) ? [] : [asSentence(verdict.reason)];
  const details = signalDetails(cause, target);
  return [sentence(), ...why, ...(details === '' ? [] : [details])].join('. ');

  function sentence(): string {
    if (without) {
      const who = targetName(signal, target);
      return `${who} ${without.what} within ${seconds(without.within)} after ${signal.signal}${fromWhom(signal)}`;
    }
    const one = pattern.sentence ?? signalSentence(signal, target);
    if (count > 1) return `${timesText(count, last - first, 'last')}${one}`;
    const [before] = earlier;
    if (before === undefined || pattern.sentence !== undefined) return one;
    return `${seconds(signal.ts - before.ts)} after ${before.signal}${fromWhom(before)}, ${one}`;
  }
}

/** The reasons of the default verdicts on deaths say again what the sentence has said. */
function isSaidBySentence({ rule }: Verdict, { fatal }: SignalRecord, { sentence }: AlertPattern): boolean {
  return rule.startsWith('default:') && rule !== 'default:hang-reported' && (fatal || sentence !== undefined);
}

/** ISO 8601 in UTC with microseconds; null where the trace does not know the wall time. */
export function timeAfter(time: string | null, span: number): string | null {
  if (time === null || span === 0) return time;
  const [, whole, fraction = ''] = /^(.*:\d\d)(?:\.(\d+))?Z$/.exec(time) ?? [];
  if (whole === undefined) return time;
  const microseconds =
    Date.parse(`${whole}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6)) + Math.round(span * 1e6);
  const date = new Date(Math.floor(microseconds / 1000));
  if (Number.isNaN(date.getTime())) return null;
  return date.toISOString().replace('Z', `${String(microseconds % 1000).padStart(3, '0')}Z`);
}
