/** Tells which messages belong to one trace, and which is its last. */
import type { NodeMessage } from 'node-red';
import { IncomingEvents, Lifecycle, type LifecycleOptions, type Stage } from '../../src/index';
import { metadataOf, topicOf } from '../messages/message-metadata';
import { partsOf } from '../messages/message-parts';
import { MessageSeries } from '../messages/message-series';

/** One trace on its way through the node. */
export class IncomingTrace {
  readonly events = new IncomingEvents();
  readonly lifecycle: Lifecycle;
  readonly stages: MessageSeries;
  readonly records: MessageSeries;
  /** Stages that wait to be sent as one array. */
  readonly stagesOfMessage: Stage[] = [];

  readonly key: string;

  constructor(key: string, first: NodeMessage) {
    this.key = key;

    const { session = null, replay } = metadataOf(first);
    this.lifecycle = new Lifecycle(sourceOf(first));
    const metadata = { session, ...(replay !== undefined && { replay }) };
    this.stages = new MessageSeries(first, topicOf(first), metadata);
    this.records = new MessageSeries(first, topicOf(first), metadata);
  }

  /** The messages say of which machine they are as soon as the trace has said it. */
  nameMachine(): void {
    const { machine } = this.lifecycle;
    this.stages.add(machine);
    this.records.add(machine);
  }
}

/** Where the events were read from, where the first message tells it. */
function sourceOf(message: NodeMessage): LifecycleOptions {
  const { source } = metadataOf(message);
  if (source === 'raw' || source === 'text' || source === 'trace.dat') return { source };
  return typeof message.payload === 'string' || Buffer.isBuffer(message.payload) ? { source: 'text' } : {};
}

/** The messages of one stream have one key: their `parts.id`, or else their topic. */
export function seriesKey(message: NodeMessage): string {
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
