/**
 * Merges the records of all CPUs and instances by time. What is merged is their order alone: a batch keeps the
 * columns of each stream as they are, and two numbers an event say which row of which stream comes next.
 *
 * Records of the same time keep the order of their streams, as the kernel's own merge does
 * (`__find_next_entry()` in kernel/trace/trace.c: lowest CPU first).
 */
import type { RecordColumns } from './record-columns';

/** The events of a batch, in order: event i is row `row[i]` of `streams[stream[i]]`. */
export interface RingRows {
  readonly length: number;
  readonly streams: readonly RecordColumns[];
  readonly stream: Uint16Array;
  readonly row: Uint32Array;
}

function isEarlier(a: RecordColumns, rowA: number, b: RecordColumns, rowB: number, ties: boolean): boolean {
  const bySec = a.sec[rowA]! - b.sec[rowB]!;
  if (bySec !== 0) return bySec < 0;
  const byNsec = a.nsec[rowA]! - b.nsec[rowB]!;
  return byNsec < 0 || (byNsec === 0 && ties);
}

/** Which stream has the earliest row: a binary heap of the streams that still have one. */
class Frontier {
  readonly #heap: number[] = [];

  readonly streams: readonly RecordColumns[];
  readonly next: Uint32Array;

  constructor(streams: readonly RecordColumns[], next: Uint32Array) {
    this.streams = streams;
    this.next = next;

    streams.forEach((columns, stream) => {
      if (columns.length > 0) this.#heap.push(stream);
    });
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  get isEmpty(): boolean {
    return this.#heap.length === 0;
  }

  get first(): number {
    return this.#heap[0]!;
  }

  /** The stream that comes next after the first; -1 where there is none. */
  get second(): number {
    const heap = this.#heap;
    if (heap.length < 2) return -1;
    return heap.length === 2 || this.#precedes(heap[1]!, heap[2]!) ? heap[1]! : heap[2]!;
  }

  /** The first stream went on, perhaps to its end. */
  advanced(): void {
    const heap = this.#heap;
    const first = heap[0]!;
    if (this.next[first]! === this.streams[first]!.length) {
      const last = heap.pop()!;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    this.#sink(0);
  }

  #precedes(a: number, b: number): boolean {
    return isEarlier(this.streams[a]!, this.next[a]!, this.streams[b]!, this.next[b]!, a < b);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const stream = heap[from]!;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#precedes(heap[child + 1]!, heap[child]!)) child++;
      if (this.#precedes(stream, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = stream;
  }
}

/** @param streams each in order of time */
export function mergeRows(streams: readonly RecordColumns[]): RingRows {
  const total = streams.reduce((sum, columns) => sum + columns.length, 0);
  const stream = new Uint16Array(total);
  const row = new Uint32Array(total);
  const next = new Uint32Array(streams.length);
  const frontier = new Frontier(streams, next);
  let length = 0;
  while (!frontier.isEmpty) {
    const { first, second } = frontier;
    const columns = streams[first]!;
    const from = next[first]!;
    // A CPU's records come in runs: go on until another CPU's next record is earlier.
    const to =
      second < 0
        ? columns.length
        : runEnd(columns, from + 1, streams[second]!, next[second]!, first < second);
    for (let at = from; at < to; at++) row[length + at - from] = at;
    stream.fill(first, length, length + to - from);
    length += to - from;
    next[first] = to;
    frontier.advanced();
  }
  return { length, streams, stream, row };
}

function runEnd(
  columns: RecordColumns,
  from: number,
  other: RecordColumns,
  otherRow: number,
  ties: boolean,
): number {
  const { sec, nsec, length } = columns;
  const otherSec = other.sec[otherRow]!;
  const otherNsec = ties ? other.nsec[otherRow]! : other.nsec[otherRow]! - 1;
  let row = from;
  while (row < length && (sec[row]! < otherSec || (sec[row] === otherSec && nsec[row]! <= otherNsec))) row++;
  return row;
}
