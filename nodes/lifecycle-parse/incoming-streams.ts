/** Tells which messages belong to one trace, and which is its last. */
import type { NodeMessage } from 'node-red';
import { IncomingEvents, Lifecycle, type LifecycleOptions } from '../../src/index';
import type { EventBatch } from '../../src/trace-event';
import { EventList } from '../../src/event-list';
import { metadataOf, topicOf, type BesideEvents } from '../message-metadata';
import { MessageStream } from '../message-stream';

/** One trace on its way through the node. */
export class IncomingTrace {
  readonly events = new IncomingEvents();
  readonly lifecycle: Lifecycle;
  readonly stages: MessageStream;
  readonly records: MessageStream;

  constructor(
    readonly key: string,
    first: NodeMessage,
  ) {
    const { session = null, replay } = metadataOf(first);
    this.lifecycle = new Lifecycle(sourceOf(first));
    const metadata = { session, ...(replay !== undefined && { replay }) };
    this.stages = new MessageStream(first, topicOf(first), metadata);
    this.records = new MessageStream(first, topicOf(first), metadata);
  }
}

/** Where the events were read from, where the first message tells it. */
function sourceOf(message: NodeMessage): LifecycleOptions {
  const { source } = metadataOf(message);
  if (source === 'raw' || source === 'text' || source === 'trace.dat') return { source };
  return typeof message.payload === 'string' || Buffer.isBuffer(message.payload) ? { source: 'text' } : {};
}

interface Parts {
  readonly id: string;
  readonly index: unknown;
  readonly count: unknown;
}

function partsOf(message: NodeMessage): Parts | null {
  const given = message['parts'];
  if (typeof given !== 'object' || given === null) return null;
  const { id, index, count } = given as Record<string, unknown>;
  return typeof id === 'string' ? { id, index, count } : null;
}

/** The messages of one stream have one key: their `parts.id`, or else their topic. */
export function streamKey(message: NodeMessage): string {
  const parts = partsOf(message);
  return parts === null ? `topic:${topicOf(message) ?? ''}` : `parts:${parts.id}`;
}

/** A payload that is more than one event, and that no `parts` join to others, is a whole trace. */
function isWholeTrace(payload: unknown): boolean {
  if (typeof payload === 'string') return payload.trimEnd().includes('\n');
  if (Buffer.isBuffer(payload) || Array.isArray(payload)) return true;
  return typeof payload === 'object' && payload !== null && Symbol.iterator in payload;
}

export function isLast(message: NodeMessage): boolean {
  if (message['complete'] === true) return true;
  const parts = partsOf(message);
  if (parts === null) return isWholeTrace(message.payload);
  return (
    typeof parts.index === 'number' && typeof parts.count === 'number' && parts.index === parts.count - 1
  );
}

/** The events of the payload, with what came beside them in `msg.ftrace`. */
export function eventsOf(message: NodeMessage, events: IncomingEvents): EventBatch {
  const batch = message.payload === undefined ? new EventList([]) : events.push(message.payload);
  const { losses = [], damage = [], notes = [] } = metadataOf(message) as BesideEvents;
  if (losses.length + damage.length + notes.length === 0) return batch;
  return new EventList(
    batch.toArray(),
    [...batch.lost, ...losses],
    [...batch.damage, ...damage],
    [...batch.notes, ...notes],
  );
}
