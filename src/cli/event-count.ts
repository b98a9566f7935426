import { isUnexplained, type EventBatch } from '../trace-event';

/** What `--format count` prints, and what every run says of itself. */
export class EventCount {
  events = 0;
  /** Null where the kernel could not say of some gap how many. */
  lost: number | null = 0;
  unexplained = 0;

  add(batch: EventBatch): void {
    this.events += batch.length;
    for (const damage of batch.damage) if (isUnexplained(damage)) this.unexplained++;
    for (const { count } of batch.lost)
      this.lost = this.lost === null || count === null ? null : this.lost + count;
  }

  toJSON(): { events: number; lost: number | null; unexplained: number } {
    return { events: this.events, lost: this.lost, unexplained: this.unexplained };
  }
}
