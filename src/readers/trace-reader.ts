import type { EventBatch } from '../trace-event';

/**
 * A reader turns bytes into events, in whatever pieces the bytes arrive. Split anywhere, the events are the
 * same. It never throws for what it reads: what it cannot explain is `damage` in the batch.
 */
export interface TraceReader {
  /** The events that are complete with these bytes; the rest is kept for the next call. */
  push(chunk: Uint8Array): EventBatch;
  /** What was still open, such as a last line without a newline. */
  end(): EventBatch;
}
