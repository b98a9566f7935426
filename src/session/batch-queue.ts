import type { EventBatch } from '../trace-event';

/** A reader that is late by this many batches holds the session back; the kernel's ring buffer takes the rest. */
const MAX_LATE = 4;

/** One reader of a session: batches wait here until they are asked for. */
export class BatchQueue<Batch = EventBatch> implements AsyncIterableIterator<Batch> {
  readonly #waiting: Batch[] = [];
  #ended = false;
  #wake: (() => void) | null = null;

  readonly onTaken: (queue: BatchQueue<Batch>) => void;

  /** @param onTaken something was taken, or the reader went away: there is room again */
  constructor(onTaken: (queue: BatchQueue<Batch>) => void) {
    this.onTaken = onTaken;
  }

  get isBehind(): boolean {
    return this.#waiting.length >= MAX_LATE;
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  put(batch: Batch): void {
    if (this.#ended) return;
    this.#waiting.push(batch);
    this.#wake?.();
  }

  /** Nothing more comes; what waits can still be taken. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<Batch, undefined>> {
    for (;;) {
      const batch = this.#waiting.shift();
      if (batch !== undefined) {
        this.onTaken(this);
        return { value: batch, done: false };
      }
      if (this.#ended) return { value: undefined, done: true };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }

  return(): Promise<IteratorResult<Batch, undefined>> {
    this.#waiting.length = 0;
    this.end();
    this.onTaken(this);
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
