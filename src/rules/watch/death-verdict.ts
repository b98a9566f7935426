/** What to say of a death by a signal, once the end is known: one alert that begins with the first cause. */
import { defaultAction } from '../../kernel/signals';
import type { SignalRecord, SignalTarget } from '../../model/report';
import type { AlertPattern } from '../alerts/alert';
import { chainText, crashAfterRequestText, deathText, escalationText, wayText } from '../alerts/fate-text';
import { defaultVerdict } from '../matching/default-verdicts';
import { fateVerdict } from '../matching/fate';
import {
  asksToEnd,
  isCrash,
  isFromAnother,
  isFromItself,
  isHandledFault,
  reportsAHang,
} from '../matching/signal-kinds';
import type { Verdict } from '../matching/verdict';
import { rootOf, type KnownEnd, type Life } from './lives';

/** Seconds after a handled fault in which an abort is its consequence. */
const FAULT_WAIT = 10;

export interface DeathVerdict {
  readonly verdict: Verdict;
  readonly pattern: AlertPattern;
}

/** @param end null where the trace does not show it */
export function deathVerdict(
  signal: SignalRecord,
  target: SignalTarget,
  life: Life,
  end: KnownEnd | null,
): DeathVerdict {
  const first = firstCause(signal, life, end);
  if (first !== null) {
    const after = signal.ts - first.ts;
    const verdict =
      asksToEnd(first) || reportsAHang(first)
        ? fateVerdict(first, target, { kind: 'ended-by-it', after })
        : defaultVerdict({ ...first, fatal: true, coreDumped: signal.coreDumped ?? null }, target);
    return {
      verdict,
      pattern: { earlier: [first], sentence: chainText(first, signal, target), cause: first },
    };
  }
  const own = defaultVerdict(signal, target);
  const earlier = life.requests.map((request) => request.signal).filter(({ ts }) => ts < signal.ts);
  const [asked] = earlier;
  if (asked !== undefined && isCrash(signal) && !isFromAnother(signal))
    return { verdict: own, pattern: { earlier, sentence: crashAfterRequestText(asked, signal, target) } };
  if (asked !== undefined && signal.signal === 'SIGKILL')
    return {
      verdict: afterRequest(own),
      pattern: { earlier, sentence: escalationText(asked, signal, target) },
    };
  const sentence = deathText(signal, target, end === null ? null : end.ts - signal.ts);
  const isElsewhere = end !== null && rootOf(life, end) === null;
  return {
    verdict: own,
    pattern: {
      ...(earlier.length > 0 && { earlier }),
      sentence: isElsewhere ? wayText(sentence, end.root ?? null) : sentence,
    },
  };
}

/** What it handled before it sent itself the signal that ended it; null where it did so of its own accord. */
function firstCause(signal: SignalRecord, life: Life, end: KnownEnd | null): SignalRecord | null {
  if (!isFromItself(signal)) return null;
  const root = end === null ? null : rootOf(life, end);
  if (root !== null && root.origin !== 'timer') return root;
  const isEarlier = ({ ts }: SignalRecord) => ts <= signal.ts;
  const again = life.requests.findLast(
    (request) => request.signal.number === signal.number && isEarlier(request.signal),
  );
  if (again !== undefined) return again.signal;
  const fault = life.handled.findLast((each) => isHandledFault(each) && isEarlier(each));
  return fault !== undefined && isCrash(signal) && signal.ts - fault.ts <= FAULT_WAIT ? fault : null;
}

/** Asked first, and killed only then: worth a look, and no attack. */
function afterRequest(own: Verdict): Verdict {
  return {
    verdict: 'attention',
    rule: 'default:killed-after-request',
    severity: own.severity === 'critical' ? 'error' : 'warning',
    reason: 'it was asked to end, did not, and was killed',
  };
}

/** A record says of core dumps only what its signal may leave. */
export function withCoreDump(signal: SignalRecord, end: KnownEnd | null): SignalRecord {
  if (end === null || (signal.coreDumped ?? null) !== null || defaultAction(signal.number) !== 'core')
    return signal;
  return { ...signal, coreDumped: end.coreDumped };
}
