import type { SignalRecord, SignalTarget } from '../../model/report';
import type { CompiledRule } from '../matching/rule-match';
import { asPending, signalKey } from './signal-facts';

interface Earlier {
  readonly key: string;
  readonly signal: SignalRecord;
}

/** Kept for each process: the last that may be the first half of a sequence. */
const MAX_EACH = 32;
const MAX_PROCESSES = 10_000;
/** Old ones are looked for after so many new processes. */
const CLEANED_EVERY = 1_000;

/**
 * The signals that may be the first half of a sequence (`after`), for each process. A signal counts from the moment
 * in which it was sent, as pending: the SIGTERM that a process blocks is settled after the SIGKILL that ends it.
 */
export class EarlierSignals {
  /** Forgotten for want of room while they might still have counted. */
  leftOut = 0;
  readonly #rules: readonly CompiledRule[];
  readonly #longest: number;
  readonly #byProcess = new Map<string, Earlier[]>();
  #added = 0;

  constructor(rules: readonly CompiledRule[]) {
    this.#rules = rules.filter(({ rule }) => rule.pattern?.kind === 'after');
    this.#longest = Math.max(0, ...this.#rules.map(({ rule }) => rule.pattern?.within ?? 0));
  }

  /** It was sent, and waits. */
  sent(signal: SignalRecord, target: SignalTarget): void {
    this.#keep(asPending(signal), target);
  }

  /** It is known what became of it. */
  settled(signal: SignalRecord, target: SignalTarget): void {
    this.#keep(signal, target);
  }

  /** The last signal to the process that the rule's `after` matches; null where there is none. */
  before(compiled: CompiledRule, signal: SignalRecord, target: SignalTarget): SignalRecord | null {
    const { pattern } = compiled.rule;
    if (pattern?.kind !== 'after') return null;
    const key = signalKey(signal);
    let last: SignalRecord | null = null;
    for (const earlier of this.#byProcess.get(target.id) ?? []) {
      const { ts } = earlier.signal;
      if (earlier.key === key || ts > signal.ts || ts < signal.ts - pattern.within) continue;
      if (last !== null && ts < last.ts) continue;
      if (compiled.other?.(earlier.signal, target) === true) last = earlier.signal;
    }
    return last;
  }

  clear(): void {
    this.#byProcess.clear();
  }

  #keep(signal: SignalRecord, target: SignalTarget): void {
    if (this.#rules.length === 0) return;
    const key = signalKey(signal);
    const before = this.#byProcess.get(target.id);
    const list = before?.filter((earlier) => earlier.key !== key) ?? [];
    if (this.#rules.some(({ other }) => other?.(signal, target) === true)) list.push({ key, signal });
    if (list.length > MAX_EACH) {
      const [oldest] = list.splice(0, 1);
      if (oldest && oldest.signal.ts >= signal.ts - this.#longest) this.leftOut++;
    }
    if (list.length === 0) {
      this.#byProcess.delete(target.id);
      return;
    }
    if (before === undefined) this.#makeRoom(signal.ts);
    this.#byProcess.set(target.id, list);
  }

  #makeRoom(now: number): void {
    const isOver = (list: readonly Earlier[]): boolean =>
      list.every(({ signal }) => signal.ts < now - this.#longest);
    if (this.#added++ % CLEANED_EVERY === 0) {
      for (const [id, list] of this.#byProcess) if (isOver(list)) this.#byProcess.delete(id);
    }
    const [oldest] = this.#byProcess;
    if (oldest === undefined || this.#byProcess.size < MAX_PROCESSES) return;
    if (!isOver(oldest[1])) this.leftOut++;
    this.#byProcess.delete(oldest[0]);
  }
}
