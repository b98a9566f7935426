/** Events of ring-buffer pages, in order: where each stands, not what is in it. */
import type { Damage, EventBatch, EventGlance, Loss, TraceEvent, TraceNote } from '../trace-event';
import type { MergedPages } from './page-merger';
import { RingEvent, unknownName, type RingContext, type RingInsides } from './ring-event';
import type { RingRows } from './row-merge';
import type { RowWatch } from './row-watch';
import { toSeconds, toTicks } from './trace-time';

/**
 * Its insides hang on a function, because a flow clones what it passes on: the clone of a function is the
 * function itself, so a batch costs the same on one wire and on ten. Nothing of it ever changes.
 */
export class RingBatch implements EventBatch {
  readonly insides: () => RingInsides;

  constructor(
    rows: RingRows,
    context: RingContext,
    readonly lost: readonly Loss[],
    readonly damage: readonly Damage[],
    readonly notes: readonly TraceNote[],
  ) {
    const insides = { rows, context };
    this.insides = () => insides;
  }

  /** The same events with further notes. */
  withNotes(notes: readonly TraceNote[]): RingBatch {
    if (notes.length === 0) return this;
    const { rows, context } = this.insides();
    return new RingBatch(rows, context, this.lost, this.damage, [...this.notes, ...notes]);
  }

  get length(): number {
    return this.insides().rows.length;
  }

  at(index: number): RingEvent {
    if (index < 0 || index >= this.length)
      throw new RangeError(`event ${index} of a batch of ${this.length}`);
    return new RingEvent(this.insides, index);
  }

  glance(): EventGlance {
    return new RingGlance(this.insides);
  }

  *[Symbol.iterator](): Iterator<RingEvent> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }

  toArray(): TraceEvent[] {
    return Array.from(this, (event) => event.toJSON());
  }

  toJSON(): unknown {
    return { events: this.toArray(), lost: this.lost, damage: this.damage, notes: this.notes };
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
  return new RingBatch(watch.pass(merged.rows), context, lost, merged.damage, notes);
}
