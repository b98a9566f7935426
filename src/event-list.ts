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

/** The properties that make a batch, in the order in which their absence is reported. */
const BATCH_PARTS: readonly (readonly [name: string, kind: string, holds: (value: object) => boolean])[] = [
  ['length', 'a number', (value) => 'length' in value && Number.isInteger(value.length)],
  ['at', 'a function', (value) => 'at' in value && typeof value.at === 'function'],
  ['an iterator', 'a function', (value) => Symbol.iterator in value],
  ['lost', 'an array', (value) => 'lost' in value && Array.isArray(value.lost)],
  ['damage', 'an array', (value) => 'damage' in value && Array.isArray(value.damage)],
  ['notes', 'an array', (value) => 'notes' in value && Array.isArray(value.notes)],
];

export function isBatch(value: unknown): value is EventBatch {
  return typeof value === 'object' && value !== null && BATCH_PARTS.every(([, , holds]) => holds(value));
}

/**
 * What keeps a value from being the batch that it seems to be: `notes (an array)`. Null for a batch, and for what does
 * not resemble one: only a batch has both `at` and `lost`.
 */
export function missingInBatch(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('at' in value && 'lost' in value)) return null;
  const [name, kind] = BATCH_PARTS.find(([, , holds]) => !holds(value)) ?? [];
  return name === undefined ? null : `${name} (${kind!})`;
}
