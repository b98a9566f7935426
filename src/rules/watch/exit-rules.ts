/** Rules on the end of a process: `on: "exit"`. */
import type { SignalTarget } from '../../model/report';
import { makePlainAlert } from '../alerts/alert';
import { endText } from '../alerts/end-text';
import type { RuleTarget } from '../language/condition-fields';
import type { RuleExpiry } from '../matching/rule-expiry';
import { verdictOf, type CompiledRule } from '../matching/rule-match';
import type { Judgements } from './judgement';
import type { KnownEnd } from './lives';
import { fingerprintOf } from './signal-rules';

export class ExitRules {
  readonly #rules: readonly CompiledRule[];
  readonly #isAll: boolean;
  readonly #expiry: RuleExpiry;
  readonly #judgements: Judgements;

  /** @param isAll each rule that matches gives its verdict; else the first */
  constructor(rules: readonly CompiledRule[], isAll: boolean, expiry: RuleExpiry, judgements: Judgements) {
    this.#rules = rules;
    this.#isAll = isAll;
    this.#expiry = expiry;
    this.#judgements = judgements;
  }

  /**
   * @param now when it is reported, on the trace clock
   * @returns whether a rule decided
   */
  judge(target: SignalTarget, end: KnownEnd, now: number): boolean {
    if (this.#rules.length === 0) return false;
    const { ts, time } = end;
    const subject: RuleTarget = { ...target, end };
    const matching = this.#rules.filter(
      (compiled) => compiled.holds(null, subject) && this.#expiry.holds(compiled.rule, compiled.rule, time),
    );
    for (const compiled of this.#isAll ? matching : matching.slice(0, 1)) {
      const { rule } = compiled;
      const verdict = verdictOf(compiled, null, subject, time, this.#expiry);
      const fingerprint = fingerprintOf(rule, null, subject);
      const alert = makePlainAlert('exit', verdict, {
        process: target,
        first: ts,
        last: ts,
        time,
        incomplete: target.incomplete ?? [],
        ...(fingerprint !== undefined && { fingerprint }),
        text: endText(target, end, verdict.reason),
      });
      this.#judgements.raise(verdict, alert, rule, now);
    }
    return matching.length > 0;
  }
}
