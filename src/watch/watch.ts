/**
 * One watch over the machine, from arming to the last instance's removal. It owns, in this order, and gives back in reverse:
 * its instance and the doorbell's, the open pipes, the timer, the readers' queues.
 *
 * It is read on the main thread, where one look at empty pipes costs some ten microseconds: at once when the doorbell says that
 * somebody sent a signal, else every half second. So a quiet machine costs next to nothing, and a death is reported within
 * milliseconds.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as os from 'node:os';
import { ringBatch } from '../readers/pages/ring-batch';
import type { RingContext } from '../readers/pages/ring-event';
import { RowFilter } from '../readers/pages/row-filter';
import { BatchQueue } from '../session/batch-queue';
import { readKernelTables } from '../session/kernel-tables';
import { nextTurn } from '../session/pauses';
import { PipePoll } from '../session/pipe-poll';
import { bootId } from '../session/proc-state';
import type { Pipe } from '../session/reader-thread-protocol';
import { ControlFiles } from '../tracefs/control-files';
import { Instance, type BufferStatistics } from '../tracefs/instance';
import { nextSessionNames } from '../tracefs/owner';
import { watchEvents, type EventChoice } from '../tracefs/presets';
import { TraceError } from '../trace-error';
import { Doorbell } from './doorbell';
import { HostModel } from './host-model';
import type { WatchCount } from './watch-counters';
import type { WatchRecord } from './watch-record';
import type { WatchSettings } from './watch-settings';

export type WatchState = 'watching' | 'ended' | 'failed';

/** CLOCK_MONOTONIC, which `process.hrtime` reads too. */
const CLOCK = 'mono';
/** With nothing sent on the machine, look again after this: forks and execs wait in the kernel's buffer so long. */
const IDLE_MS = 500;
/** After the doorbell: what a death is made of is complete, and old enough to be in order. */
const SETTLING_MS = 3;
/** So long after it, look this often: a death takes a moment, and one signal is seldom alone. */
const ALERT_MS = 100;
const ALERT_LOOK_MS = 20;
/** A look that found so many events is followed by another one soon: they must not be overwritten. */
const MANY_EVENTS = 2000;
const BUSY_LOOK_MS = 50;

/** What a watch sends on at once. */
export interface WatchBatch {
  readonly records: readonly WatchRecord[];
  /** How far the watch is, on the trace clock: whoever waits for something knows that it did not come until then. */
  readonly reached: number;
}

export class Watch {
  readonly settings: WatchSettings;
  readonly id: string;
  readonly files: ControlFiles;
  readonly host = os.hostname();
  readonly boot = bootId();
  readonly #instance: Instance;
  readonly #bell: Instance;
  readonly #doorbell: Doorbell;
  readonly #model: HostModel;
  readonly #queues = new Set<BatchQueue<WatchBatch>>();
  readonly #listeners = new Set<(state: WatchState) => void>();
  #context: RingContext | null = null;
  #filter: RowFilter | null = null;
  #poll: PipePoll | null = null;
  readonly #pipes: Pipe[] = [];
  #timer: NodeJS.Timeout | null = null;
  #dueAt = Infinity;
  #alertUntil = 0;
  #looking: Promise<void> | null = null;
  #closing: Promise<void> | null = null;
  #state: WatchState = 'watching';
  #since = 0;
  /** Why it failed; null otherwise. */
  failure: TraceError | null = null;

  /** @param files which only say what would be written, for a dry run */
  constructor(tracefs: string, settings: WatchSettings, files = new ControlFiles()) {
    this.settings = settings;
    this.files = files;
    const names = nextSessionNames();
    this.id = names.watch.replace(/-watch$/, '');
    this.#instance = new Instance(tracefs, names.watch, this.files);
    this.#bell = new Instance(tracefs, names.bell, this.files);
    this.#doorbell = new Doorbell(this.#bell);
    this.#model = new HostModel(settings, now);
  }

  get topic(): string {
    return this.settings.topic;
  }

  get instances(): readonly string[] {
    return [this.#instance.name, this.#bell.name];
  }

  get state(): WatchState {
    return this.#state;
  }

  /** Seconds since 1970 from which on it watches. */
  get since(): number {
    return this.#since;
  }

  /** How many events the kernel overwrote before they were read; null where it could not say. */
  get lostEvents(): number | null {
    return this.#model.lostEvents;
  }

  /** What it holds, and where a limit has made it forget. */
  get count(): WatchCount {
    return this.#model.count;
  }

  /** @returns the way to stop listening */
  onState(listener: (state: WatchState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Makes both instances, off, with their events. */
  arm(): EventChoice[] {
    const { muted, bufferKb } = this.settings;
    const events = watchEvents(muted, HostModel.asksForCgroups(this.settings));
    this.#instance.create(CLOCK, bufferKb);
    this.#doorbell.create(CLOCK, muted);
    for (const choice of events) this.#instance.enable(choice);
    return events;
  }

  /**
   * Makes the instances, reads who is there, and begins to watch. Nothing is left where it fails.
   * @param watchedUntil seconds since 1970: until when an earlier watch of the same kind saw everything; null where
   * there was none
   * @throws TraceError TRACEFS_DENIED, TRACEFS_WRITE, EVENT_UNKNOWN
   */
  async start(watchedUntil: number | null = null): Promise<void> {
    try {
      const events = this.arm();
      this.#context = readKernelTables(
        this.#instance,
        events.map(({ event }) => event),
        CLOCK,
      );
      this.#filter = new RowFilter(this.#context, { events: this.#model.events, see: this.#see });
      this.#openPipes(this.#context);
      this.#instance.turn('on');
      this.#since = Date.now() / 1000;
      this.#setTime();
      this.#model.begin();
      if (watchedUntil !== null && watchedUntil < this.#since)
        this.#model.gap(watchedUntil, this.#since, now());
      this.#doorbell.listen(this.#rung, (error) => {
        void this.#fail(error);
      });
      // What is recorded meanwhile waits for the first look.
      this.#keepLooking(this.#loadSymbols(this.#context).then(() => this.#lookOnce()));
    } catch (error) {
      await this.#remove();
      throw error;
    }
  }

  /**
   * Records from now on, in batches; also a batch without any, once for each look that found none, so that a reader knows
   * how far the watch is. Several readers get the same ones; the slowest sets the pace, and the kernel counts what it loses.
   */
  batches(): AsyncIterableIterator<WatchBatch> {
    const queue = new BatchQueue<WatchBatch>((reader) => {
      if (reader.isEnded) this.#queues.delete(queue);
    });
    if (this.#state === 'watching') this.#queues.add(queue);
    else queue.end();
    return queue;
  }

  /** Ends it: what is open is reported, and nothing of it is left when this resolves. Idempotent. */
  stop(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#looking;
    if (this.#state === 'watching') {
      try {
        this.#instance.turn('off');
        await this.#look(true);
      } catch {
        // The instance was removed under us: what was in it is gone with it.
      }
      this.#model.finish(now());
      this.#passOn();
    }
    await this.#remove();
    for (const queue of this.#queues) queue.end();
    this.#queues.clear();
    this.#become(this.failure === null ? 'ended' : 'failed');
  }

  async #remove(): Promise<void> {
    for (const pipe of this.#pipes.splice(0)) closeSync(pipe.fd);
    this.#poll = null;
    await this.#doorbell.close();
    await this.#instance.remove();
  }

  #become(state: WatchState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }

  /** Otherwise the first call trace that is looked at reads them, and holds up the event loop for a tenth of a second. */
  async #loadSymbols({ symbols }: RingContext): Promise<void> {
    try {
      symbols.load(await readFile('/proc/kallsyms'));
    } catch {
      // Not readable: addresses stay numbers.
    }
  }

  #openPipes({ table }: RingContext): void {
    for (const cpu of this.#instance.cpus()) {
      const fd = openSync(this.#instance.rawPipe(cpu), constants.O_RDONLY | constants.O_NONBLOCK);
      this.#pipes.push({ fd, cpu, instance: 0 });
    }
    this.#poll = new PipePoll(this.#pipes, table, () => process.hrtime.bigint());
  }

  readonly #see = (event: Parameters<HostModel['apply']>[0]): boolean => {
    this.#model.apply(event);
    // It is in a record now, or of no concern.
    return false;
  };

  readonly #rung = (): void => {
    this.#alertUntil = performance.now() + ALERT_MS;
    this.#lookIn(SETTLING_MS);
  };

  /** Looks then, or before where that is due already. */
  #lookIn(ms: number): void {
    const at = performance.now() + ms;
    if (this.#closing !== null || (this.#timer !== null && this.#dueAt <= at)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#dueAt = at;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      // A look that goes on says itself when the next one is due.
      if (this.#looking === null) this.#keepLooking(this.#lookOnce());
    }, ms);
  }

  #keepLooking(look: Promise<void>): void {
    this.#looking = look;
    void look.finally(() => {
      if (this.#looking === look) this.#looking = null;
    });
  }

  async #lookOnce(): Promise<void> {
    let found = 0;
    try {
      // Who does not keep up holds the watch back: the events wait in the kernel.
      if (![...this.#queues].some((queue) => queue.isBehind)) found = await this.#look(false);
    } catch (error) {
      // Not awaited: the end waits for this look.
      void this.#fail(error);
      return;
    }
    const isAlert = performance.now() < this.#alertUntil;
    this.#lookIn(isAlert ? ALERT_LOOK_MS : found > MANY_EVENTS ? BUSY_LOOK_MS : IDLE_MS);
  }

  /** Reads and applies what there is, with a turn for others between two parts. @returns how many events */
  async #look(isLast: boolean): Promise<number> {
    const [poll, filter] = [this.#poll, this.#filter];
    if (poll === null || filter === null) return 0;
    let found = 0;
    for (;;) {
      this.#setTime();
      const isDrained = poll.poll();
      const reached = now();
      const merged = poll.flush(isDrained && isLast);
      found += merged.rows.length;
      const batch = ringBatch(merged, filter, []);
      this.#model.lost(batch.lost, reached);
      // Younger events are still on their way.
      this.#model.pass(isDrained ? reached - SETTLING_MS / 1000 : -Infinity);
      this.#passOn();
      if (isDrained) return found;
      await nextTurn();
    }
  }

  #passOn(): void {
    const records = this.#model.take();
    if (this.#queues.size === 0) return;
    const batch: WatchBatch = { records, reached: now() - SETTLING_MS / 1000 };
    for (const queue of this.#queues) queue.put(batch);
  }

  /** The wall clock may be set, and the trace clock stops while the machine sleeps. */
  #setTime(): void {
    this.#model.setTime(now(), Date.now() / 1000);
  }

  /** What the kernel counted of its buffer. */
  statistics(): BufferStatistics {
    return this.#instance.statistics();
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#closing !== null) return;
    const said = error instanceof Error ? error.message : String(error);
    this.failure =
      error instanceof TraceError
        ? error
        : new TraceError('SESSION_ENDED', `${this.id}: ${said}`, { cause: error });
    await this.stop();
  }
}

/** Seconds on the trace clock. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}
