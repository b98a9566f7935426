/** Names of rules are unique: what is added to a list takes the next that is free. */
import { isObject } from '../../../src/rule-language';

/** The rule under its own name, or as `name 2`; the name is taken then. */
export function freeName(rule: unknown, taken: Set<unknown>): unknown {
  if (!isObject(rule) || typeof rule['name'] !== 'string') return rule;
  let name = rule['name'];
  for (let number = 2; taken.has(name); number++) name = `${rule['name']} ${number}`;
  taken.add(name);
  return { ...rule, name };
}
