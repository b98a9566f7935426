import type { SignalRecord, SignalTarget } from '../model/report';
import { defaultVerdict, type Verdict } from './default-verdicts';
import type { Rule } from './rule';
import { conditionHolds } from './rule-match';

export type { Verdict } from './default-verdicts';

/** Says of each signal whether it was to be expected: the user's rules in their order, then the default verdicts. */
export class SignalJudge {
  constructor(private readonly rules: readonly Rule[]) {}

  /** @param target who it happened to; null where the trace does not know, and conditions on it do not hold */
  judge(signal: SignalRecord, target: SignalTarget | null): Verdict {
    // Before the user's rules: it is ours, and the workload never sees it.
    if (signal.control) {
      const reason = 'by it the tracing session asks its own traced parent to send a signal';
      return { verdict: 'expected', rule: 'default:session-control', severity: 'info', reason };
    }
    const rule = this.rules.find((candidate) => conditionHolds(candidate.when, signal, target));
    if (!rule) return defaultVerdict(signal, target);
    return { verdict: rule.verdict, rule: rule.name, severity: rule.severity, reason: rule.reason };
  }
}
