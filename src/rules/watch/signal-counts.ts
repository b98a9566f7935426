import type { SignalRecord, SignalTarget } from '../../model/report';
import { fieldKey } from '../matching/field-key';
import type { CompiledRule } from '../matching/rule-match';

interface Stamp {
  readonly ts: number;
  /** Which it was, in the order in which they were settled. */
  readonly nth: number;
  /** It is in the count of an alert. */
  isSaid: boolean;
}

/** One count of one rule, for one combination of the values of its `per`. */
interface Count {
  /** In the order of their times. */
  stamps: Stamp[];
  /** The last few, for the alert. */
  readonly signals: SignalRecord[];
  settled: number;
}

export interface ThresholdReached {
  /** How many of the window no alert has counted yet: this one, and those beside it. */
  readonly count: number;
  readonly first: number;
  readonly last: number;
  readonly earlier: readonly SignalRecord[];
  /** The values of the rule's `per`. */
  readonly key: string;
  /** When the window began in which there are enough. */
  readonly since: number;
  /** To be called where an alert counts them: what comes then is a repeat. */
  readonly say: () => void;
}

const MAX_COUNTS = 10_000;
/** Shown with an alert. */
const MAX_EARLIER = 5;
/** Kept of those that the window has passed, as others that were sent with them may be settled later. */
const LEAST_LATE = 100;
const MAX_LATE = 1_000;

/** Counts signals in a window that slides along (`times`). */
export class SignalCounts {
  /** Counts that were given up for want of room. */
  leftOut = 0;
  /** Of each rule, the one that was not touched for the longest time first. */
  readonly #byRule = new Map<CompiledRule, Map<string, Count>>();
  #size = 0;

  /**
   * @param now how far the trace is: signals are settled late, and in another order than they were sent
   * @returns null while there are not enough around this one; all of them when there are; from then on each one alone
   */
  add(
    compiled: CompiledRule,
    signal: SignalRecord,
    target: SignalTarget | null,
    now: number,
  ): ThresholdReached | null {
    const { pattern } = compiled.rule;
    if (pattern?.kind !== 'times') return null;
    const { atLeast, within } = pattern;
    const key = fieldKey(pattern.per, signal, target);
    const count = this.#countOf(compiled, key, now);
    const earlier = [...count.signals];
    count.signals.push(signal);
    if (count.signals.length > MAX_EARLIER) count.signals.shift();
    const at = put(count, signal.ts);
    const from = windowAround(count.stamps, at, atLeast, within);
    const since = from === null ? null : count.stamps[from]!.ts;
    const unsaid = from === null ? [] : unsaidAround(count.stamps, at, from, from + atLeast);
    cut(count, atLeast, within);
    if (since === null) return null;
    const first = unsaid[0]!.ts;
    const last = unsaid.at(-1)!.ts;
    return {
      count: unsaid.length,
      first,
      last,
      earlier:
        unsaid.length === 1
          ? []
          : earlier.filter(({ ts }) => ts >= first && ts <= last).sort((a, b) => a.ts - b.ts),
      key,
      since,
      say: () => {
        for (const stamp of unsaid) stamp.isSaid = true;
      },
    };
  }

  clear(): void {
    this.#byRule.clear();
    this.#size = 0;
  }

  #countOf(compiled: CompiledRule, key: string, now: number): Count {
    const counts = this.#byRule.get(compiled) ?? new Map<string, Count>();
    this.#byRule.set(compiled, counts);
    const known = counts.get(key);
    if (known !== undefined) {
      counts.delete(key);
      counts.set(key, known);
      return known;
    }
    if (this.#size >= MAX_COUNTS) this.#makeRoom(now);
    const count: Count = { stamps: [], signals: [], settled: 0 };
    counts.set(key, count);
    this.#size++;
    return count;
  }

  /** Those whose window has passed are dropped unnoticed; only where there is none, something is left out. */
  #makeRoom(now: number): void {
    let most: Map<string, Count> | null = null;
    for (const [{ rule }, counts] of this.#byRule) {
      const within = rule.pattern?.within ?? 0;
      for (const [key, { stamps }] of counts) {
        if ((stamps.at(-1)?.ts ?? -Infinity) >= now - within) break;
        counts.delete(key);
        this.#size--;
      }
      if (counts.size > (most?.size ?? 0)) most = counts;
    }
    const [oldest] = most?.keys() ?? [];
    if (this.#size < MAX_COUNTS || most === null || oldest === undefined) return;
    most.delete(oldest);
    this.#size--;
    this.leftOut++;
  }
}

/** @returns its place */
function put(count: Count, ts: number): number {
  const { stamps } = count;
  let at = stamps.length;
  while (at > 0 && stamps[at - 1]!.ts > ts) at--;
  stamps.splice(at, 0, { ts, nth: count.settled++, isSaid: false });
  return at;
}

/**
 * Where the last that are enough begin that have the one at this place among them; null where there are none within
 * the time.
 */
function windowAround(stamps: readonly Stamp[], at: number, atLeast: number, within: number): number | null {
  const earliest = Math.max(0, at - atLeast + 1);
  for (let from = Math.min(at, stamps.length - atLeast); from >= earliest; from--) {
    if (stamps[from + atLeast - 1]!.ts - stamps[from]!.ts <= within) return from;
  }
  return null;
}

/** The one at this place, and those beside it that no alert has counted. */
function unsaidAround(stamps: readonly Stamp[], at: number, from: number, to: number): readonly Stamp[] {
  let begin = at;
  let end = at + 1;
  while (begin > from && !stamps[begin - 1]!.isSaid) begin--;
  while (end < to && !stamps[end]!.isSaid) end++;
  return stamps.slice(begin, end);
}

/** Keeps of the window no more than the rule needs, and of those before it a few, those that were settled last. */
function cut(count: Count, atLeast: number, within: number): void {
  const { stamps } = count;
  const late = Math.min(Math.max(atLeast, LEAST_LATE), MAX_LATE);
  // Seldom, and then by half.
  if (stamps.length < 2 * late) return;
  const begin = firstFrom(stamps, stamps.at(-1)!.ts - within);
  if (begin < 2 * late && stamps.length - begin < 2 * atLeast) return;
  const before = stamps.slice(0, begin);
  const oldest = before.map(({ nth }) => nth).sort((a, b) => b - a)[late - 1] ?? 0;
  count.stamps = [
    ...before.filter(({ nth }) => nth >= oldest),
    ...stamps.slice(Math.max(begin, stamps.length - atLeast)),
  ];
}

/** The place of the first at this time or later. */
function firstFrom(stamps: readonly Stamp[], ts: number): number {
  let low = 0;
  let high = stamps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stamps[middle]!.ts < ts) low = middle + 1;
    else high = middle;
  }
  return low;
}
