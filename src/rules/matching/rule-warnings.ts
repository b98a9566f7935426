/** What is allowed in a rules file and is probably a mistake: a rule or an exception that can have no effect. */
import type { Condition, FieldTest, Rule, RuleSet } from '../language/rule';
import { signalsThatMatch } from './matching-signals';

const LAST_SIGNAL = 64;
const SIGNALS = Array.from({ length: LAST_SIGNAL }, (_, index) => index + 1);

/** In English; signal-filter's dialog has them in its locale files too, under `ruleWarning`. */
export const WARNING_TEXTS = {
  neverMatches: 'can never match, its conditions leave no signal',
  contradicts: 'can never match, its tests of __field__ exclude each other',
  shadowed: 'has no effect, rules[__index__] "__name__" matches first',
  expired: 'expired __date__',
  exceptionExpired: 'its exception "__reason__" expired __date__',
} as const;

/** A rule that can have no effect, or an exception of it. */
export interface RuleWarning {
  /** The rule's index in the list. */
  readonly rule: number;
  readonly key: keyof typeof WARNING_TEXTS;
  readonly values: Readonly<Record<string, string | number>>;
}

/**
 * @param now milliseconds since 1970, for what has expired; null where that is not asked
 * @returns a line for each, with the rule's place: `rules[2] "kills": can never match, ...`
 */
export function ruleWarnings(set: RuleSet, now: number | null = null): string[] {
  return findRuleWarnings(set, now).map(({ rule, key, values }) => {
    const text = WARNING_TEXTS[key].replace(/__([a-z]+)__/g, (_, name: string) => String(values[name]));
    return `rules[${rule}] "${set.rules[rule]!.name}": ${text}`;
  });
}

/** @param now as for ruleWarnings */
export function findRuleWarnings({ match, rules }: RuleSet, now: number | null = null): RuleWarning[] {
  return rules.flatMap((rule, index) => {
    const found: RuleWarning[] = [];
    if (!rule.enabled) return found;
    const warn = (key: RuleWarning['key'], values: RuleWarning['values'] = {}): void => {
      found.push({ rule: index, key, values });
    };
    const contradiction = contradictionIn(rule);
    if (contradiction !== null) {
      if (contradiction.field === null) warn('neverMatches');
      else warn('contradicts', { field: contradiction.field });
    } else if (match === 'first') {
      const earlier = rules.findIndex((other, at) => at < index && shadows(other, rule));
      if (earlier >= 0) warn('shadowed', { index: earlier, name: rules[earlier]!.name });
    }
    if (now === null) return found;
    if (rule.until !== null && rule.until <= now) warn('expired', { date: dateOf(rule.until) });
    for (const { until, reason } of rule.except) {
      if (until !== null && until <= now) warn('exceptionExpired', { reason, date: dateOf(until) });
    }
    return found;
  });
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().replace('T00:00:00.000Z', '');
}

/**
 * Null where something may fulfil the condition, as far as a look at it can say.
 * @returns the field whose tests exclude each other; null for it where no signal is left
 */
function contradictionIn({ on, when }: Rule): { readonly field: string | null } | null {
  const parts = conjuncts(when);
  if (on === 'signal') {
    const { matches } = signalsThatMatch(when);
    if (!SIGNALS.some(matches)) return { field: null };
  }
  const tests = parts.flatMap((part) => (part.kind === 'field' ? [part] : []));
  for (const { field, test } of tests) {
    if (isEmpty(test)) return { field };
    // Several texts may fulfil one test each.
    const other = tests.find(
      (each) => each.field === field && each.test !== test && excludes(each.test, test),
    );
    if (other !== undefined && !/stack|ancestors/.test(field)) return { field };
  }
  return null;
}

function conjuncts(condition: Condition): readonly Condition[] {
  return condition.kind === 'all' ? condition.of.flatMap(conjuncts) : [condition];
}

function isEmpty({ in: values, not, above, atLeast, below, atMost }: FieldTest): boolean {
  if (values !== undefined && not !== undefined && values.every((value) => not.includes(value))) return true;
  const low = Math.max(above ?? -Infinity, atLeast ?? -Infinity);
  const high = Math.min(below ?? Infinity, atMost ?? Infinity);
  return low > high || (low === high && (above === low || below === high));
}

/** Plain values that differ, or one that asks for what is known and one for what is not. */
function excludes(one: FieldTest, other: FieldTest): boolean {
  if (one.known === false || other.known === false) return one.known !== other.known;
  if (one.in === undefined || other.in === undefined) return false;
  const isPlain = (value: unknown): boolean =>
    typeof value !== 'string' || !/[*?@]|^(?:SIG)?[A-Z]+$|^\d+$/i.test(value);
  if (![...one.in, ...other.in].every(isPlain)) return false;
  return !one.in.some((value) => other.in!.includes(value));
}

/** Whether whatever the later rule matches is decided by the earlier one. */
function shadows(earlier: Rule, later: Rule): boolean {
  const { enabled, on, pattern, requiresComplete, until } = earlier;
  if (!enabled || on !== later.on || pattern !== null || requiresComplete || until !== null) return false;
  if (on === 'loss') return (earlier.atLeast ?? 1) <= (later.atLeast ?? 1);
  const wanted = conjuncts(earlier.when);
  const given = new Set(conjuncts(later.when).map((part) => JSON.stringify(part)));
  const [bySignal, byOther] = [true, false].map((exact) =>
    wanted.filter((part) => signalsThatMatch(part).isExact === exact),
  );
  if (!byOther!.every((part) => given.has(JSON.stringify(part)))) return false;
  const { matches: decides } = signalsThatMatch({ kind: 'all', of: bySignal! });
  const { matches } = signalsThatMatch(later.when);
  return on !== 'signal' || SIGNALS.every((number) => !matches(number) || decides(number));
}
