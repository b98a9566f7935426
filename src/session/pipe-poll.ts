/**
 * Reads the raw ring-buffer pages of each CPU of each instance, without ever blocking, and merges them by time.
 *
 * A blocked read of a trace pipe cannot be cancelled, so every read is O_NONBLOCK and EAGAIN means "nothing now".
 */
import { readSync } from 'node:fs';
import { PageMerger, type MergedPages } from '../readers/pages/page-merger';
import type { PageKind } from '../readers/pages/record-queue';
import { setTicks, type TraceTime } from '../readers/pages/trace-time';
import { errnoOf } from '../trace-error';
import type { Pipe } from './reader-thread-protocol';

/** So many pages of all CPUs before what is there is looked at. */
const PAGES_A_ROUND = 128;
const MAX_PAGES_A_TURN = 16;
/** A part has about so many events, so that nobody who takes one is busy with it for long. */
const EVENTS_A_PART = 1 << 13;
const SMALLEST_SLAB_PAGES = 4;
const LARGEST_SLAB_PAGES = 256;
/** An event gets its time before it can be read: what is younger than this may still be on its way. */
const SETTLING_NS = 1_000_000n;

interface OpenPipe {
  readonly fd: number;
  readonly stream: number;
  /** All events of this pipe up to here have been read. */
  readonly completeTo: TraceTime;
}

export class PipePoll {
  readonly #merger: PageMerger;
  readonly #pipes: OpenPipe[];
  readonly #pageBytes: number;
  /** Pages are read one after the other into one buffer, which is handed over with the events in it. */
  #slab: Uint8Array<ArrayBuffer>;
  #used = 0;
  readonly #pagesATurn: number;

  /** The trace clock, in ticks. */
  readonly now: () => bigint;

  constructor(pipes: readonly Pipe[], kind: PageKind, now: () => bigint) {
    this.now = now;

    this.#merger = new PageMerger(kind);
    this.#pipes = pipes.map(({ fd, cpu, instance }) => ({
      fd,
      stream: this.#merger.addStream(cpu, instance),
      completeTo: { sec: 0, nsec: 0 },
    }));
    this.#pageBytes = kind.layout.pageBytes;
    this.#pagesATurn = Math.min(Math.ceil(PAGES_A_ROUND / pipes.length), MAX_PAGES_A_TURN);
    this.#slab = new Uint8Array(this.#pageBytes * SMALLEST_SLAB_PAGES);
  }

  /**
   * Reads until nothing is left, or enough for one part. True when nothing was left.
   *
   * Each pipe gets its turn, however much the others have: what is complete ends with the slowest.
   */
  poll(): boolean {
    const before = this.now() - SETTLING_NS;
    let waiting: readonly OpenPipe[] = this.#pipes;
    while (waiting.length > 0) {
      waiting = waiting.filter((pipe) => {
        const isDrained = this.#readTurn(pipe);
        if (isDrained) setTicks(pipe.completeTo, before);
        return !isDrained;
      });
      if (this.#merger.waiting >= EVENTS_A_PART) break;
    }
    return waiting.length === 0;
  }

  /** True where the pipe is empty for now. */
  #readTurn(pipe: OpenPipe): boolean {
    for (let page = 0; page < this.#pagesATurn; page++) {
      if (this.#used + this.#pageBytes > this.#slab.length) this.#nextSlab();
      let bytes: number;
      try {
        bytes = readSync(pipe.fd, this.#slab, this.#used, this.#pageBytes, null);
      } catch (error) {
        if (errnoOf(error) === 'EAGAIN') return true;
        throw error;
      }
      if (bytes === 0) return true;
      const end = this.#merger.push(pipe.stream, this.#slab.subarray(this.#used, this.#used + bytes));
      // The next page overwrites what is after the last record: a page is seldom full.
      this.#used += (end + 7) & ~7;
      const last = this.#merger.lastTime(pipe.stream);
      if (last !== null) Object.assign(pipe.completeTo, last);
    }
    return false;
  }

  /** What is complete on all CPUs, in order; all that was read where `everything` is left to say. */
  flush(everything: boolean): MergedPages {
    const watermark = this.#pipes.map((pipe) => pipe.completeTo).reduce(earlier);
    const merged = this.#merger.flush(everything ? null : watermark);
    if (merged.rows.length > 0) this.#handOverSlab();
    return merged;
  }

  /** A full one is followed by one of twice its size: there is much to read. */
  #nextSlab(): void {
    const pages = Math.min((this.#slab.length / this.#pageBytes) * 2, LARGEST_SLAB_PAGES);
    this.#slab = new Uint8Array(this.#pageBytes * pages);
    this.#used = 0;
  }

  /** What was read goes with its events: what still waits moves to a new slab, of the size that the load asks for. */
  #handOverSlab(): void {
    const pages = this.#slab.length / this.#pageBytes;
    const isLarge = this.#used * 4 < this.#slab.length;
    const size = Math.max(isLarge ? pages >> 1 : pages, SMALLEST_SLAB_PAGES) * this.#pageBytes;
    const slab = new Uint8Array(size + this.#merger.waitingBytes);
    let used = 0;
    this.#merger.move(new DataView(slab.buffer), (from, offset, length) => {
      const at = used;
      slab.set(new Uint8Array(from.buffer, from.byteOffset + offset, length), at);
      used += length;
      return at;
    });
    this.#slab = slab;
    this.#used = (used + 7) & ~7;
  }
}

function earlier(a: TraceTime, b: TraceTime): TraceTime {
  return a.sec < b.sec || (a.sec === b.sec && a.nsec <= b.nsec) ? a : b;
}
