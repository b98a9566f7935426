/** The traces that signal-filter follows: each has its own clock, so each topic has its own watch. */
import type { WatchedTrace } from './watched-trace';

/** Each is small, and what it remembers is bounded. One more, and another is ended: its end may never come. */
export const MAX_TRACES = 1_000;

export class OpenTraces {
  /** The one of which nothing came for the longest time is the first. */
  readonly #byTopic = new Map<string | null, WatchedTrace>();
  /** Traces that were ended for want of room. */
  evicted = 0;

  get size(): number {
    return this.#byTopic.size;
  }

  entries(): IterableIterator<[string | null, WatchedTrace]> {
    return this.#byTopic.entries();
  }

  all(): WatchedTrace[] {
    return [...this.#byTopic.values()];
  }

  /** The trace of a topic from which something came. */
  get(topic: string | null): WatchedTrace | undefined {
    const trace = this.#byTopic.get(topic);
    if (trace === undefined) return undefined;
    this.#byTopic.delete(topic);
    this.#byTopic.set(topic, trace);
    return trace;
  }

  add(topic: string | null, trace: WatchedTrace): void {
    this.#byTopic.set(topic, trace);
  }

  delete(topic: string | null): void {
    this.#byTopic.delete(topic);
  }

  clear(): void {
    this.#byTopic.clear();
  }

  /**
   * Makes room for one more. Those that wait for nothing go first, as nothing is lost with them; then the one of which
   * nothing came for the longest time. One that has messages in work stays, though there are too many for a while.
   *
   * @returns those that are to be ended
   */
  takeExcess(hasWork: (topic: string | null) => boolean): WatchedTrace[] {
    const excess: WatchedTrace[] = [];
    while (this.#byTopic.size >= MAX_TRACES) {
      const idle = [...this.#byTopic].filter(([topic]) => !hasWork(topic));
      const found = idle.find(([, { watch }]) => !watch.isWaiting) ?? idle[0];
      if (found === undefined) break;
      this.#byTopic.delete(found[0]);
      excess.push(found[1]);
    }
    this.evicted += excess.length;
    return excess;
  }
}
