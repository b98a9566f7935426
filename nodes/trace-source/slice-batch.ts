import { BatchSlice } from '../messages/batch-slice';
import type { EventBatch, Loss } from '../../src/trace-event';

/**
 * The events `from` to `to` (exclusive) of a batch, as a batch. What comes beside events is in exactly one slice:
 * damage and notes in the first, a loss with the first event after its gap or, after all events, in the last.
 * Only the times of the events at its borders are looked at.
 */
export function sliceBatch(batch: EventBatch, from: number, to: number): EventBatch {
  const isFirst = from === 0;
  const isLast = to === batch.length;
  const after = isFirst ? Number.NEGATIVE_INFINITY : batch.at(from - 1).ts;
  const until = isLast ? Number.POSITIVE_INFINITY : batch.at(to - 1).ts;
  const isHere = ({ ts }: Loss): boolean => (ts === null ? isLast : ts > after && ts <= until);
  const lost = batch.lost.length === 0 ? batch.lost : batch.lost.filter(isHere);
  return new BatchSlice(batch, from, to, lost, isFirst ? batch.damage : [], isFirst ? batch.notes : []);
}
