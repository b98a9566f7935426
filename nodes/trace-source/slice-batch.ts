import { EventList } from '../../src/event-list';
import type { EventBatch, Loss, TraceEvent } from '../../src/trace-event';

/**
 * The events `from` to `to` (exclusive) of a batch, as a batch. What comes beside events is in exactly one slice:
 * damage and notes in the first, a loss with the first event after its gap or, behind all events, in the last.
 */
export function sliceBatch(batch: EventBatch, from: number, to: number): EventBatch {
  const events: TraceEvent[] = [];
  for (let index = from; index < to; index++) events.push(batch.at(index));
  const isFirst = from === 0;
  const isLast = to === batch.length;
  const after = isFirst ? Number.NEGATIVE_INFINITY : batch.at(from - 1).ts;
  const until = isLast ? Number.POSITIVE_INFINITY : batch.at(to - 1).ts;
  const isHere = ({ ts }: Loss): boolean => (ts === null ? isLast : ts > after && ts <= until);
  return new EventList(
    events,
    batch.lost.filter(isHere),
    isFirst ? batch.damage : [],
    isFirst ? batch.notes : [],
  );
}
