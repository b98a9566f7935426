/**
 * The events of one message, in batches that are each made in a moment: a payload may be a whole file, or an array of
 * a million events. What came beside the events in `msg.ftrace` is among them.
 */
import type { NodeMessage } from 'node-red';
import type { IncomingEvents } from '../../src/index';
import { EventList, isBatch, missingInBatch } from '../../src/event-list';
import { TraceError } from '../../src/trace-error';
import type { EventBatch, Loss } from '../../src/trace-event';
import { BatchSlice } from '../messages/batch-slice';
import { besideInBatch, besideInMetadata, joinBeside, type BesideEvents } from '../messages/beside-events';
import { SentBatch } from '../messages/sent-batch';

/** Text of this length is read in about a millisecond. */
const TEXT_LENGTH = 1 << 16;
const EVENTS = 1000;

/** What `EventBatch.toJSON` gives, for batches that went through JSON. */
function isPlainBatch(payload: unknown): payload is { readonly events: unknown[] } & Partial<EventBatch> {
  return (
    typeof payload === 'object' &&
    payload !== null &&
    'events' in payload &&
    Array.isArray(payload.events) &&
    !isBatch(payload)
  );
}

function* bytePieces(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += TEXT_LENGTH) yield bytes.subarray(at, at + TEXT_LENGTH);
}

/** As bytes: a piece is not the whole line that a short string without a newline is. */
function* textPieces(text: string): Iterable<unknown> {
  if (text.length <= TEXT_LENGTH || !text.includes('\n')) {
    yield text;
    return;
  }
  for (let at = 0; at < text.length;) {
    let end = at + TEXT_LENGTH;
    // Not between the two halves of a character.
    if ((text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end++;
    yield Buffer.from(text.slice(at, end));
    at = end;
  }
}

function* listPieces(list: readonly unknown[]): Iterable<unknown> {
  let from = 0;
  for (let at = 0; at < list.length; at++) {
    const value = list[at];
    refuseHalfBatch(`msg.payload[${at}]`, value);
    const isLarge = (typeof value === 'string' && value.length > TEXT_LENGTH) || isBatch(value);
    if (isLarge || at - from === EVENTS) {
      if (at > from) yield list.slice(from, at);
      from = at;
    }
    if (!isLarge) continue;
    yield* typeof value === 'string' ? textPieces(value) : [value];
    from = at + 1;
  }
  if (from < list.length) yield list.slice(from);
}

function piecesOf(payload: unknown): Iterable<unknown> {
  if (payload === undefined) return [];
  if (payload instanceof Uint8Array) return bytePieces(payload);
  if (typeof payload === 'string') return textPieces(payload);
  if (Array.isArray(payload)) return listPieces(payload as unknown[]);
  if (isPlainBatch(payload)) return listPieces(payload.events);
  return [payload];
}

/** Somebody's own batch is used as one only where it is whole. */
function refuseHalfBatch(place: string, value: unknown): void {
  const missing = missingInBatch(value);
  if (missing === null) return;
  throw new TraceError('MESSAGE_INVALID', `${place}: an incomplete batch of events, without ${missing}`);
}

function withBeside(batch: EventBatch, { losses, damage, notes }: BesideEvents): EventBatch {
  if (losses.length + damage.length + notes.length === 0) return batch;
  const lost = [...batch.lost, ...losses];
  return new BatchSlice(
    batch,
    0,
    batch.length,
    lost,
    [...batch.damage, ...damage],
    [...batch.notes, ...notes],
  );
}

/**
 * @param events of the trace that the message belongs to
 * @throws TraceError MESSAGE_INVALID with the place, where the payload is not what it seems to be
 * @returns batches in order, each made when it is asked for; damage and notes are with the first, a loss with the first
 *   event after its gap or, after all events, with the last
 */
export function* batchesOf(message: NodeMessage, events: IncomingEvents): Iterable<EventBatch> {
  const { payload } = message;
  refuseHalfBatch('msg.payload', payload);
  let beside = besideInMetadata(message);
  if (isPlainBatch(payload)) beside = joinBeside(besideInBatch(payload), beside);
  let before: EventBatch | null = null;
  for (const piece of piecesOf(payload)) {
    if (before !== null) {
      const isHere = upTo(before);
      yield withBeside(before, { ...beside, losses: beside.losses.filter(isHere) });
      beside = { losses: beside.losses.filter((loss) => !isHere(loss)), damage: [], notes: [] };
    }
    before = piece instanceof SentBatch ? piece.lazily() : events.push(piece);
  }
  yield withBeside(before ?? new EventList([]), beside);
}

function upTo(batch: EventBatch): (loss: Loss) => boolean {
  if (batch.length === 0) return () => false;
  const last = batch.at(batch.length - 1).ts;
  return ({ ts }) => ts !== null && ts <= last;
}
