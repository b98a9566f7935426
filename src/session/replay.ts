/** A recorded trace as if it happened now: the gaps between events are kept, or shortened by a factor. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventBatch } from '../trace-event';

/** Events closer together than this come in one batch. */
const TOGETHER_SECONDS = 0.02;
/** Longer waits are cut into these, so that a stop is quick. */
const LONGEST_WAIT_MS = 200;

export interface ReplayOptions {
  /** 1 as recorded, 10 ten times as fast, 0 at once. */
  readonly speed: number;
  readonly signal?: AbortSignal;
  /** Makes a batch of a part of one. */
  readonly slice: (batch: EventBatch, from: number, to: number) => EventBatch;
}

function isAborted(options: ReplayOptions): boolean {
  return options.signal?.aborted === true;
}

export async function* replay(
  batches: AsyncIterable<EventBatch>,
  options: ReplayOptions,
): AsyncIterable<EventBatch> {
  const { speed } = options;
  let first: number | null = null;
  const began = performance.now();
  for await (const batch of batches) {
    let from = 0;
    while (speed > 0 && from < batch.length) {
      const start = batch.at(from).ts;
      first ??= start;
      await waitUntil(began + ((start - first) / speed) * 1000, options);
      if (isAborted(options)) return;
      let to = from + 1;
      while (to < batch.length && batch.at(to).ts - start < TOGETHER_SECONDS * speed) to++;
      if (from === 0 && to === batch.length) break;
      yield options.slice(batch, from, to);
      from = to;
    }
    if (isAborted(options)) return;
    if (from === 0) yield batch;
  }
}

async function waitUntil(at: number, options: ReplayOptions): Promise<void> {
  for (let left = at - performance.now(); left > 0 && !isAborted(options); left = at - performance.now()) {
    await sleep(Math.min(left, LONGEST_WAIT_MS));
  }
}
