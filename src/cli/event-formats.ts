/** The decoded events as `events` and `record` print them, batch by batch. */
import { eventLine, formatEvent, formatHeader, formatLoss, formatNote } from '../index';
import type { EventBatch, Loss } from '../trace-event';

export function ndjsonOf(batch: EventBatch): string {
  let lines = '';
  for (const event of batch) lines += eventLine(event);
  return lines;
}

/** The start of a text trace. */
export function textHead(): string {
  return formatHeader();
}

/** Nanoseconds, so that reading the text again gives the same times; each loss comes before the event after it. */
export function textOf(batch: EventBatch): string {
  let lines = batch.notes.map((note) => `${formatNote(note)}\n`).join('');
  const waiting: Loss[] = [...batch.lost];
  for (const event of batch) {
    while (waiting.length > 0 && (waiting[0]!.ts ?? Infinity) <= event.ts)
      lines += `${formatLoss(waiting.shift()!)}\n`;
    lines += `${formatEvent(event, { nanoseconds: true })}\n`;
  }
  return lines + waiting.map((loss) => `${formatLoss(loss)}\n`).join('');
}
