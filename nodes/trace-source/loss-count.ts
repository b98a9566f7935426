import type { Loss } from '../../src/trace-event';

/** How many events a stream lost so far. */
export class LossCount {
  #counted = 0;
  #uncounted = false;

  add(losses: readonly Loss[]): void {
    for (const { count } of losses) {
      if (count === null) this.#uncounted = true;
      else this.#counted += count;
    }
  }

  /** Null where a gap has no number: then nobody knows how many. */
  get total(): number | null {
    return this.#uncounted ? null : this.#counted;
  }

  get any(): boolean {
    return this.#uncounted || this.#counted > 0;
  }
}
