import { defaultAction } from '../kernel/signals';
import type { SignalRecord, SignalTarget } from '../model/report';
import { Absences, type Absence } from './absences';
import type { AlertPattern } from './alert';
import type { DueQueue } from './due-queue';
import { EarlierSignals } from './earlier-signals';
import { fieldKey, keyOf } from './field-key';
import type { Gaps } from './gaps';
import type { Rule } from './rule';
import type { RuleExpiry } from './rule-expiry';
import type { CompiledRule } from './rule-match';
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

  constructor(
    private readonly rules: readonly CompiledRule[],
    private readonly isAll: boolean,
    private readonly expiry: RuleExpiry,
    private readonly gaps: Gaps,
    private readonly tallies: WatchTallies,
    agenda: DueQueue<() => void>,
    absent: (absence: Absence) => void,
  ) {
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
    for (const compiled of this.rules) {
      if (compiled.rule.pattern?.kind !== 'without') continue;
      const holds =
        this.expiry.holds(compiled.rule, compiled.rule, signal.time) && compiled.holds(pending, target);
      this.absences.sent(compiled, pending, target, holds);
    }
  }

  /** It is known what became of it. */
  settled(signal: SignalRecord, target: SignalTarget): void {
    this.notice(signal, target);
    this.earlier.settled(signal, target);
  }

  /** The rules that fire by this signal now: the first alone, unless all count. */
  fired(signal: SignalRecord, target: SignalTarget | null, now: number): Fired[] {
    const fired: Fired[] = [];
    for (const compiled of this.rules) {
      if (fired.length > 0 && !this.isAll) {
        // What is awaited since it was sent is no longer asked for.
        if (target !== null) this.absences.settled(compiled, signal, target, false);
        continue;
      }
      const pattern = this.fires(compiled, signal, target, now);
      if (pattern !== null) fired.push({ compiled, pattern });
    }
    return fired;
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

  /** What the rule finds in this signal; null where it does not fire by it now. */
  private fires(
    compiled: CompiledRule,
    signal: SignalRecord,
    target: SignalTarget | null,
    now: number,
  ): AlertPattern | null {
    const { rule } = compiled;
    const isOn = this.expiry.holds(rule, rule, signal.time);
    const holds = isOn && compiled.holds(signal, target);
    if (rule.pattern?.kind === 'without') {
      if (target !== null) this.absences.settled(compiled, signal, target, holds);
      return null;
    }
    if (!holds) return null;
    const pattern = this.patternOf(compiled, signal, target, now);
    return pattern !== null && this.isEnough(rule, pattern.incomplete) ? pattern : null;
  }

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
        const crossing = this.counts.add(compiled, signal, target);
        if (crossing === null) return null;
        const { key, first, ...rest } = crossing;
        const incomplete = this.gaps.between(first, now);
        return { fingerprint: keyOf([rule.name, key]), ...common, ...rest, first, incomplete };
      }
      default:
        return { ...common, incomplete: this.gaps.between(signal.ts, now) };
    }
  }

  private isEnough({ requiresComplete }: Rule, incomplete: readonly string[] = []): boolean {
    if (!requiresComplete || incomplete.length === 0) return true;
    this.tallies.incomplete++;
    return false;
  }
}

/** Undefined for the usual one. */
export function fingerprintOf(
  rule: Rule,
  signal: SignalRecord | null,
  target: SignalTarget | null,
): string | undefined {
  return rule.repeats === null ? undefined : keyOf([rule.name, fieldKey(rule.repeats.by, signal, target)]);
}
