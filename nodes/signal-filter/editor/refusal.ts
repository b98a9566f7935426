/** What is wrong with rules, where a deploy says it, in the language of the editor. */
import {
  RuleRefusal,
  TraceError,
  findRuleWarnings,
  readRule,
  readRuleSet,
  type Say,
} from '../../../src/rule-language';

/** `rules[2].when.signal: "SIGFOO" is not a signal` */
export function refusalOf(error: unknown, say: Say): string {
  if (error instanceof RuleRefusal) return error.inWords(say);
  if (error instanceof TraceError) return error.detail;
  return error instanceof Error ? error.message : String(error);
}

function findRefusal(written: unknown): unknown {
  try {
    readRuleSet(written);
    return null;
  } catch (error) {
    return error;
  }
}

/** @returns null where the rules can be used */
export function refusalOfRules(written: unknown, say: Say): string | null {
  const error = findRefusal(written);
  return error === null ? null : refusalOf(error, say);
}

/**
 * The same, said of each rule by its index; under -1 what is wrong with the whole. A deploy stops at the first of them.
 */
export function refusalsByRule(
  rules: readonly unknown[],
  match: string,
  say: Say,
): ReadonlyMap<number, string> {
  const refusals = new Map<number, string>();
  const read = rules.map((rule, index) => {
    try {
      readRule(rule, `rules[${index}]`);
      return rule;
    } catch (error) {
      refusals.set(index, refusalOf(error, say));
      // Something in its place that is a rule, so that the others are read on.
      return { name: `\0${index}`, on: 'loss', enabled: false, verdict: 'unknown' };
    }
  });
  const whole = findRefusal({ match, rules: read });
  if (whole !== null) {
    const place = whole instanceof RuleRefusal ? whole.place : '';
    refusals.set(Number(/^rules\[(\d+)\]/.exec(place)?.[1] ?? -1), refusalOf(whole, say));
  }
  return refusals;
}

/**
 * What can be used and is probably a mistake, by the rule's index: it can never match, or has no effect, or has expired.
 * None where some rule is refused.
 */
export function warningsByRule(
  rules: readonly unknown[],
  match: string,
  say: Say,
): ReadonlyMap<number, string> {
  const warnings = new Map<number, string>();
  let set;
  try {
    set = readRuleSet({ match, rules });
  } catch {
    return warnings;
  }
  for (const { rule, key, values } of findRuleWarnings(set, Date.now())) {
    const text = say(`ruleWarning.${key}`, values);
    const before = warnings.get(rule);
    warnings.set(rule, before === undefined ? text : say('words.and', { first: before, last: text }));
  }
  return warnings;
}
