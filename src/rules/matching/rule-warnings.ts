/** What is allowed in a rules file and is probably a mistake: a rule or an exception that can have no effect. */
import type { Condition, FieldTest, Rule, RuleSet } from '../language/rule';
import { signalsThatMatch } from './matching-signals';

const LAST_SIGNAL = 64;
const SIGNALS = Array.from({ length: LAST_SIGNAL }, (_, index) => index + 1);

/**
 * @param now milliseconds since 1970, for what has expired; null where that is not asked
 * @returns a line for each, with the rule's place: `rules[2] "kills": can never match, ...`
 */
export function ruleWarnings({ match, rules }: RuleSet, now: number | null = null): string[] {
  return rules.flatMap((rule, index) => {
    const place = `rules[${index}] "${rule.name}"`;
    const lines: string[] = [];
    if (!rule.enabled) return lines;
    const contradiction = contradictionIn(rule);
    if (contradiction !== null) lines.push(`${place}: can never match, ${contradiction}`);
    else if (match === 'first') {
      const earlier = rules.findIndex((other, at) => at < index && shadows(other, rule));
      if (earlier >= 0) {
        lines.push(`${place}: has no effect, rules[${earlier}] "${rules[earlier]!.name}" matches first`);
      }
    }
    if (now === null) return lines;
    if (rule.until !== null && rule.until <= now) lines.push(`${place}: expired ${dateOf(rule.until)}`);
    for (const [at, { until, reason }] of rule.except.entries()) {
      if (until === null || until > now) continue;
      lines.push(`${place}.except[${at}] "${reason}": expired ${dateOf(until)}`);
    }
    return lines;
  });
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().replace('T00:00:00.000Z', '');
}

/** Null where something may fulfil the condition, as far as a look at it can tell. */
function contradictionIn({ on, when }: Rule): string | null {
  const parts = conjuncts(when);
  if (on === 'signal') {
    const { matches } = signalsThatMatch(when);
    if (!SIGNALS.some(matches)) return 'its conditions leave no signal';
  }
  const tests = parts.flatMap((part) => (part.kind === 'field' ? [part] : []));
  for (const { field, test } of tests) {
    if (isEmpty(test)) return `its tests of ${field} exclude each other`;
    // Several texts may fulfil one test each.
    const other = tests.find(
      (each) => each.field === field && each.test !== test && excludes(each.test, test),
    );
    if (other !== undefined && !/stack|ancestors/.test(field))
      return `its tests of ${field} exclude each other`;
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
