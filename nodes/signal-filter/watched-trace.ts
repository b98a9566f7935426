/** One trace that signal-filter follows, and how far it must be by now. */
import type { NodeMessage } from 'node-red';
import type { AlertWatch, Judgement } from '../../src/index';
import { metadataOf } from '../messages/message-metadata';

/**
 * Seconds. What happened on a machine comes here a little later: as long as that may take, nobody says of a live
 * trace that something did not happen.
 */
const ON_ITS_WAY = 5;

export class WatchedTrace {
  /** The last message, whose properties go on with what is sent without one. */
  message: NodeMessage;
  #reachedAt = performance.now();
  #reached = -Infinity;

  readonly watch: AlertWatch;

  constructor(watch: AlertWatch, first: NodeMessage) {
    this.watch = watch;

    this.message = first;
  }

  came(message: NodeMessage): void {
    this.message = message;
  }

  /** What came was judged. */
  judged(): void {
    if (this.watch.reached === this.#reached) return;
    this.#reached = this.watch.reached;
    this.#reachedAt = performance.now();
  }

  /** Whether its clock runs on while no message comes: a saved trace's does not. */
  get isLive(): boolean {
    const { session, replay } = metadataOf(this.message);
    return typeof session === 'string' && replay === undefined;
  }

  /** What is due although no message came: the trace's clock has run on beside the wall's. */
  waited(): Judgement[] {
    if (!this.isLive || this.#reached === -Infinity) return [];
    const now = this.#reached + (performance.now() - this.#reachedAt) / 1000 - ON_ITS_WAY;
    return now > this.#reached ? this.watch.tick(now) : [];
  }
}
