/**
 * Signals whose handler still runs, where a rule asks how long it does: they are judged when it returns, or when its
 * process has ended.
 */
import type { SignalRecord, SignalTarget } from '../../model/report';
import type { FieldName } from '../language/condition-fields';
import { wasHandled } from '../language/evidence';
import type { Condition, Rule } from '../language/rule';
import { signalKey } from './signal-facts';

export interface Running {
  readonly signal: SignalRecord;
  readonly target: SignalTarget;
}

const HANDLER_TIME: FieldName = 'delivered.handlerTime';
const MAX_RUNNING = 1_000;

export class HandlerReturns {
  readonly #isAsked: boolean;
  readonly #running = new Map<string, Running>();

  constructor(rules: readonly Rule[]) {
    this.#isAsked = rules.some(asksForHandlerTime);
  }

  /** @returns whether the verdict on this signal waits; it does for no other rules */
  waitsFor(signal: SignalRecord, target: SignalTarget | null): boolean {
    if (!this.#isAsked || target === null || signal.fatal || !wasHandled(signal)) return false;
    // sigwait has no handler.
    if (signal.delivered?.handler === 'rt_sigtimedwait') return false;
    if ((signal.delivered?.handlerTime ?? null) !== null || this.#running.size >= MAX_RUNNING) return false;
    this.#running.set(signalKey(signal), { signal: { ...signal }, target });
    return true;
  }

  /** Its handler returned. @returns what waited for it; null where nothing did */
  returned(signal: SignalRecord): Running | null {
    const running = this.#running.get(signalKey(signal));
    if (running === undefined) return null;
    this.#running.delete(signalKey(signal));
    return { signal: { ...signal }, target: running.target };
  }

  /** What waits for the handlers of a process that has ended; of all processes where none is named. */
  takeOf(process: string | null): Running[] {
    const taken = [...this.#running].filter(([, { target }]) => process === null || target.id === process);
    for (const [key] of taken) this.#running.delete(key);
    return taken.map(([, running]) => running);
  }
}

function asksForHandlerTime({ on, when, pattern, except }: Rule): boolean {
  if (on !== 'signal') return false;
  const conditions = [when, ...except.map((each) => each.when)];
  if (pattern !== null && 'when' in pattern) conditions.push(pattern.when);
  return conditions.some(hasHandlerTime);
}

function hasHandlerTime(condition: Condition): boolean {
  switch (condition.kind) {
    case 'field':
      return condition.field === HANDLER_TIME;
    case 'not':
      return hasHandlerTime(condition.of);
    default:
      return condition.of.some(hasHandlerTime);
  }
}
