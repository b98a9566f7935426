import type { Damage, EventBatch, Loss, TraceEvent, TraceNote } from './trace-event';

/** A batch of events that are decoded already: what text readers and single events become. */
export class EventList implements EventBatch {
  readonly events: readonly TraceEvent[];
  readonly lost: readonly Loss[];
  readonly damage: readonly Damage[];
  readonly notes: readonly TraceNote[];

  constructor(
    events: readonly TraceEvent[],
    lost: readonly Loss[] = [],
    damage: readonly Damage[] = [],
    notes: readonly TraceNote[] = [],
  ) {
    this.events = events;
    this.lost = lost;
    this.damage = damage;
    this.notes = notes;
  }

  get length(): number {
    return this.events.length;
  }

  at(index: number): TraceEvent {
    const event = this.events[index];
    if (event === undefined) throw new RangeError(`event ${index} of a batch of ${this.events.length}`);
    return event;
  }

  [Symbol.iterator](): Iterator<TraceEvent> {
    return this.events[Symbol.iterator]();
  }

  toArray(): TraceEvent[] {
    return [...this.events];
  }

  toJSON(): unknown {
    return { events: this.events, lost: this.lost, damage: this.damage, notes: this.notes };
  }
}
