import type { SignalRecord, SignalTarget } from '../model/report';
import { compileCondition, type ConditionTest } from './condition';
import { incompletenessOf } from './evidence';
import type { Rule, RuleException } from './rule';

/** A rule, and what compares a signal, a zombie or a loss with it. */
export interface CompiledRule {
  readonly rule: Rule;
  /** `when`, on evidence that the rule accepts. `until` is not looked at. */
  readonly holds: ConditionTest;
  /** Of `after`, or of `without` where it awaits a signal; null for a rule without it. */
  readonly other: ConditionTest | null;
  readonly exceptions: readonly { readonly exception: RuleException; readonly holds: ConditionTest }[];
}

export function compileRule(rule: Rule): CompiledRule {
  const when = compileCondition(rule.when);
  const { pattern } = rule;
  const other = pattern !== null && 'when' in pattern ? compileCondition(pattern.when) : null;
  return {
    rule,
    holds: rule.requiresComplete
      ? (signal, target) => when(signal, target) && incompletenessOf(signal, target).length === 0
      : when,
    other,
    exceptions: rule.except.map((exception) => ({ exception, holds: compileCondition(exception.when) })),
  };
}

/**
 * Whether something with an expiry still holds at a signal's wall time, ISO 8601. Where the trace does not know the
 * wall time it does: a rule that nobody can date is better kept than lost.
 */
export function holdsAt(until: number | null, time: string | null): boolean {
  return until === null || time === null || !(Date.parse(time) >= until);
}

/** The exception that lets this pass; null where there is none. */
export function exceptionOf(
  { exceptions }: CompiledRule,
  signal: SignalRecord | null,
  target: SignalTarget | null,
  time: string | null,
): RuleException | null {
  for (const { exception, holds } of exceptions) {
    if (holds(signal, target) && holdsAt(exception.until, time)) return exception;
  }
  return null;
}
