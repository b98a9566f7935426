import type { SignalRecord, SignalTarget } from '../../model/report';
import { compileCondition, type ConditionTest } from './compiled-condition';
import type { Verdict } from './verdict';
import { incompletenessOf } from '../language/evidence';
import type { Rule, RuleException } from '../language/rule';
import { holdsAt, type RuleExpiry } from './rule-expiry';

/** A rule, and what compares a signal, a zombie or a loss with it. */
export interface CompiledRule {
  readonly rule: Rule;
  /** `when`, on evidence that the rule accepts. `until` is for `RuleExpiry`. */
  readonly holds: ConditionTest;
  /** Of `after`, or of `without` where it awaits a signal; null for a rule without it. */
  readonly other: ConditionTest | null;
  /** What it says when it fires, and no exception holds. */
  readonly verdict: Verdict;
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
    verdict: { verdict: rule.verdict, rule: rule.name, severity: rule.severity, reason: rule.reason },
    exceptions: rule.except.map((exception) => ({ exception, holds: compileCondition(exception.when) })),
  };
}

/** The exception that lets this pass; null where there is none. */
export function exceptionOf(
  { rule, exceptions }: CompiledRule,
  signal: SignalRecord | null,
  target: SignalTarget | null,
  time: string | null,
  expiry?: RuleExpiry,
): RuleException | null {
  for (const { exception, holds } of exceptions) {
    if (!holds(signal, target)) continue;
    const isOn = expiry?.holds(rule, exception, time, exception) ?? holdsAt(exception.until, time);
    if (isOn) return exception;
  }
  return null;
}

/**
 * What a rule that fires says; an exception turns it into `expected`, under a name that hides neither.
 * @param expiry keeps what is to be reported about its expiry; absent where nobody asks
 */
export function verdictOf(
  compiled: CompiledRule,
  signal: SignalRecord | null,
  target: SignalTarget | null,
  time: string | null = signal?.time ?? null,
  expiry?: RuleExpiry,
): Verdict {
  const exception = exceptionOf(compiled, signal, target, time, expiry);
  if (exception === null) return compiled.verdict;
  return {
    verdict: 'expected',
    rule: `${compiled.rule.name} (except: ${exception.reason})`,
    severity: 'info',
    reason: exception.reason,
  };
}
