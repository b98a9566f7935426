/**
 * Ring-buffer pages of all CPUs and instances to events, in order of time.
 *
 * Pages are pushed as they are read. `flush(before)` gives all events earlier than a time that every CPU is known
 * to have passed (the watermark); what is later waits.
 */
import type { TraceNote } from '../../trace-event';
import { PageMerger } from './page-merger';
import { ringBatch, type RingBatch } from './ring-batch';
import type { RingContext } from './ring-event';
import { RowFilter } from './row-filter';
import type { ClockChange, TraceTime } from './trace-time';

export class RingReader {
  readonly #merger: PageMerger;
  readonly #watch: RowFilter;

  readonly context: RingContext;

  constructor(context: RingContext) {
    this.context = context;

    this.#merger = new PageMerger(context.table);
    this.#watch = new RowFilter(context);
  }

  /** As `PageMerger.addStream`. */
  addStream(cpu: number, instance: number, change: ClockChange | null = null): number {
    return this.#merger.addStream(cpu, instance, change);
  }

  /** @param atByte where the page was, for the place of a damage */
  push(stream: number, page: Uint8Array, atByte = 0): void {
    this.#merger.push(stream, page, atByte);
  }

  /** The time of the last event that was pushed and not yet flushed; null where there is none. */
  lastTime(stream: number): TraceTime | null {
    return this.#merger.lastTime(stream);
  }

  /** @param before the watermark; null for everything, at the end */
  flush(before: Readonly<TraceTime> | null, notes: readonly TraceNote[] = []): RingBatch {
    return ringBatch(this.#merger.flush(before), this.#watch, notes);
  }
}
