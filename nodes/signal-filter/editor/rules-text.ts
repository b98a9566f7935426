/** The setting `rules`: JSON text of a list of rules, or of an object with the list and how it is matched. */
import { isObject, MATCHINGS, RULE_KEYS, type JsonObject } from '../../../src/rule-language';

export interface RulesText {
  /** As they are written; also what is no rule. */
  readonly rules: readonly unknown[];
  readonly match: (typeof MATCHINGS)[number];
  /** What else the object around the list has; null where there is only a list. */
  readonly around: JsonObject | null;
}

/** @throws SyntaxError where it is not JSON; gives null where it is JSON of another shape than the list can show */
export function readRulesText(text: string): RulesText | null {
  if (text.trim() === '') return { rules: [], match: 'first', around: null };
  const written: unknown = JSON.parse(text);
  if (Array.isArray(written)) return { rules: written as unknown[], match: 'first', around: null };
  if (!isObject(written) || !Array.isArray(written['rules'])) return null;
  const match = written['match'] ?? 'first';
  const found = MATCHINGS.find((each) => each === match);
  return found === undefined ? null : { rules: written['rules'] as unknown[], match: found, around: written };
}

/** The setting as it is deployed and asked for in a dry run. */
export function writtenRules({ rules, match, around }: RulesText): unknown {
  if (around === null) return match === 'first' ? rules : { match, rules };
  // A match that was not written is not written now either, unless it is another one.
  const matching = around['match'] === undefined && match === 'first' ? {} : { match };
  return { ...around, ...matching, rules };
}

/** @param before the text that was there: it stays as it is written where it says the same */
export function rulesText(content: RulesText, before: string): string {
  const written = writtenRules(content);
  try {
    const was: unknown = before.trim() === '' ? [] : JSON.parse(before);
    if (JSON.stringify(was) === JSON.stringify(written)) return before;
  } catch {
    // What was no JSON is replaced.
  }
  return JSON.stringify(written, null, 2);
}

/**
 * The rule with one key changed, or without it. The others keep their order, also those that no form knows; a new
 * one goes where the language's list of keys has it.
 */
export function withKey(rule: JsonObject, key: (typeof RULE_KEYS)[number], value: unknown): JsonObject {
  const entries = Object.entries(rule);
  const at = entries.findIndex(([name]) => name === key);
  if (value === undefined) return Object.fromEntries(entries.filter(([name]) => name !== key));
  if (at >= 0) entries[at] = [key, value];
  else {
    const rank = (name: string): number => (RULE_KEYS as readonly string[]).indexOf(name);
    const next = entries.findIndex(([name]) => rank(name) > rank(key));
    entries.splice(next < 0 ? entries.length : next, 0, [key, value]);
  }
  return Object.fromEntries(entries);
}
