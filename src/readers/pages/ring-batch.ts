/** Events of ring-buffer pages, in order: where each stands, not what is in it. */
import { LazyBatch } from '../../lazy-batch';
import type { EventGlance, TraceNote } from '../../trace-event';
import type { MergedPages } from './page-merger';
import { RingEvent, unknownName, type RingContext, type RingInsides } from './ring-event';
import type { RingRows } from './row-merge';
import type { RowWatch } from './row-watch';
import { toSeconds, toTicks } from './trace-time';

export class RingBatch extends LazyBatch<RingInsides, RingEvent> {
  /** The same events with further notes. */
  withNotes(notes: readonly TraceNote[]): RingBatch {
    if (notes.length === 0) return this;
    return new RingBatch(this.insides(), this.lost, this.damage, [...this.notes, ...notes]);
  }

  protected eventAt(index: number): RingEvent {
    return new RingEvent(this.insides, index);
  }

  glance(): EventGlance {
    return new RingGlance(this.insides);
  }
}

/** A kind is the event's id. */
class RingGlance implements EventGlance {
  private readonly rows: RingRows;
  private readonly context: RingContext;

  constructor(private readonly insides: () => RingInsides) {
    this.rows = insides().rows;
    this.context = insides().context;
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
    return new RingEvent(this.insides, index);
  }
}

/** What was merged, as events: names learnt, and what the watch drops left out. */
export function ringBatch(merged: MergedPages, watch: RowWatch, notes: readonly TraceNote[]): RingBatch {
  const { context } = watch;
  const toTs = context.clockInNs ? toSeconds : toTicks;
  const lost = merged.lost.map(({ cpu, sec, nsec, count }) => ({ cpu, ts: toTs(sec, nsec), count }));
  return new RingBatch({ rows: watch.pass(merged.rows), context }, lost, merged.damage, notes);
}
