import { plainEvent } from '../../src/lazy-batch';
import type { Damage, EventBatch, EventGlance, Loss, TraceEvent, TraceNote } from '../../src/trace-event';

/** Some of a batch's events, decoded no earlier than the batch's own, with what is beside them said anew. */
export class BatchPart implements EventBatch {
  readonly glance?: () => EventGlance;

  constructor(
    private readonly batch: EventBatch,
    private readonly from: number,
    private readonly to: number,
    readonly lost: readonly Loss[],
    readonly damage: readonly Damage[],
    readonly notes: readonly TraceNote[],
  ) {
    if (batch.glance === undefined) return;
    this.glance = () => {
      const whole = batch.glance!();
      return from === 0 ? whole : new PartGlance(whole, from);
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

class PartGlance implements EventGlance {
  readonly names: object;

  constructor(
    private readonly whole: EventGlance,
    private readonly from: number,
  ) {
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
