/**
 * Reads the raw ring-buffer pages of each CPU of each instance, without ever blocking, and merges them by time.
 *
 * A blocked read of a trace pipe cannot be cancelled, so every read is O_NONBLOCK and EAGAIN means "nothing now".
 */
import { readSync } from 'node:fs';
import { PageMerger, type MergedPages } from '../readers/page-merger';
import type { PageKind } from '../readers/record-queue';
import { setTicks, type TraceTime } from '../readers/trace-time';
import { errnoOf } from '../trace-error';
import type { Pipe } from './reader-thread-protocol';

/** So many pages of one CPU before the next gets its turn. */
const PAGES_A_TURN = 16;
/** A part has about so many events, so that nobody who takes one is busy with it for long. */
const EVENTS_A_PART = 1 << 14;
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
  /** Pages are read one behind the other into one buffer, which is handed over with the events in it. */
  #slab: Uint8Array<ArrayBuffer>;
  #used = 0;
  #next = 0;

  constructor(
    pipes: readonly Pipe[],
    kind: PageKind,
    /** The trace clock, in ticks. */
    readonly now: () => bigint,
  ) {
    this.#merger = new PageMerger(kind);
    this.#pipes = pipes.map(({ fd, cpu, instance }) => ({
      fd,
      stream: this.#merger.addStream(cpu, instance),
      completeTo: { sec: 0, nsec: 0 },
    }));
    this.#pageBytes = kind.layout.pageBytes;
    this.#slab = new Uint8Array(this.#pageBytes * SMALLEST_SLAB_PAGES);
  }

  /** Reads until nothing is left, or enough for one part. True when nothing was left. */
  poll(): boolean {
    const before = this.now() - SETTLING_NS;
    const drained = new Set<OpenPipe>();
    while (drained.size < this.#pipes.length) {
      const pipe = this.#pipes[this.#next]!;
      if (!drained.has(pipe)) {
        const turn = this.#readTurn(pipe);
        if (turn === 'full') return false;
        if (turn === 'drained') {
          drained.add(pipe);
          setTicks(pipe.completeTo, before);
        } else Object.assign(pipe.completeTo, this.#merger.lastTime(pipe.stream));
      }
      this.#next = (this.#next + 1) % this.#pipes.length;
    }
    return true;
  }

  #readTurn(pipe: OpenPipe): 'drained' | 'more' | 'full' {
    for (let page = 0; page < PAGES_A_TURN; page++) {
      if (this.#used + this.#pageBytes > this.#slab.length || this.#merger.waiting >= EVENTS_A_PART)
        return 'full';
      let bytes: number;
      try {
        bytes = readSync(pipe.fd, this.#slab, this.#used, this.#pageBytes, null);
      } catch (error) {
        if (errnoOf(error) === 'EAGAIN') return 'drained';
        throw error;
      }
      if (bytes === 0) return 'drained';
      const end = this.#merger.push(pipe.stream, this.#slab.subarray(this.#used, this.#used + bytes));
      // The next page overwrites what is behind the last record: a page is seldom full.
      this.#used += (end + 7) & ~7;
      const last = this.#merger.lastTime(pipe.stream);
      if (last !== null) Object.assign(pipe.completeTo, last);
    }
    return 'more';
  }

  /** What is complete on all CPUs, in order; all that was read where `everything` is left to say. */
  flush(everything: boolean): MergedPages {
    const watermark = this.#pipes.map((pipe) => pipe.completeTo).reduce(earlier);
    const merged = this.#merger.flush(everything ? null : watermark);
    if (merged.rows.length > 0 || this.#isFull()) this.#changeSlab();
    return merged;
  }

  #isFull(): boolean {
    return this.#used + this.#pageBytes > this.#slab.length;
  }

  /** The slab goes with its events: what waits moves to a new one, of the size that the load asks for. */
  #changeSlab(): void {
    const waiting = this.#merger.waitingBytes;
    const pages = this.#slab.length / this.#pageBytes;
    const wanted = this.#isFull() ? pages * 2 : this.#used * 4 < this.#slab.length ? pages / 2 : pages;
    const size =
      Math.min(Math.max(Math.ceil(wanted), SMALLEST_SLAB_PAGES), LARGEST_SLAB_PAGES) * this.#pageBytes;
    const left = Math.ceil((waiting * 2) / this.#pageBytes) * this.#pageBytes;
    const slab = new Uint8Array(size + left);
    let used = 0;
    this.#merger.move(new DataView(slab.buffer), (from, offset, length) => {
      const at = used;
      slab.set(new Uint8Array(from.buffer, from.byteOffset + offset, length), at);
      used = (at + length + 7) & ~7;
      return at;
    });
    this.#slab = slab;
    this.#used = used;
  }
}

function earlier(a: TraceTime, b: TraceTime): TraceTime {
  return a.sec < b.sec || (a.sec === b.sec && a.nsec <= b.nsec) ? a : b;
}
