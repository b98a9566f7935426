/** Standard output that waits when the reader is slow, and ends quietly when the reader went away. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { errnoOf, TraceError } from '../trace-error';

export class Output {
  #failure: Error | null = null;

  readonly stream: Writable;
  readonly name: string;

  constructor(stream: Writable, name: string) {
    this.stream = stream;
    this.name = name;

    stream.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** The reader closed the pipe, as `head` does: nobody reads the rest. */
  get isUnread(): boolean {
    return errnoOf(this.#failure) === 'EPIPE';
  }

  /** Characters in a line of the terminal; null where the output is no terminal. */
  get columns(): number | null {
    return this.#terminal?.columns ?? null;
  }

  /** A terminal that shows colours, where neither NO_COLOR nor TERM=dumb says otherwise. */
  get hasColors(): boolean {
    return this.#terminal?.hasColors() ?? false;
  }

  get #terminal(): typeof process.stdout | null {
    return this.stream === process.stdout && process.stdout.isTTY ? process.stdout : null;
  }

  /** @throws TraceError OUTPUT_FAILED, such as for a full disk */
  async write(content: string | Uint8Array): Promise<void> {
    if (content.length === 0 || this.isUnread) return;
    if (this.stream.write(content) || this.#failure !== null) {
      this.#check();
      return;
    }
    await this.#drained();
    this.#check();
  }

  /** There is room again, or there never will be. */
  async #drained(): Promise<void> {
    const over = new AbortController();
    const { signal } = over;
    const waits = ['drain', 'close'].map((event) => once(this.stream, event, { signal }));
    try {
      await Promise.race(waits);
    } catch {
      // The stream's error is kept by its own listener.
    } finally {
      // The other one stops listening.
      over.abort();
      await Promise.allSettled(waits);
    }
  }

  /** Everything is written when this resolves. */
  async end(): Promise<void> {
    if (this.isUnread) return;
    await new Promise<void>((resolve) => {
      this.stream.once('error', () => {
        resolve();
      });
      if (this.stream === process.stdout)
        this.stream.write('', () => {
          resolve();
        });
      else
        this.stream.end(() => {
          resolve();
        });
    });
    this.#check();
  }

  #check(): void {
    if (this.#failure === null || this.isUnread) return;
    throw new TraceError('OUTPUT_FAILED', `${this.name}: ${this.#failure.message}`, { cause: this.#failure });
  }
}
