/**
 * Reads the raw ring-buffer pages of each CPU of each instance, without ever blocking.
 *
 * A blocked read of a trace pipe cannot be cancelled and would hold one of Node's few pool threads, so every
 * read is O_NONBLOCK and EAGAIN means "nothing now".
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { RingReader } from '../readers/ring-reader';
import type { TraceTime } from '../readers/trace-time';
import type { Instance } from '../tracefs/instance';
import { errnoOf } from '../trace-error';

/** Pages are read into slabs of this many, so that a page costs no allocation of its own. */
const SLAB_PAGES = 64;
/** So many pages of one CPU before the next gets its turn. */
const PAGES_A_TURN = 32;
/** An event gets its time before it can be read: what is younger than this may still be on its way. */
const SETTLING_NS = 1_000_000;

interface Pipe {
  readonly fd: number;
  readonly stream: number;
}

export class LiveReader {
  readonly #pipes: Pipe[] = [];
  #slab: Buffer;
  #used = 0;

  constructor(
    readonly ring: RingReader,
    instances: readonly Instance[],
    readonly pageBytes: number,
  ) {
    this.#slab = Buffer.allocUnsafe(pageBytes * SLAB_PAGES);
    instances.forEach((instance, number) => {
      for (const cpu of instance.cpus()) {
        const fd = openSync(instance.rawPipe(cpu), constants.O_RDONLY | constants.O_NONBLOCK);
        this.#pipes.push({ fd, stream: ring.addStream(cpu, number) });
      }
    });
  }

  /**
   * Reads until nothing is left or the time is up.
   * @param now the trace clock, in ticks, taken before: with nothing left, everything up to it has been read
   * @returns whether nothing was left, and up to when events are complete on all CPUs
   */
  poll(sliceMs: number, now: bigint): { drained: boolean; watermark: TraceTime } {
    const until = performance.now() + sliceMs;
    let waiting = [...this.#pipes];
    while (waiting.length > 0 && performance.now() < until) {
      waiting = waiting.filter((pipe) => this.#readTurn(pipe));
    }
    const settled = now - BigInt(SETTLING_NS);
    const watermark = { sec: Number(settled / 1_000_000_000n), nsec: Number(settled % 1_000_000_000n) };
    for (const pipe of waiting) {
      const last = this.ring.lastTime(pipe.stream);
      if (last !== null && isBefore(last, watermark)) Object.assign(watermark, last);
    }
    return { drained: waiting.length === 0, watermark };
  }

  /** False when the pipe is empty for now. */
  #readTurn(pipe: Pipe): boolean {
    for (let page = 0; page < PAGES_A_TURN; page++) {
      if (this.#used + this.pageBytes > this.#slab.length) {
        this.#slab = Buffer.allocUnsafe(this.pageBytes * SLAB_PAGES);
        this.#used = 0;
      }
      let bytes: number;
      try {
        bytes = readSync(pipe.fd, this.#slab, this.#used, this.pageBytes, null);
      } catch (error) {
        if (errnoOf(error) === 'EAGAIN') return false;
        throw error;
      }
      if (bytes === 0) return false;
      this.ring.push(pipe.stream, this.#slab.subarray(this.#used, this.#used + bytes));
      this.#used += this.pageBytes;
    }
    return true;
  }

  close(): void {
    for (const pipe of this.#pipes.splice(0)) closeSync(pipe.fd);
  }
}

function isBefore(a: TraceTime, b: TraceTime): boolean {
  return a.sec < b.sec || (a.sec === b.sec && a.nsec < b.nsec);
}
