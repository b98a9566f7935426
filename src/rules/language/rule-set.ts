import type { RuleMatching, RuleSet } from './rule';
import { isObject, onlyKeys, refuse, choiceAt } from './rule-input';
import { readRule } from './rule-reading';

export const MATCHINGS: readonly RuleMatching[] = ['first', 'all'];

/**
 * Reads rules from parsed JSON (docs/rules.md): a list of rules, or an object with the list under `rules`.
 *
 * @throws TraceError CONFIG_INVALID with the place: `rules[2].when.signal: "SIGFOO" is not a signal`
 */
export function readRuleSet(input: unknown): RuleSet {
  let list = input;
  let match: RuleMatching = 'first';
  if (isObject(input)) {
    onlyKeys(input, ['$schema', 'match', 'rules'], '');
    if (input['match'] !== undefined) match = choiceAt(input['match'], MATCHINGS, 'match');
    list = input['rules'];
  }
  if (!Array.isArray(list)) refuse('rules', 'rules', { found: list });
  const rules = list.map((rule, index) => readRule(rule, `rules[${index}]`));
  const places = new Map<string, number>();
  rules.forEach(({ name }, index) => {
    const earlier = places.get(name);
    if (earlier !== undefined) {
      refuse(`rules[${index}].name`, 'sameName', { found: name, values: { other: `rules[${earlier}]` } });
    }
    places.set(name, index);
  });
  return { match, rules };
}
