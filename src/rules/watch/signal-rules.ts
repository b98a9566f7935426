import { defaultAction } from '../../kernel/signals';
import type { SignalRecord, SignalTarget } from '../../model/report';
import { Absences, type Absence } from './absences';
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
import type { WatchTallies } from './watch-tallies';

/** A rule that fires by a signal, and what of the time before belongs to it. */
export interface Fired {
  readonly compiled: CompiledRule;
  readonly pattern: AlertPattern;
}

/** The rules about signals, with what they have to remember of the signals before. */
export class SignalRules {
  readonly absences: Absences;
  private readonly earlier: EarlierSignals;
  private readonly counts = new SignalCounts();
  /** The rules that fire by a signal, found by its number; the others fire by what does not come. */
  private readonly index: RuleIndex;
  private readonly awaiting: readonly CompiledRule[];
  private readonly places: ReadonlyMap<CompiledRule, number>;
  /** One that fits has fired: none of them looks at other signals, or at what was lost. */
  private readonly decidesAlone: boolean;

  constructor(
    rules: readonly CompiledRule[],
    private readonly isAll: boolean,
    private readonly expiry: RuleExpiry,
    private readonly gaps: Gaps,
    private readonly tallies: WatchTallies,
    agenda: DueQueue<() => void>,
    absent: (absence: Absence) => void,
  ) {
    const byAbsence = ({ rule }: CompiledRule): boolean => rule.pattern?.kind === 'without';
    const firing = rules.filter((compiled) => !byAbsence(compiled));
    this.index = new RuleIndex(firing);
    this.awaiting = rules.filter(byAbsence);
    this.places = new Map(rules.map((compiled, place) => [compiled, place]));
    this.decidesAlone = !isAll && firing.every(({ rule }) => rule.pattern === null && !rule.requiresComplete);
    this.earlier = new EarlierSignals(rules);
    this.absences = new Absences(agenda, absent);
  }

  get leftOut(): number {
    return this.earlier.leftOut + this.counts.leftOut + this.absences.leftOut;
  }

  /** It waits to be delivered. */
  sent(signal: SignalRecord, target: SignalTarget): void {
    this.notice(signal, target);
    if (!wasQueued(signal)) return;
    const pending = asPending(signal);
    this.earlier.sent(pending, target);
    if (this.awaiting.length === 0) return;
    const decided = this.isAll ? Infinity : this.decidedBy(pending, target);
    for (const compiled of this.awaiting) {
      const holds =
        this.places.get(compiled)! < decided &&
        this.isOn(compiled, signal) &&
        compiled.holds(pending, target);
      this.absences.sent(compiled, pending, target, holds);
    }
  }

  /** The place of the first rule that decides about what waits by itself, however long it waits. */
  private decidedBy(pending: SignalRecord, target: SignalTarget): number {
    const fitting = this.index.all(pending, target, (compiled) => this.isOn(compiled, pending));
    const first = fitting.find(({ rule }) => rule.pattern === null);
    return first === undefined ? Infinity : this.places.get(first)!;
  }

  /** It is known what became of it. */
  settled(signal: SignalRecord, target: SignalTarget): void {
    this.notice(signal, target);
    this.earlier.settled(signal, target);
  }

  /** The rules that fire by this signal now: the first alone, unless all count. */
  fired(signal: SignalRecord, target: SignalTarget | null, now: number): Fired[] {
    const fired: Fired[] = [];
    for (const compiled of this.fitting(signal, target)) {
      const pattern = this.patternOf(compiled, signal, target, now);
      if (pattern === null) continue;
      if (!isEnough(compiled.rule, pattern.incomplete)) {
        this.tallies.incomplete++;
        continue;
      }
      fired.push({ compiled, pattern });
      if (!this.isAll) break;
    }
    if (this.awaiting.length > 0 && target !== null) this.settleAwaited(signal, target, fired[0]);
    return fired;
  }

  /** Those whose conditions hold, in their order; only the first where that one has fired then. */
  private fitting(signal: SignalRecord, target: SignalTarget | null): readonly CompiledRule[] {
    const isOn = (compiled: CompiledRule): boolean => this.isOn(compiled, signal);
    if (!this.decidesAlone) return this.index.all(signal, target, isOn);
    const first = this.index.first(signal, target, isOn);
    return first === null ? [] : [first];
  }

  /** What is awaited since it was sent is no longer asked for where a rule before has fired, or it turned out otherwise. */
  private settleAwaited(signal: SignalRecord, target: SignalTarget, fired: Fired | undefined): void {
    const decided = fired === undefined || this.isAll ? Infinity : this.places.get(fired.compiled)!;
    for (const compiled of this.awaiting) {
      const holds =
        this.places.get(compiled)! < decided && this.isOn(compiled, signal) && compiled.holds(signal, target);
      this.absences.settled(compiled, signal, target, holds);
    }
  }

  private isOn({ rule }: CompiledRule, { time }: SignalRecord): boolean {
    return this.expiry.holds(rule, rule, time);
  }

  clear(): void {
    this.earlier.clear();
    this.counts.clear();
  }

  /** Somebody may have waited for just this. */
  private notice(signal: SignalRecord, target: SignalTarget): void {
    this.absences.signalCame(signal, target);
    const goesOn = defaultAction(signal.number) === 'continue' && signal.result !== 'overflow';
    if (goesOn) this.absences.came(target.id, 'continue', signal.ts);
  }

  /** What the rule finds in a signal that fits it; null where it does not fire by it now. */
  private patternOf(
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
        const earlier = target === null ? null : this.earlier.before(compiled, signal, target);
        if (earlier === null) return null;
        return { ...common, earlier: [earlier], incomplete: this.gaps.between(earlier.ts, now) };
      }
      case 'times': {
        // What is excepted is passed by its exception, and neither counts nor is counted.
        if (exceptionOf(compiled, signal, target, signal.time, this.expiry) !== null) return common;
        const crossing = this.counts.add(compiled, signal, target, now);
        if (crossing === null) return null;
        const { key, since, say, ...rest } = crossing;
        const incomplete = this.gaps.between(since, now);
        if (isEnough(rule, incomplete)) say();
        return { fingerprint: keyOf([rule.name, key]), ...common, ...rest, incomplete };
      }
      default:
        return { ...common, incomplete: this.gaps.between(signal.ts, now) };
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
