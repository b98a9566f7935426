import { signalName } from '../../kernel/signals';
import type { SignalTarget } from '../../model/report';
import type { KnownEnd } from './lives';

/** Processes whose children's deaths are remembered. */
const MAX_PARENTS = 1_000;

/** By which signals the children of a process died: a shell ends with 128 and that number. */
export class ChildDeaths {
  readonly #byParent = new Map<number, Set<string>>();

  clear(): void {
    this.#byParent.clear();
  }

  keep({ kind, signal, code }: KnownEnd, target: SignalTarget | null): void {
    const parent = target?.ancestors[0]?.pid;
    const name = kind === 'signaled' ? signal : code !== null && code > 128 ? signalName(code - 128) : null;
    if (parent === undefined || name === null) return;
    const names = this.#byParent.get(parent) ?? new Set<string>();
    names.add(name);
    this.#byParent.delete(parent);
    this.#byParent.set(parent, names);
    const [oldest] = this.#byParent.keys();
    if (oldest !== undefined && this.#byParent.size > MAX_PARENTS) this.#byParent.delete(oldest);
  }

  /** Whether it ends as a child of its died, which has an alert of its own. */
  passesOn(code: number, target: SignalTarget): boolean {
    if (code <= 128) return false;
    return this.#byParent.get(Number.parseInt(target.id, 10))?.has(signalName(code - 128)) === true;
  }
}
