/** A session's raw pipes, read in a thread of their own, as merged parts in order of time. */
import { closeSync, constants, openSync } from 'node:fs';
import * as path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { MergedPages } from '../readers/pages/page-merger';
import type { PageKind } from '../readers/pages/record-queue';
import type { Instance } from '../tracefs/instance';
import {
  CLOSING,
  CONTROL_BYTES,
  CREDIT,
  FINISHING,
  STATE,
  type Pipe,
  type ReaderPart,
  type ReaderTask,
} from './reader-thread-protocol';

/** So many parts may be on their way: enough that the thread does not wait, few enough to hold. */
const PARTS_ON_THE_WAY = 8;

/** Seen from here, and from a command that is bundled into one file in the folder beside (`src/cli/`). */
const READER_THREAD = path.join(__dirname, '../session/reader-thread.js');

export class LiveReader {
  readonly #pipes: Pipe[] = [];
  readonly #control = new Int32Array(new SharedArrayBuffer(CONTROL_BYTES));
  readonly #task: ReaderTask;
  readonly #arrived: ReaderPart[] = [];
  #thread: Worker | null = null;
  #gone: Promise<void> = Promise.resolve();
  #wake: (() => void) | null = null;
  #failure: Error | null = null;
  #isOver = false;

  readonly #partsOnTheWay: number;

  /**
   * Opens the pipes; nothing is read before `start`.
   * @param partsOnTheWay more of them bridge longer moments in which the main thread does not run, and take memory
   */
  constructor(
    instances: readonly Instance[],
    kind: PageKind,
    clock: string,
    partsOnTheWay = PARTS_ON_THE_WAY,
  ) {
    this.#partsOnTheWay = partsOnTheWay;

    instances.forEach((instance, number) => {
      for (const cpu of instance.cpus()) {
        const fd = openSync(instance.rawPipe(cpu), constants.O_RDONLY | constants.O_NONBLOCK);
        this.#pipes.push({ fd, cpu, instance: number });
      }
    });
    this.#task = {
      pipes: this.#pipes,
      kind: { layout: kind.layout, stackId: kind.stackId },
      clock,
      statistics: instances[0]!.statisticsFile(),
      control: this.#control.buffer,
    };
  }

  /** Starts the thread; it reads from `read` on. */
  start(): void {
    const thread = new Worker(READER_THREAD, {
      workerData: this.#task,
      name: 'ftrace-reader',
    });
    this.#thread = thread;
    thread.on('message', (part: ReaderPart) => {
      this.#arrived.push(part);
      this.#wake?.();
    });
    thread.on('error', (error: Error) => {
      this.#failure = error;
      this.#wake?.();
    });
    this.#gone = new Promise((resolve) => {
      thread.on('exit', () => {
        this.#isOver = true;
        this.#wake?.();
        resolve();
      });
    });
  }

  /**
   * The parts, until the recording has ended and all of it was read. Only what was taken makes room for more.
   * @throws Error what ended the thread
   */
  async *read(): AsyncGenerator<MergedPages, void> {
    this.#give(this.#partsOnTheWay);
    for (;;) {
      const part = this.#arrived.shift();
      if (part !== undefined) {
        yield part;
        if (part.isLast) return;
        this.#give(1);
        continue;
      }
      if (this.#failure !== null) throw this.#failure;
      if (this.#isOver) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = null;
    }
  }

  #give(credit: number): void {
    Atomics.add(this.#control, CREDIT, credit);
    Atomics.notify(this.#control, CREDIT);
  }

  /** The recording has ended: what is left is read, and then `read` ends. */
  finish(): void {
    this.#become(FINISHING);
  }

  #become(state: number): void {
    Atomics.store(this.#control, STATE, state);
    Atomics.notify(this.#control, STATE);
    Atomics.notify(this.#control, CREDIT);
  }

  /** Ends the thread and closes the pipes. Idempotent. */
  async close(): Promise<void> {
    if (this.#thread !== null) {
      this.#become(CLOSING);
      await this.#gone;
    }
    for (const pipe of this.#pipes.splice(0)) closeSync(pipe.fd);
  }
}
