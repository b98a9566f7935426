/**
 * Which rules a signal has to be compared with. Most rules name their signals: each number has a list of its own of
 * the rules that it can match. Rules of a list that share a condition (`fatal`, who sent it) are asked for it once.
 */
import type { SignalRecord, SignalTarget } from '../../model/report';
import { compileCondition, type ConditionTest } from './compiled-condition';
import { incompletenessOf } from '../language/evidence';
import { signalsThatMatch } from './matching-signals';
import type { Condition } from '../language/rule';
import type { CompiledRule } from './rule-match';

const LAST_SIGNAL = 64;

interface Candidate {
  /** Its place among the rules. */
  readonly place: number;
  readonly compiled: CompiledRule;
  /** What is left to ask where the group's condition holds. */
  readonly rest: ConditionTest;
}

interface Group {
  /** What all of them ask for; null where they have nothing in common. */
  readonly shared: ConditionTest | null;
  /** In the order of the rules. */
  readonly candidates: readonly Candidate[];
}

/** Whether a rule that matches counts: its expiry. */
export type Accepts = (compiled: CompiledRule) => boolean;

export class RuleIndex {
  readonly #byNumber: readonly (readonly Group[])[];
  readonly #all: readonly Group[];

  constructor(rules: readonly CompiledRule[]) {
    const parts = rules.map(({ rule }) => conjuncts(rule.when));
    // What asks for the number alone is answered by the list that the rule is in.
    const others = parts.map((conditions) => conditions.filter((each) => !signalsThatMatch(each).isExact));
    const matches = rules.map(({ rule }) => signalsThatMatch(rule.when).matches);
    const places = rules.map((_, place) => place);
    // Many numbers have the same list.
    const known = new Map<string, readonly Group[]>();
    this.#byNumber = Array.from({ length: LAST_SIGNAL + 1 }, (_, number) => {
      const matching = places.filter((place) => matches[place]?.(number));
      const groups = known.get(matching.join()) ?? grouped(rules, matching, others);
      known.set(matching.join(), groups);
      return groups;
    });
    this.#all = grouped(rules, places, parts);
  }

  /** The first rule that matches and is accepted; null where none is. */
  first(signal: SignalRecord, target: SignalTarget | null, accepts: Accepts): CompiledRule | null {
    let found: Candidate | null = null;
    for (const { shared, candidates } of this.#byNumber[signal.number] ?? this.#all) {
      if (found !== null && candidates[0]!.place > found.place) continue;
      if (shared !== null && !shared(signal, target)) continue;
      for (const candidate of candidates) {
        if (found !== null && candidate.place > found.place) break;
        if (candidate.rest(signal, target) && accepts(candidate.compiled)) {
          found = candidate;
          break;
        }
      }
    }
    return found?.compiled ?? null;
  }

  /** Every rule that matches and is accepted, in their order. */
  all(signal: SignalRecord, target: SignalTarget | null, accepts: Accepts): CompiledRule[] {
    const found: Candidate[] = [];
    for (const { shared, candidates } of this.#byNumber[signal.number] ?? this.#all) {
      if (shared !== null && !shared(signal, target)) continue;
      for (const candidate of candidates) {
        if (candidate.rest(signal, target) && accepts(candidate.compiled)) found.push(candidate);
      }
    }
    return found.sort((a, b) => a.place - b.place).map(({ compiled }) => compiled);
  }
}

function conjuncts(condition: Condition): readonly Condition[] {
  return condition.kind === 'all' ? condition.of.flatMap(conjuncts) : [condition];
}

/** Takes the condition that most of them share, makes a group of these, and goes on with the others. */
function grouped(
  rules: readonly CompiledRule[],
  places: readonly number[],
  parts: readonly (readonly Condition[])[],
): readonly Group[] {
  const keys = parts.map((conditions) => conditions.map((condition) => JSON.stringify(condition)));
  const groups: Group[] = [];
  let left = places;
  const candidate = (place: number, without: string | null): Candidate => {
    const compiled = rules[place]!;
    const rest = parts[place]!.filter((_, index) => keys[place]![index] !== without);
    return { place, compiled, rest: whole(compiled, compileCondition({ kind: 'all', of: rest })) };
  };
  for (;;) {
    const key = mostFrequent(left.flatMap((place) => [...new Set(keys[place])]));
    if (key === null) break;
    const members = left.filter((place) => keys[place]!.includes(key));
    left = left.filter((place) => !members.includes(place));
    const shared = compileCondition(parts[members[0]!]![keys[members[0]!]!.indexOf(key)]!);
    groups.push({ shared, candidates: members.map((place) => candidate(place, key)) });
  }
  if (left.length > 0) groups.push({ shared: null, candidates: left.map((place) => candidate(place, null)) });
  return groups;
}

function whole({ rule }: CompiledRule, test: ConditionTest): ConditionTest {
  if (!rule.requiresComplete) return test;
  return (signal, target) => test(signal, target) && incompletenessOf(signal, target).length === 0;
}

/** The text that is there most often; null where each is there once. */
function mostFrequent(texts: readonly string[]): string | null {
  const counts = new Map<string, number>();
  let most: string | null = null;
  for (const text of texts) {
    const count = (counts.get(text) ?? 0) + 1;
    counts.set(text, count);
    if (count > (most === null ? 1 : counts.get(most)!)) most = text;
  }
  return most;
}
