import { defaultAction } from '../../kernel/signals';
import type { SignalRecord, SignalTarget } from '../../model/report';
import { MissingEvents, type Absence } from './missing-events';
import type { AlertPattern } from '../alerts/alert';
import type { DueQueue } from '../alerts/due-queue';
import { EarlierSignals } from './earlier-signals';
import { fieldKey, keyOf } from '../matching/field-key';
import type { Gaps } from './gaps';
import type { Rule } from '../language/rule';
import type { RuleExpiry } from '../matching/rule-expiry';
import { RuleIndex } from '../matching/rule-index';
import { exceptionOf, type CompiledRule } from '../matching/rule-match';
import { SignalCounts } from './signal-counts';
import { asPending, wasQueued } from './signal-facts';
import type { WatchCounters } from './watch-counters';

/** A rule that fires by a signal, and what of the time before belongs to it. */
export interface MatchedRule {
  readonly compiled: CompiledRule;
  readonly pattern: AlertPattern;
}

/** The rules about signals, with what they have to remember of the signals before. */
export class SignalRules {
  readonly absences: MissingEvents;
  readonly #earlier: EarlierSignals;
  readonly #counts = new SignalCounts();
  /** The rules that fire by a signal, found by its number; the others fire by what does not come. */
  readonly #index: RuleIndex;
  readonly #awaiting: readonly CompiledRule[];
  readonly #places: ReadonlyMap<CompiledRule, number>;
  /** One that matches has fired: none of them looks at other signals, or at what was lost. */
  readonly #decidesAlone: boolean;

  readonly #isAll: boolean;
  readonly #expiry: RuleExpiry;
  readonly #gaps: Gaps;
  readonly #tallies: WatchCounters;

  constructor(
    rules: readonly CompiledRule[],
    isAll: boolean,
    expiry: RuleExpiry,
    gaps: Gaps,
    tallies: WatchCounters,
    agenda: DueQueue<() => void>,
    absent: (absence: Absence) => void,
  ) {
    this.#isAll = isAll;
    this.#expiry = expiry;
    this.#gaps = gaps;
    this.#tallies = tallies;

    const byAbsence = ({ rule }: CompiledRule): boolean => rule.pattern?.kind === 'without';
    const firing = rules.filter((compiled) => !byAbsence(compiled));
    this.#index = new RuleIndex(firing);
    this.#awaiting = rules.filter(byAbsence);
    this.#places = new Map(rules.map((compiled, place) => [compiled, place]));
    this.#decidesAlone =
      !isAll && firing.every(({ rule }) => rule.pattern === null && !rule.requiresComplete);
    this.#earlier = new EarlierSignals(rules);
    this.absences = new MissingEvents(agenda, absent);
  }

  get leftOut(): number {
    return this.#earlier.leftOut + this.#counts.leftOut + this.absences.leftOut;
  }

  /** It waits to be delivered. */
  sent(signal: SignalRecord, target: SignalTarget): void {
    this.#notice(signal, target);
    if (!wasQueued(signal)) return;
    const pending = asPending(signal);
    this.#earlier.sent(pending, target);
    if (this.#awaiting.length === 0) return;
    const decided = this.#isAll ? Infinity : this.#decidedBy(pending, target);
    for (const compiled of this.#awaiting) {
      const holds =
        this.#places.get(compiled)! < decided &&
        this.#isOn(compiled, signal) &&
        compiled.holds(pending, target);
      this.absences.sent(compiled, pending, target, holds);
    }
  }

  /** The place of the first rule that decides about what waits by itself, however long it waits. */
  #decidedBy(pending: SignalRecord, target: SignalTarget): number {
    const matching = this.#index.all(pending, target, (compiled) => this.#isOn(compiled, pending));
    const first = matching.find(({ rule }) => rule.pattern === null);
    return first === undefined ? Infinity : this.#places.get(first)!;
  }

  /** It is known what became of it. */
  settled(signal: SignalRecord, target: SignalTarget): void {
    this.#notice(signal, target);
    this.#earlier.settled(signal, target);
  }

  /** The rules that fire by this signal now: the first alone, unless all count. */
  fired(signal: SignalRecord, target: SignalTarget | null, now: number): MatchedRule[] {
    const fired: MatchedRule[] = [];
    for (const compiled of this.#matching(signal, target)) {
      const pattern = this.#patternOf(compiled, signal, target, now);
      if (pattern === null) continue;
      if (!isEnough(compiled.rule, pattern.incomplete)) {
        this.#tallies.incomplete++;
        continue;
      }
      fired.push({ compiled, pattern });
      if (!this.#isAll) break;
    }
    if (this.#awaiting.length > 0 && target !== null) this.#settleAwaited(signal, target, fired[0]);
    return fired;
  }

  /** Those whose conditions hold, in their order; only the first where that one has fired then. */
  #matching(signal: SignalRecord, target: SignalTarget | null): readonly CompiledRule[] {
    const isOn = (compiled: CompiledRule): boolean => this.#isOn(compiled, signal);
    if (!this.#decidesAlone) return this.#index.all(signal, target, isOn);
    const first = this.#index.first(signal, target, isOn);
    return first === null ? [] : [first];
  }

  /** What is awaited since it was sent is no longer asked for where a rule before has fired, or it turned out otherwise. */
  #settleAwaited(signal: SignalRecord, target: SignalTarget, fired: MatchedRule | undefined): void {
    const decided = fired === undefined || this.#isAll ? Infinity : this.#places.get(fired.compiled)!;
    for (const compiled of this.#awaiting) {
      const holds =
        this.#places.get(compiled)! < decided &&
        this.#isOn(compiled, signal) &&
        compiled.holds(signal, target);
      this.absences.settled(compiled, signal, target, holds);
    }
  }

  #isOn({ rule }: CompiledRule, { time }: SignalRecord): boolean {
    return this.#expiry.holds(rule, rule, time);
  }

  clear(): void {
    this.#earlier.clear();
    this.#counts.clear();
  }

  /** Somebody may have waited for just this. */
  #notice(signal: SignalRecord, target: SignalTarget): void {
    this.absences.signalCame(signal, target);
    const goesOn = defaultAction(signal.number) === 'continue' && signal.result !== 'overflow';
    if (goesOn) this.absences.came(target.id, 'continue', signal.ts);
  }

  /** What the rule finds in a signal that matches it; null where it does not fire by it now. */
  #patternOf(
    compiled: CompiledRule,
    signal: SignalRecord,
    target: SignalTarget | null,
    now: number,
  ): AlertPattern | null {
    const { rule } = compiled;
    const fingerprint = fingerprintOf(rule, signal, target);
    const common = fingerprint === undefined ? {} : { fingerprint };
    switch (rule.pattern?.kind) {
      case 'after': {
        const earlier = target === null ? null : this.#earlier.before(compiled, signal, target);
        if (earlier === null) return null;
        return { ...common, earlier: [earlier], incomplete: this.#gaps.between(earlier.ts, now) };
      }
      case 'times': {
        // What is excepted is passed by its exception, and neither counts nor is counted.
        if (exceptionOf(compiled, signal, target, signal.time, this.#expiry) !== null) return common;
        const crossing = this.#counts.add(compiled, signal, target, now);
        if (crossing === null) return null;
        const { key, since, say, ...rest } = crossing;
        const incomplete = this.#gaps.between(since, now);
        if (isEnough(rule, incomplete)) say();
        return { fingerprint: keyOf([rule.name, key]), ...common, ...rest, incomplete };
      }
      default:
        return { ...common, incomplete: this.#gaps.between(signal.ts, now) };
    }
  }
}

function isEnough({ requiresComplete }: Rule, incomplete: readonly string[] = []): boolean {
  return !requiresComplete || incomplete.length === 0;
}

/** Undefined for the usual one. */
export function fingerprintOf(
  rule: Rule,
  signal: SignalRecord | null,
  target: SignalTarget | null,
): string | undefined {
  return rule.repeats === null ? undefined : keyOf([rule.name, fieldKey(rule.repeats.by, signal, target)]);
}
