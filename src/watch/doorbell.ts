/**
 * Wakes a watch when a signal is sent on the machine, so that it need not look again and again: an instance of a few pages
 * whose only event is the watch's signal_generate, and a thread that is blocked in a read of it. What is in it is thrown
 * away; it costs nothing while nothing happens.
 *
 * All CPUs of an instance can be waited for only by its text pipe (trace_pipe), which takes out what it shows: so it is
 * not the watch's own.
 */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Instance } from '../tracefs/instance';
import { signalsFilter } from '../tracefs/presets';
import { CLOSING, CONTROL_BYTES, STATE, type DoorbellTask } from './doorbell-protocol';

/** Seen from here, and from a command that is bundled into one file in the folder beside (`src/cli/`). */
const DOORBELL_THREAD = path.join(__dirname, '../watch/doorbell-thread.js');
const BUFFER_KB = 8;

export class Doorbell {
  readonly #instance: Instance;
  readonly #control = new Int32Array(new SharedArrayBuffer(CONTROL_BYTES));
  #fd: number | null = null;
  #thread: Worker | null = null;
  #gone: Promise<void> = Promise.resolve();

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  /** Makes the instance, with its event, off. @throws TraceError TRACEFS_DENIED, TRACEFS_WRITE */
  create(clock: string, muted: readonly number[]): void {
    this.#instance.create(clock, BUFFER_KB);
    this.#instance.enable({ event: 'signal/signal_generate', filter: signalsFilter(muted) });
  }

  /**
   * @param rung is called for one signal, or for all that were sent since the last call; at most every 20 ms
   * @param failed is called where the thread ends by itself: nobody rings any more
   */
  listen(rung: () => void, failed: (error: Error) => void): void {
    this.#fd = openSync(this.#instance.textPipe(), 'r');
    const task: DoorbellTask = { fd: this.#fd, control: this.#control.buffer };
    const thread = new Worker(DOORBELL_THREAD, { workerData: task, name: 'ftrace-doorbell' });
    this.#thread = thread;
    thread.on('message', rung);
    thread.on('error', failed);
    this.#gone = new Promise((resolve) => {
      thread.on('exit', () => {
        resolve();
      });
    });
    // A process that exits waits for its threads, and this one waits for the kernel.
    process.on('exit', this.#ring);
    this.#instance.turn('on');
  }

  /** Wakes the thread, to end it. */
  readonly #ring = (): void => {
    Atomics.store(this.#control, STATE, CLOSING);
    Atomics.notify(this.#control, STATE);
    try {
      writeFileSync(this.#instance.markerFile(), 'close');
    } catch {
      // The instance was removed under us, which ends the read as well.
    }
  };

  /** Ends the thread, and removes the instance. Idempotent. */
  async close(): Promise<void> {
    if (this.#thread !== null) {
      this.#ring();
      await this.#gone;
      process.off('exit', this.#ring);
      this.#thread = null;
    }
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
    await this.#instance.remove();
  }
}
