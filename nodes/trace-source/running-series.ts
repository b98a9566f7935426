/** The streams that a trace-source has open, and which of them a message is about. */
import type { NodeMessage } from 'node-red';
import { topicOf } from '../messages/message-metadata';
import { partsOf } from '../messages/message-parts';
import { TickGate } from './tick-gate';

export interface RunningSeries {
  readonly abort: AbortController;
  readonly ticks: TickGate;
  topic: string | null;
  /** `parts.id` of its messages; null until it is open. */
  id: string | null;
}

export class RunningSeriesSet {
  readonly #streams = new Set<RunningSeries>();

  begin(topic: string | null): RunningSeries {
    const stream = { abort: new AbortController(), ticks: new TickGate(), topic, id: null };
    this.#streams.add(stream);
    return stream;
  }

  end(stream: RunningSeries): void {
    this.#streams.delete(stream);
  }

  stopAll(): void {
    for (const { abort } of this.#streams) abort.abort();
  }

  /**
   * Gives a message's tick to the streams it is about: that of its `parts.id`, else those of its topic, else all. What
   * goes round in a loop has `parts`, so a message with them never asks for a new stream, also after the last.
   *
   * @returns false where it is about no stream that is open, and may begin one
   */
  tick(message: NodeMessage): boolean {
    const all = [...this.#streams];
    const parts = partsOf(message);
    const topic = topicOf(message);
    let concerned = parts === null ? [] : all.filter(({ id }) => id === parts.id);
    if (concerned.length === 0 && topic !== null) concerned = all.filter((stream) => stream.topic === topic);
    if (concerned.length === 0 && (topic === null || parts !== null)) concerned = all;
    for (const { ticks } of concerned) ticks.tick();
    return concerned.length > 0 || parts !== null;
  }
}
