/**
 * Joins the ring buffers of all CPUs and instances into one stream in order of time.
 *
 * Pages are pushed as they are read. `flush(before)` gives all events earlier than a time that every CPU is known
 * to have passed (the watermark); what is later waits. Events of the same time keep the order of their streams,
 * as the kernel's own merge does (`__find_next_entry()`: lowest CPU first).
 */
import type { Damage, Loss, TraceNote } from '../trace-event';
import type { EventTable } from './event-table';
import { learnNames, NAMING_EVENTS } from './learn-names';
import { RecordQueue } from './record-queue';
import { emptyRows, RingBatch, RingEvent, type RingContext, type RingRows } from './ring-batch';
import { toSeconds, type TraceTime } from './trace-time';

/** Looks at events on their way, in order. False drops the event, for instance one of a foreign process. */
export interface RingWatch {
  /** Names of the events to look at. */
  readonly events: readonly string[];
  readonly see: (event: RingEvent) => boolean;
}

/** `common_type` is a u16. */
const EVENT_IDS = 2 ** 16;
/** What an event on its way is looked at for, as bits. */
const NAMES = 1;
const WATCHED = 2;

function markEvents(looks: Uint8Array, events: readonly string[], bit: number, table: EventTable): void {
  for (const name of events) {
    const id = table.idOf(name);
    if (id !== undefined) looks[id]! |= bit;
  }
}

export class RingReader {
  readonly #queues: RecordQueue[] = [];
  /** By event id: NAMES where the event names a task. */
  readonly #looks = new Uint8Array(EVENT_IDS);

  constructor(readonly context: RingContext) {
    markEvents(this.#looks, NAMING_EVENTS, NAMES, context.table);
  }

  /** A new stream of pages, such as one CPU of one instance. Returns its number for `push`. */
  addStream(cpu: number, instance: number): number {
    return this.#queues.push(new RecordQueue(cpu, instance)) - 1;
  }

  /** @param atByte where the page stood, for the place of a damage */
  push(stream: number, page: Uint8Array, atByte = 0): void {
    this.#queues[stream]!.push(page, this.context.table, atByte);
  }

  /** The time of the last event that was pushed and not yet flushed; null where there is none. */
  lastTime(stream: number): TraceTime | null {
    const { length, sec, nsec } = this.#queues[stream]!;
    return length === 0 ? null : { sec: sec[length - 1]!, nsec: nsec[length - 1]! };
  }

  /** @param before the watermark; null for everything, at the end */
  flush(before: Readonly<TraceTime> | null, watch?: RingWatch, notes: readonly TraceNote[] = []): RingBatch {
    const limits = this.#queues.map((queue) => queue.rowsBefore(before));
    const merged = this.#merge(limits, watch);
    const { lost, damage } = this.#takeTroubles(before);
    return new RingBatch(merged, this.context, lost, damage, notes);
  }

  #takeTroubles(before: Readonly<TraceTime> | null): { lost: Loss[]; damage: Damage[] } {
    const limit = before === null ? Infinity : toSeconds(before.sec, before.nsec);
    const lost: Loss[] = [];
    const damage: Damage[] = [];
    for (const queue of this.#queues) {
      lost.push(...queue.lost.filter((loss) => (loss.ts ?? 0) < limit));
      queue.lost = queue.lost.filter((loss) => (loss.ts ?? 0) >= limit);
      damage.push(...queue.damage);
      queue.damage = [];
    }
    return { lost: lost.sort((a, b) => (a.ts ?? 0) - (b.ts ?? 0)), damage };
  }

  #merge(limits: readonly number[], watch: RingWatch | undefined): RingRows {
    const total = limits.reduce((sum, limit) => sum + limit, 0);
    const out = emptyRows(total);
    const context = this.context;
    const looks = watch === undefined ? this.#looks : this.#looks.slice();
    if (watch !== undefined) markEvents(looks, watch.events, WATCHED, context.table);
    const pageBase: number[] = [];
    const stackBase: number[] = [];
    for (const queue of this.#queues) {
      pageBase.push(out.pages.length);
      stackBase.push(out.stacks.length);
      for (const page of queue.pages) out.pages.push(page);
      for (const stack of queue.stacks) out.stacks.push(stack);
    }
    const next = new Array<number>(limits.length).fill(0);
    let length = 0;
    for (;;) {
      const { first, second } = earliestTwo(this.#queues, next, limits);
      if (first < 0) break;
      const queue = this.#queues[first]!;
      const limit = limits[first]!;
      const until = second < 0 ? null : this.#queues[second]!;
      const untilRow = second < 0 ? 0 : next[second]!;
      // A CPU's records come in runs: copy on until another CPU's next record is earlier.
      const { cpu, instance, sec, nsec, id, page, offset, size, stack } = queue;
      const firstPage = pageBase[first]!;
      const firstStack = stackBase[first]!;
      let row = next[first]!;
      do {
        out.sec[length] = sec[row]!;
        out.nsec[length] = nsec[row]!;
        out.cpu[length] = cpu;
        out.instance[length] = instance;
        out.id[length] = id[row]!;
        out.page[length] = firstPage + page[row]!;
        out.offset[length] = offset[row]!;
        out.size[length] = size[row]!;
        out.stack[length] = stack[row]! < 0 ? -1 : firstStack + stack[row]!;
        const look = looks[id[row]!]!;
        row++;
        if (look === 0) {
          length++;
          continue;
        }
        const event = new RingEvent(out, context, length);
        if ((look & NAMES) !== 0) learnNames(event);
        if ((look & WATCHED) === 0 || watch!.see(event)) length++;
      } while (row < limit && (until === null || isEarlier(queue, row, until, untilRow, first < second)));
      next[first] = row;
    }
    this.#queues.forEach((queue, i) => {
      queue.drop(limits[i]!);
    });
    out.length = length;
    return out;
  }
}

/** Whether row `a` comes before row `b`; `ties` says who goes first at the same time. */
function isEarlier(a: RecordQueue, rowA: number, b: RecordQueue, rowB: number, ties: boolean): boolean {
  const bySec = a.sec[rowA]! - b.sec[rowB]!;
  if (bySec !== 0) return bySec < 0;
  const byNsec = a.nsec[rowA]! - b.nsec[rowB]!;
  return byNsec < 0 || (byNsec === 0 && ties);
}

function earliestTwo(
  queues: readonly RecordQueue[],
  next: readonly number[],
  limits: readonly number[],
): { first: number; second: number } {
  let first = -1;
  let second = -1;
  for (let i = 0; i < queues.length; i++) {
    if (next[i]! >= limits[i]!) continue;
    if (first < 0 || isEarlier(queues[i]!, next[i]!, queues[first]!, next[first]!, false)) {
      second = first;
      first = i;
    } else if (second < 0 || isEarlier(queues[i]!, next[i]!, queues[second]!, next[second]!, false)) {
      second = i;
    }
  }
  return { first, second };
}
