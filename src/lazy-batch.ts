import type { Damage, EventBatch, EventScan, Loss, TraceEvent, TraceNote } from './trace-event';

/** An event that decodes what is asked for, and all of it for `toJSON`. */
export interface LazyEvent extends TraceEvent {
  field(name: string): ReturnType<NonNullable<TraceEvent['field']>>;
  toJSON(): TraceEvent;
}

/** A plain object with all that an event says, in the contract's order; what it has none of is absent. Decodes it. */
export function plainEvent(event: TraceEvent): TraceEvent {
  const { ts, cpu, pid, tgid, comm, name, fields, stack, flags, instance } = event;
  return {
    ts,
    cpu,
    pid,
    tgid,
    comm,
    name,
    fields,
    ...(stack === undefined ? {} : { stack }),
    flags,
    ...(instance === undefined ? {} : { instance }),
  };
}

/**
 * A batch that knows where its events are, not what is in them.
 *
 * Its backing hang on a function, because a flow clones what it passes on: the clone of a function is the
 * function itself, so a batch costs the same on one wire and on ten. Nothing of it ever changes.
 */
export abstract class LazyBatch<
  Backing extends { readonly rows: { readonly length: number } },
  Event extends LazyEvent,
> implements EventBatch {
  readonly backing: () => Backing;

  readonly lost: readonly Loss[];
  readonly damage: readonly Damage[];
  readonly notes: readonly TraceNote[];

  constructor(
    backing: Backing,
    lost: readonly Loss[],
    damage: readonly Damage[],
    notes: readonly TraceNote[],
  ) {
    this.lost = lost;
    this.damage = damage;
    this.notes = notes;

    this.backing = () => backing;
  }

  /** The index is one of this batch. */
  protected abstract eventAt(index: number): Event;

  abstract scan(): EventScan;

  get length(): number {
    return this.backing().rows.length;
  }

  at(index: number): Event {
    if (index < 0 || index >= this.length)
      throw new RangeError(`event ${index} of a batch of ${this.length}`);
    return this.eventAt(index);
  }

  *[Symbol.iterator](): Iterator<Event> {
    const { length } = this;
    for (let index = 0; index < length; index++) yield this.eventAt(index);
  }

  toArray(): TraceEvent[] {
    return Array.from(this, (event) => event.toJSON());
  }

  toJSON(): unknown {
    return { events: this.toArray(), lost: this.lost, damage: this.damage, notes: this.notes };
  }
}
