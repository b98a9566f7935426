/** The last calls of a process, of those that the model follows: what it was doing when a signal came. */
import { callText } from './call-text';
import type { PrecedingCall } from './report';
import { keepArguments, type PendingCall } from './pending-call';

const KEPT = 8;

export class RecentCalls {
  /** A ring: `#next` counts on. */
  readonly #calls: PendingCall[] = [];
  #next = 0;
  #shown: PrecedingCall[] | null = null;
  /** Calls came since their arguments were last kept. */
  isTouched = false;

  /** At its enter: a call that does not return is listed too. */
  add(call: PendingCall): void {
    this.#calls[this.#next % KEPT] = call;
    this.#next++;
    this.#shown = null;
  }

  /** One of them has returned, or got its name. */
  changed(): void {
    this.#shown = null;
  }

  clear(): void {
    this.#calls.length = 0;
    this.#next = 0;
    this.#shown = null;
  }

  /** What is kept holds no batch (`keepArguments`). */
  keep(): void {
    this.isTouched = false;
    for (const call of this.#calls) keepArguments(call);
  }

  /** Oldest first. The same list as before where nothing has happened since: a thousand signals share it. */
  tell(): PrecedingCall[] {
    if (this.#shown !== null) return this.#shown;
    const first = this.#next % KEPT;
    const inOrder =
      this.#calls.length < KEPT ? this.#calls : [...this.#calls.slice(first), ...this.#calls.slice(0, first)];
    return (this.#shown = inOrder.map(showCall));
  }
}

function showCall(call: PendingCall): PrecedingCall {
  if (call.shown !== null) return call.shown;
  const shown = { ts: call.ts, tid: call.tid, call: call.name, text: callText(call) };
  if (call.ret !== null) call.shown = shown;
  return shown;
}
