/** Numbers the messages of a stream, as Join and Batch nodes expect it. */
import { randomUUID } from 'node:crypto';
import type { NodeMessage } from 'node-red';
import { carriedProperties, type FtraceMetadata } from './message-metadata';

export class MessageSeries {
  /** `parts.id` of its messages. */
  readonly id = randomUUID();
  readonly #carried: NodeMessage;
  #index = 0;

  readonly #topic: string | null;
  #metadata: Readonly<FtraceMetadata>;

  /**
   * @param started the message that the stream answers; its properties go on with each
   * @param metadata `msg.ftrace` of each message
   */
  constructor(started: NodeMessage, topic: string | null, metadata: Readonly<FtraceMetadata>) {
    this.#topic = topic;
    this.#metadata = metadata;

    this.#carried = carriedProperties(started);
  }

  /** What each message says from now on too. */
  add(metadata: Readonly<FtraceMetadata>): void {
    this.#metadata = { ...this.#metadata, ...metadata };
  }

  next(payload: unknown, metadata: Readonly<FtraceMetadata> = {}): NodeMessage {
    return { ...this.#end(metadata, false), payload };
  }

  /** The last message: `complete`, its parts counted, without a payload unless the caller sets one. */
  last(metadata: Readonly<FtraceMetadata> = {}): NodeMessage {
    return this.#end(metadata, true);
  }

  #end(metadata: Readonly<FtraceMetadata>, complete: boolean): NodeMessage {
    const index = this.#index++;
    const message: NodeMessage = {
      ...this.#carried,
      parts: complete ? { id: this.id, index, count: index + 1 } : { id: this.id, index },
      ftrace: { ...this.#metadata, ...metadata },
    };
    if (this.#topic !== null) message.topic = this.#topic;
    if (complete) message['complete'] = true;
    return message;
  }
}
