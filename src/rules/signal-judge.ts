import type { SignalRecord, SignalTarget } from '../model/report';
import { defaultVerdict, type Verdict } from './default-verdicts';
import type { RuleSet } from './rule';
import { compileRule, exceptionOf, holdsAt, type CompiledRule } from './rule-match';

export type { Verdict } from './default-verdicts';

/**
 * Says of each signal whether it was to be expected: the user's rules in their order, then the default verdicts.
 * Rules about more than one moment, about zombies and about lost events are not decided here.
 */
export class SignalJudge {
  private readonly rules: readonly CompiledRule[];

  constructor(private readonly set: RuleSet) {
    this.rules = set.rules
      .filter((rule) => rule.enabled && rule.on === 'signal' && rule.pattern === null)
      .map(compileRule);
  }

  /** @param target who it happened to; null where the trace does not know, and conditions on it do not hold */
  judge(signal: SignalRecord, target: SignalTarget | null): Verdict {
    // Before the user's rules: it is ours, and the workload never sees it.
    if (signal.control) return CONTROL;
    for (const compiled of this.rules) {
      if (matches(compiled, signal, target)) return verdictOf(compiled, signal, target);
    }
    return defaultVerdict(signal, target);
  }

  /** The verdicts of every rule that matches where the rules say so, else that of the first; never empty. */
  judgeAll(signal: SignalRecord, target: SignalTarget | null): Verdict[] {
    if (signal.control || this.set.match === 'first') return [this.judge(signal, target)];
    const verdicts = this.rules
      .filter((compiled) => matches(compiled, signal, target))
      .map((compiled) => verdictOf(compiled, signal, target));
    return verdicts.length > 0 ? verdicts : [defaultVerdict(signal, target)];
  }
}

const CONTROL: Verdict = {
  verdict: 'expected',
  rule: 'default:session-control',
  severity: 'info',
  reason: 'by it the tracing session asks its own traced parent to send a signal',
};

function matches(compiled: CompiledRule, signal: SignalRecord, target: SignalTarget | null): boolean {
  return compiled.holds(signal, target) && holdsAt(compiled.rule.until, signal.time);
}

/** What a rule that fires says; an exception turns it into `expected`, under a name that hides neither. */
export function verdictOf(
  compiled: CompiledRule,
  signal: SignalRecord | null,
  target: SignalTarget | null,
): Verdict {
  const { name, verdict, severity, reason } = compiled.rule;
  const exception = exceptionOf(compiled, signal, target, signal?.time ?? null);
  if (exception === null) return { verdict, rule: name, severity, reason };
  return {
    verdict: 'expected',
    rule: `${name} (except: ${exception.reason})`,
    severity: 'info',
    reason: exception.reason,
  };
}
