/** What is wrong with rules, in the words and with the place that a deploy gives. */
import { REASONS, TraceError, readRule, readRuleSet } from '../../../src/rule-language';

/** `rules[2].when.signal: "SIGFOO" is not a signal` */
export function refusalOf(error: unknown): string {
  if (!(error instanceof TraceError)) return error instanceof Error ? error.message : String(error);
  const general = `${REASONS[error.code]}: `;
  return error.message.startsWith(general) ? error.message.slice(general.length) : error.message;
}

/** @returns null where the rules can be used */
export function refusalOfRules(written: unknown): string | null {
  try {
    readRuleSet(written);
    return null;
  } catch (error) {
    return refusalOf(error);
  }
}

/**
 * The same, said of each rule by its index; under -1 what is wrong with the whole. A deploy stops at the first of them.
 */
export function refusalsByRule(rules: readonly unknown[], match: string): ReadonlyMap<number, string> {
  const refusals = new Map<number, string>();
  const read = rules.map((rule, index) => {
    try {
      readRule(rule, `rules[${index}]`);
      return rule;
    } catch (error) {
      refusals.set(index, refusalOf(error));
      // Something in its place that is a rule, so that the others are read on.
      return { name: `\0${index}`, on: 'loss', verdict: 'unknown' };
    }
  });
  const whole = refusalOfRules({ match, rules: read });
  if (whole !== null) refusals.set(Number(/^rules\[(\d+)\]/.exec(whole)?.[1] ?? -1), whole);
  return refusals;
}
