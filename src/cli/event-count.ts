import type { EventBatch } from '../trace-event';

/** The event is there; only that it may be another is damage. */
const DELIVERED = 'LINE_AMBIGUOUS';

/** What `--format count` prints, and what every run says of itself. */
export class EventCount {
  events = 0;
  /** Null where the kernel could not say of some gap how many. */
  lost: number | null = 0;
  unexplained = 0;

  add(batch: EventBatch): void {
    this.events += batch.length;
    for (const { code } of batch.damage) if (code !== DELIVERED) this.unexplained++;
    for (const { count } of batch.lost)
      this.lost = this.lost === null || count === null ? null : this.lost + count;
  }

  toJSON(): { events: number; lost: number | null; unexplained: number } {
    return { events: this.events, lost: this.lost, unexplained: this.unexplained };
  }
}
