import type { Loss } from '../../trace-event';

const MAX_LOSSES = 1_000;
/** Named with an alert. */
const MAX_REASONS = 3;

/** Where events were lost, for what is said about a time. */
export class Gaps {
  readonly #losses: { readonly ts: number; readonly reason: string }[] = [];

  add(loss: Loss, ts: number): void {
    this.#losses.push({ ts, reason: reasonOf(loss, ts) });
    if (this.#losses.length > MAX_LOSSES) this.#losses.shift();
  }

  /** Sentences about the gaps that ended between two moments. */
  between(from: number, to: number): string[] {
    const found: string[] = [];
    for (let at = this.#losses.length - 1; at >= 0 && found.length < MAX_REASONS; at--) {
      const { ts, reason } = this.#losses[at]!;
      if (ts < from) break;
      if (ts <= to) found.unshift(reason);
    }
    return found;
  }

  clear(): void {
    this.#losses.length = 0;
  }
}

/** "412 events lost on CPU 1 before 9978.200000", as the model says it of processes. */
export function reasonOf({ count, cpu }: Loss, ts: number): string {
  const many = count === null ? 'an unknown number of' : String(count);
  return `${many} events lost${cpu < 0 ? '' : ` on CPU ${cpu}`} before ${ts.toFixed(6)}`;
}
