import { plainEvent } from '../../src/lazy-batch';
import type { Damage, EventBatch, EventScan, Loss, TraceEvent, TraceNote } from '../../src/trace-event';

/** Some of a batch's events, decoded no earlier than the batch's own, with what is beside them said anew. */
export class BatchSlice implements EventBatch {
  readonly scan?: () => EventScan;

  private readonly batch: EventBatch;
  private readonly from: number;
  private readonly to: number;
  readonly lost: readonly Loss[];
  readonly damage: readonly Damage[];
  readonly notes: readonly TraceNote[];

  constructor(
    batch: EventBatch,
    from: number,
    to: number,
    lost: readonly Loss[],
    damage: readonly Damage[],
    notes: readonly TraceNote[],
  ) {
    this.batch = batch;
    this.from = from;
    this.to = to;
    this.lost = lost;
    this.damage = damage;
    this.notes = notes;

    if (batch.scan === undefined) return;
    this.scan = () => {
      const whole = batch.scan!();
      return from === 0 ? whole : new SliceScan(whole, from);
    };
  }

  get length(): number {
    return this.to - this.from;
  }

  at(index: number): TraceEvent {
    if (index < 0 || index >= this.length)
      throw new RangeError(`event ${index} of a batch of ${this.length}`);
    return this.batch.at(this.from + index);
  }

  *[Symbol.iterator](): Iterator<TraceEvent> {
    for (let index = this.from; index < this.to; index++) yield this.batch.at(index);
  }

  toArray(): TraceEvent[] {
    return Array.from(this, plainEvent);
  }

  toJSON(): unknown {
    return { events: this.toArray(), lost: this.lost, damage: this.damage, notes: this.notes };
  }
}

class SliceScan implements EventScan {
  readonly names: object;

  private readonly whole: EventScan;
  private readonly from: number;

  constructor(whole: EventScan, from: number) {
    this.whole = whole;
    this.from = from;

    this.names = whole.names;
  }

  kindAt(index: number): number {
    return this.whole.kindAt(this.from + index);
  }

  nameOf(kind: number): string {
    return this.whole.nameOf(kind);
  }

  tsAt(index: number): number {
    return this.whole.tsAt(this.from + index);
  }

  eventAt(index: number): TraceEvent {
    return this.whole.eventAt(this.from + index);
  }
}
