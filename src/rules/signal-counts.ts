import type { SignalRecord, SignalTarget } from '../model/report';
import { fieldKey } from './field-key';
import type { CompiledRule } from './rule-match';

/** One count of one rule, for one combination of the values of its `per`. */
interface Count {
  /** The times of the last signals, in order; no more than the rule wants. */
  readonly stamps: number[];
  /** The last few, for the alert. */
  readonly signals: SignalRecord[];
  /** There are enough in the window already: what comes now is a repeat. */
  isAbove: boolean;
}

export interface Crossing {
  readonly count: number;
  readonly first: number;
  readonly last: number;
  readonly earlier: readonly SignalRecord[];
  /** The values of the rule's `per`. */
  readonly key: string;
}

const MOST_COUNTS = 10_000;
/** Shown with an alert. */
const MOST_EARLIER = 5;

/** Counts signals in a window that slides along (`times`). */
export class SignalCounts {
  /** Counts that were given up for want of room. */
  leftOut = 0;
  private readonly counts = new Map<string, Count>();

  /** @returns null while there are not enough; all of them when there are; from then on each one alone */
  add(compiled: CompiledRule, signal: SignalRecord, target: SignalTarget | null): Crossing | null {
    const { pattern } = compiled.rule;
    if (pattern?.kind !== 'times') return null;
    const key = fieldKey(pattern.per, signal, target);
    const count = this.countOf(`${compiled.rule.name}|${key}`);
    const { stamps, signals } = count;
    let at = stamps.length;
    while (at > 0 && stamps[at - 1]! > signal.ts) at--;
    stamps.splice(at, 0, signal.ts);
    if (stamps.length > pattern.atLeast) stamps.shift();
    const earlier = [...signals];
    signals.push(signal);
    if (signals.length > MOST_EARLIER) signals.shift();
    const wasAbove = count.isAbove;
    const first = stamps[0]!;
    const last = stamps.at(-1)!;
    count.isAbove = stamps.length === pattern.atLeast && last - first <= pattern.within;
    if (!count.isAbove) return null;
    if (wasAbove) return { count: 1, first: signal.ts, last: signal.ts, earlier: [], key };
    return { count: stamps.length, first, last, earlier, key };
  }

  clear(): void {
    this.counts.clear();
  }

  private countOf(key: string): Count {
    const known = this.counts.get(key);
    if (known !== undefined) {
      // The one that was not touched for the longest time is the first to go.
      this.counts.delete(key);
      this.counts.set(key, known);
      return known;
    }
    const [oldest] = this.counts.keys();
    if (oldest !== undefined && this.counts.size >= MOST_COUNTS) {
      this.counts.delete(oldest);
      this.leftOut++;
    }
    const count = { stamps: [], signals: [], isAbove: false };
    this.counts.set(key, count);
    return count;
  }
}
