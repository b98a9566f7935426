/**
 * Joins the ring buffers of all CPUs and instances into one stream in order of time. It walks pages and merges
 * records; what is in them it does not look at, so that it can run in a thread that has none of the tables.
 */
import type { Damage } from '../../trace-event';
import { RecordQueue, type PageKind, type RecordLoss } from './record-queue';
import { mergeRows, type RingRows } from './row-merge';
import type { ClockChange, TraceTime } from './trace-time';

/** What a flush gives, in order. */
export interface MergedPages {
  readonly rows: RingRows;
  /** In order of time. */
  readonly lost: readonly RecordLoss[];
  readonly damage: readonly Damage[];
}

export class PageMerger {
  readonly #queues: RecordQueue[] = [];

  readonly kind: PageKind;

  constructor(kind: PageKind) {
    this.kind = kind;
  }

  /**
   * A new stream of pages, such as one CPU of one instance.
   * @param change to the clock of all streams; null where its times are of it
   * @returns its number for `push`
   */
  addStream(cpu: number, instance: number, change: ClockChange | null = null): number {
    return this.#queues.push(new RecordQueue(cpu, instance, this.kind, change)) - 1;
  }

  /**
   * @param atByte where the page was, for the place of a damage
   * @returns where the page's records end, in bytes from its start
   */
  push(stream: number, page: Uint8Array, atByte = 0): number {
    return this.#queues[stream]!.push(page, atByte);
  }

  /** The time of the last event that was pushed and not yet flushed; null where there is none. */
  lastTime(stream: number): TraceTime | null {
    const { length, sec, nsec } = this.#queues[stream]!.columns;
    return length === 0 ? null : { sec: sec[length - 1]!, nsec: nsec[length - 1]! };
  }

  /** How many records wait for a flush. */
  get waiting(): number {
    return this.#queues.reduce((sum, queue) => sum + queue.columns.length, 0);
  }

  /** And how many bytes they have. */
  get waitingBytes(): number {
    return this.#queues.reduce((sum, queue) => sum + queue.bytes, 0);
  }

  /** @param before the watermark; null for everything, at the end */
  flush(before: Readonly<TraceTime> | null): MergedPages {
    const rows = mergeRows(this.#queues.map((queue) => queue.take(queue.rowsBefore(before))));
    const troubles = this.#queues.map((queue) => queue.takeLossesAndDamage(before));
    return {
      rows,
      lost: troubles.flatMap((trouble) => trouble.lost).sort((a, b) => a.sec - b.sec || a.nsec - b.nsec),
      damage: troubles.flatMap((trouble) => trouble.damage),
    };
  }

  /** Copies the bytes of what waits, as `RecordQueue.move` says. */
  move(into: DataView, copy: (from: DataView, offset: number, length: number) => number): void {
    for (const queue of this.#queues) queue.move(into, copy);
  }
}
