/**
 * What a request to end means once it is known what came of it: an ordinary stop, a refusal, or something that the trace
 * does not show. Nothing is said of what was not seen.
 */
import type { Severity, SignalRecord, SignalTarget } from '../../model/report';
import {
  aborts,
  asksToEnd,
  expectsAnEnd,
  isByItsKeeper,
  isRequestToEnd,
  isSubject,
  reportsAHang,
} from './signal-kinds';
import type { Verdict } from './verdict';

/** Seconds in which a process that is asked to end should end; what `docker stop` gives it too. */
export const TIME_TO_END = 10;

/** `after` is in seconds since the request. */
export type Fate =
  /** `code` is null where the trace does not show it. */
  | { readonly kind: 'exited'; readonly code: number | null; readonly after: number }
  /** By the signal that asked, at once or raised again. */
  | { readonly kind: 'ended-by-it'; readonly after: number }
  /** By a signal of which the trace does not show the sending. */
  | { readonly kind: 'killed'; readonly signal: string | null; readonly after: number }
  /** It is still running, although its time to end has passed. */
  | { readonly kind: 'refused'; readonly after: number }
  /** The trace ended before it did. `isFollowed`: it has what becomes of processes in it. */
  | { readonly kind: 'open'; readonly after: number; readonly isFollowed: boolean };

/** Whether a verdict on this signal needs to know whether its target ends. */
export function waitsForFate(signal: SignalRecord): boolean {
  if (signal.fatal) return false;
  return asksToEnd(signal) || reportsAHang(signal) || (aborts(signal) && signal.result === 'pending');
}

export function fateVerdict(signal: SignalRecord, target: SignalTarget | null, fate: Fate): Verdict {
  if (reportsAHang(signal)) {
    return {
      verdict: 'attention',
      rule: 'default:hang-reported',
      severity: 'warning',
      reason: 'another process aborted it, as watchdogs do with a process that hangs',
    };
  }
  const { severity, reason } = weigh(signal, target, fate);
  if (severity === null) return { verdict: 'expected', rule: 'default:no-harm', severity: 'info', reason };
  const verdict = fate.kind === 'open' ? 'unknown' : 'attention';
  return { verdict, rule: 'default:asked-to-end', severity, reason };
}

interface Weight {
  /** Null: nothing to say. */
  readonly severity: Severity | null;
  readonly reason: string;
}

function weigh(signal: SignalRecord, target: SignalTarget | null, fate: Fate): Weight {
  switch (fate.kind) {
    case 'exited':
      if (isUsualCode(signal, fate.code))
        return { severity: 'info', reason: 'it was asked to end, and ended' };
      return {
        // How a child ends that it asked to end is its parent's own business.
        severity: isByItsKeeper(signal, target) && !isSubject(target) ? 'info' : 'notice',
        reason: `it was asked to end, and ended with code ${fate.code}`,
      };
    case 'ended-by-it':
      return {
        severity: isByItsKeeper(signal, target) ? 'info' : 'notice',
        reason: 'it was asked to end, and ended',
      };
    case 'killed':
      // Another request was faster: Ctrl-C and the hang-up that follows when the shell is gone.
      if (fate.signal !== null && isRequestToEnd(fate.signal))
        return weigh(signal, target, { kind: 'ended-by-it', after: fate.after });
      return { severity: 'warning', reason: 'it was asked to end, and was then killed' };
    case 'refused':
      if (!expectsAnEnd(signal)) return { severity: null, reason: 'the program has a handler for it' };
      return {
        severity: signal.signal === 'SIGTERM' ? 'warning' : 'notice',
        reason: `it was asked to end, and did not within ${TIME_TO_END} s`,
      };
    case 'open':
      if (!expectsAnEnd(signal)) return { severity: null, reason: 'the program has a handler for it' };
      return {
        severity: isByItsKeeper(signal, target) ? 'info' : 'notice',
        reason: 'it was asked to end, and the trace ended before it did',
      };
  }
}

/** 0, or 128 and the signal's number: so ends a JVM, and a shell by `trap 'exit 143' TERM`. Unknown counts as usual. */
export function isUsualCode({ number }: SignalRecord, code: number | null): boolean {
  return code === null || code === 0 || code === 128 + number;
}
