import type { SignalRecord, SignalTarget } from '../../model/report';
import { defaultVerdict, type Verdict } from './default-verdicts';
import type { RuleSet } from '../language/rule';
import { RuleExpiry } from './rule-expiry';
import { RuleIndex } from './rule-index';
import { compileRule, verdictOf, type CompiledRule } from './rule-match';

export type { Verdict } from './default-verdicts';
export { verdictOf } from './rule-match';

/** Of the session's own signal, which no rule is asked about. */
export const CONTROL: Verdict = {
  verdict: 'expected',
  rule: 'default:session-control',
  severity: 'info',
  reason: 'by it the tracing session asks its own traced parent to send a signal',
};

/**
 * Says of each signal whether it was to be expected: the user's rules in their order, then the default verdicts.
 * Rules about more than one moment, about zombies and about lost events are not decided here.
 */
export class SignalJudge {
  readonly #index: RuleIndex;
  readonly #expiry = new RuleExpiry();

  readonly #set: RuleSet;

  constructor(set: RuleSet) {
    this.#set = set;

    const rules = set.rules.filter(
      ({ enabled, on, pattern }) => enabled && on === 'signal' && pattern === null,
    );
    this.#index = new RuleIndex(rules.map(compileRule));
  }

  /**
   * The verdict of the first rule that matches.
   * @param target who it happened to; null where the trace does not know, and conditions on it do not hold
   */
  judge(signal: SignalRecord, target: SignalTarget | null): Verdict {
    // Before the user's rules: it is ours, and the workload never sees it.
    if (signal.control) return CONTROL;
    const fired = this.#index.first(signal, target, (compiled) => this.#isValid(compiled, signal));
    return fired === null ? defaultVerdict(signal, target) : this.#verdict(fired, signal, target);
  }

  /** The verdicts of every rule that matches where the set says `match: all`, else that of the first; never empty. */
  judgeAll(signal: SignalRecord, target: SignalTarget | null): Verdict[] {
    if (signal.control || this.#set.match === 'first') return [this.judge(signal, target)];
    const fired = this.#index.all(signal, target, (compiled) => this.#isValid(compiled, signal));
    if (fired.length === 0) return [defaultVerdict(signal, target)];
    return fired.map((compiled) => this.#verdict(compiled, signal, target));
  }

  /** Lines about rules and exceptions that are over or can not be dated; each is given once. */
  takeNotices(): string[] {
    return this.#expiry.takeNotices();
  }

  #isValid({ rule }: CompiledRule, { time }: SignalRecord): boolean {
    return this.#expiry.holds(rule, rule, time);
  }

  #verdict(compiled: CompiledRule, signal: SignalRecord, target: SignalTarget | null): Verdict {
    return verdictOf(compiled, signal, target, signal.time, this.#expiry);
  }
}
