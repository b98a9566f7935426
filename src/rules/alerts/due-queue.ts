/** What is to be done at a moment on the trace clock. `cancel` it when it is no longer to be done. */
export interface Due {
  readonly at: number;
  readonly cancelled: boolean;
}

interface Entry<T> {
  readonly at: number;
  /** Of two at one moment, the first that was added comes first. */
  readonly order: number;
  readonly value: T;
  cancelled: boolean;
}

/** A heap with cancelled entries in it is made anew when they are more than these and more than the others. */
const MAX_CANCELLED = 1_000;

/** What is to come, soonest first. */
export class DueQueue<T> {
  #heap: Entry<T>[] = [];
  #added = 0;
  #cancelled = 0;

  /** What is still to come. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  add(at: number, value: T): Due {
    const entry: Entry<T> = { at, order: this.#added++, value, cancelled: false };
    this.#heap.push(entry);
    this.#up(this.#heap.length - 1);
    return entry;
  }

  /** Forgets it, unless it was taken already. */
  cancel(due: Due): void {
    const entry = due as Entry<T>;
    if (entry.cancelled) return;
    entry.cancelled = true;
    this.#cancelled++;
    if (this.#cancelled < MAX_CANCELLED || this.#cancelled * 2 < this.#heap.length) return;
    this.#heap = this.#heap.filter((one) => !one.cancelled).sort(sooner);
    this.#cancelled = 0;
  }

  /** The next that is due at `ts`; undefined where nothing is. */
  take(ts: number): { readonly at: number; readonly value: T } | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || (!first.cancelled && first.at > ts)) return undefined;
      const last = this.#heap.pop()!;
      if (this.#heap.length > 0) {
        this.#heap[0] = last;
        this.#down();
      }
      if (!first.cancelled) {
        // A late `cancel` counts for nothing.
        first.cancelled = true;
        return first;
      }
      this.#cancelled--;
    }
  }

  /** The next one, whenever it is due. */
  takeFirst(): { readonly at: number; readonly value: T } | undefined {
    return this.take(Infinity);
  }

  #up(from: number): void {
    const heap = this.#heap;
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (sooner(heap[parent]!, heap[at]!) <= 0) return;
      [heap[parent], heap[at]] = [heap[at]!, heap[parent]!];
      at = parent;
    }
  }

  #down(): void {
    const heap = this.#heap;
    for (let at = 0; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && sooner(heap[child]!, heap[least]!) < 0) least = child;
      }
      if (least === at) return;
      [heap[least], heap[at]] = [heap[at]!, heap[least]!];
      at = least;
    }
  }
}

function sooner(one: Entry<unknown>, other: Entry<unknown>): number {
  return one.at - other.at || one.order - other.order;
}
