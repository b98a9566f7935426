/** Events of ring-buffer pages, in order: where each is, not what is in it. */
import { LazyBatch } from '../../lazy-batch';
import type { EventScan, TraceNote } from '../../trace-event';
import type { MergedPages } from './page-merger';
import { RingEvent, unknownName, type RingContext, type RingBacking } from './ring-event';
import type { RingRows } from './row-merge';
import type { RowFilter } from './row-filter';
import { toSeconds, toTicks } from './trace-time';

export class RingBatch extends LazyBatch<RingBacking, RingEvent> {
  /** The same events with further notes. */
  withNotes(notes: readonly TraceNote[]): RingBatch {
    if (notes.length === 0) return this;
    return new RingBatch(this.backing(), this.lost, this.damage, [...this.notes, ...notes]);
  }

  protected eventAt(index: number): RingEvent {
    return new RingEvent(this.backing, index);
  }

  scan(): EventScan {
    return new RingScan(this.backing);
  }
}

/** A kind is the event's id. */
class RingScan implements EventScan {
  private readonly rows: RingRows;
  private readonly context: RingContext;

  private readonly backing: () => RingBacking;

  constructor(backing: () => RingBacking) {
    this.backing = backing;

    this.rows = backing().rows;
    this.context = backing().context;
  }

  get names(): object {
    return this.context.table;
  }

  kindAt(index: number): number {
    const { streams, stream, row } = this.rows;
    return streams[stream[index]!]!.id[row[index]!]!;
  }

  nameOf(kind: number): string {
    return this.context.table.nameOf(kind) ?? unknownName(kind);
  }

  tsAt(index: number): number {
    const { streams, stream, row } = this.rows;
    const { sec, nsec } = streams[stream[index]!]!;
    const at = row[index]!;
    return this.context.clockInNs ? toSeconds(sec[at]!, nsec[at]!) : toTicks(sec[at]!, nsec[at]!);
  }

  eventAt(index: number): RingEvent {
    return new RingEvent(this.backing, index);
  }
}

/** What was merged, as events: names learnt, and what the watch drops left out. */
export function ringBatch(merged: MergedPages, watch: RowFilter, notes: readonly TraceNote[]): RingBatch {
  const { context } = watch;
  const toTs = context.clockInNs ? toSeconds : toTicks;
  const lost = merged.lost.map(({ cpu, sec, nsec, count }) => ({ cpu, ts: toTs(sec, nsec), count }));
  return new RingBatch({ rows: watch.learnAndFilter(merged.rows), context }, lost, merged.damage, notes);
}
