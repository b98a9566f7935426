import type { Damage, EventBatch, Loss, TraceEvent, TraceNote } from '../../src/trace-event';
import { plainEvent } from '../../src/lazy-batch';

/**
 * A batch as it goes through a flow. A reader gets plain events, which can be kept, changed and sent on;
 * each is decoded when it is looked at.
 *
 * The batch itself hangs on a function, because Node-RED clones what it sends to a second wire: the clone of a
 * function is the function, so a batch costs the same on one wire and on ten. Nothing in it ever changes.
 */
export class SentBatch implements EventBatch {
  /** The same for our own nodes, which look at few fields of most events: its events are decoded field by field. */
  readonly lazily: () => EventBatch;
  readonly lost: readonly Loss[];
  readonly damage: readonly Damage[];
  readonly notes: readonly TraceNote[];

  constructor(batch: EventBatch) {
    this.lazily = () => batch;
    this.lost = batch.lost;
    this.damage = batch.damage;
    this.notes = batch.notes;
  }

  get length(): number {
    return this.lazily().length;
  }

  at(index: number): TraceEvent {
    return plainEvent(this.lazily().at(index));
  }

  *[Symbol.iterator](): Iterator<TraceEvent> {
    const batch = this.lazily();
    for (let index = 0; index < batch.length; index++) yield plainEvent(batch.at(index));
  }

  toArray(): TraceEvent[] {
    return this.lazily().toArray();
  }

  /** Each event becomes plain when JSON comes to it: a Debug node takes the first 1,000 of an array. */
  toJSON(): unknown {
    return { events: [...this.lazily()], lost: this.lost, damage: this.damage, notes: this.notes };
  }

  /** What a Debug node shows of it. */
  toString(): string {
    const { length, lost, damage, notes } = this;
    const beside = [
      [lost.length, 'gaps with lost events'],
      [damage.length, 'damaged places'],
      [notes.length, 'notes'],
    ]
      .filter(([count]) => count !== 0)
      .map(([count, what]) => `, ${count} ${what}`);
    if (length === 0) return `no events${beside.join('')}`;
    const first = this.at(0);
    const last = this.at(length - 1);
    return [
      `${length} events, ${first.ts.toFixed(6)} to ${last.ts.toFixed(6)} s${beside.join('')}`,
      `at(0): ${JSON.stringify(first)}`,
      ...(length > 1 ? [`at(${length - 1}): ${JSON.stringify(last)}`] : []),
    ].join('\n');
  }
}
