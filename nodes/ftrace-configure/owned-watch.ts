/** The watch of one node: begun by a message or with the flows, begun again where it fails, and gone when the node closes. */
import { startWatch, type Watch, type WatchSettings } from '../../src/index';
import { TraceError } from '../../src/trace-error';
import { asError } from '../adapter/as-error';
import { KEEP_MS, type WatchedUntil } from './watched-until';

/** tracefs may be mounted later, and what removed an instance may not do it again. */
const RETRY_MS = 10_000;

export interface WatchListener {
  /** One that nobody asked for: with the flows, or after a failure. */
  readonly begun: (watch: Watch) => void;
  readonly state: (watch: Watch) => void;
  /** It could not be begun, or failed; it is tried again. Once for each code. */
  readonly failed: (error: Error) => void;
}

export class OwnedWatch {
  readonly #until: WatchedUntil;
  readonly #listener: WatchListener;
  #watch: Watch | null = null;
  #keeping: NodeJS.Timeout | null = null;
  #retry: NodeJS.Timeout | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #toldCode: string | null = null;
  #isClosed = false;

  constructor(until: WatchedUntil, listener: WatchListener) {
    this.#until = until;
    this.#listener = listener;
  }

  get isWatching(): boolean {
    return this.#watch?.state === 'watching';
  }

  /** One that watches already is the answer. @throws TraceError as `startWatch`; SESSION_ENDED when the node is closed */
  begin(settings: WatchSettings): Promise<Watch> {
    const begun = this.#turn.then(() => this.#begin(settings));
    this.#turn = begun.catch(() => undefined);
    return begun;
  }

  /** Begins without being asked, and goes on trying. */
  keepWatching(settings: WatchSettings): void {
    this.#retry = null;
    this.begin(settings).then(
      (watch) => {
        this.#toldCode = null;
        this.#listener.begun(watch);
      },
      (thrown: unknown) => {
        this.#failed(asError(thrown), settings);
      },
    );
  }

  /** By the flow: what comes until it is begun again is no gap. */
  async stop(): Promise<Watch | null> {
    await this.#turn;
    const watch = this.#watch;
    this.#letGo();
    await watch?.stop();
    this.#until.forget();
    return watch;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#turn;
    const watch = this.#watch;
    if (watch?.state === 'watching') this.#until.keep(Date.now() / 1000);
    this.#letGo();
    await watch?.stop();
  }

  async #begin(settings: WatchSettings): Promise<Watch> {
    if (this.#isClosed) throw new TraceError('SESSION_ENDED', 'the node was closed before the watch began');
    if (this.#watch?.state === 'watching' && this.#watch.topic === settings.topic) return this.#watch;
    await this.#watch?.stop();
    const watch = await startWatch(settings, this.#until.read());
    this.#watch = watch;
    watch.onState((state) => {
      if (this.#watch !== watch) return;
      if (state === 'failed') {
        this.#letGo();
        this.#failed(watch.failure ?? new TraceError('SESSION_ENDED', watch.id), settings);
      }
      this.#listener.state(watch);
    });
    const keep = (): void => {
      this.#until.keep(Date.now() / 1000);
    };
    keep();
    this.#keeping = setInterval(keep, KEEP_MS);
    this.#listener.state(watch);
    return watch;
  }

  #failed(error: Error, settings: WatchSettings): void {
    if (this.#isClosed) return;
    const code = error instanceof TraceError ? error.code : error.message;
    if (code !== this.#toldCode) this.#listener.failed(error);
    this.#toldCode = code;
    this.#retry ??= setTimeout(() => {
      this.keepWatching(settings);
    }, RETRY_MS);
  }

  #letGo(): void {
    if (this.#keeping !== null) clearInterval(this.#keeping);
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#keeping = null;
    this.#retry = null;
    this.#watch = null;
  }
}
