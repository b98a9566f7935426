/**
 * The records of one CPU's ring buffer as columns: where each is, not what is in it. A row costs a few stores
 * and no object. All columns of a stream lie in one ArrayBuffer, so that they cross to another thread by being
 * handed over, not copied.
 */

/** Where a call trace's record is: `buffer` is the index of its bytes among the stream's `buffers`. */
export interface StackPlace {
  readonly buffer: number;
  readonly offset: number;
  readonly length: number;
}

/** A call trace's record, or, from a capture, the functions' names, innermost first. */
export type CallTrace = StackPlace | readonly string[];

export interface RecordColumns {
  readonly cpu: number;
  /** Which of the trace's instances recorded it. */
  readonly instance: number;
  readonly length: number;
  readonly sec: Float64Array;
  readonly nsec: Uint32Array;
  /** Index into `buffers`. */
  readonly buffer: Uint32Array;
  /** Of `common_type`, in bytes from the start of the buffer. */
  readonly offset: Uint32Array;
  readonly size: Uint32Array;
  /** Index into `stacks`, or -1. */
  readonly stack: Int32Array;
  /** `common_type`. */
  readonly id: Uint16Array;
  /** Never written again once a row points into them. */
  readonly buffers: readonly DataView[];
  readonly stacks: readonly CallTrace[];
}

/** Columns that are still being filled. */
export type OpenColumns = {
  -readonly [K in keyof RecordColumns]: K extends 'buffers' | 'stacks'
    ? RecordColumns[K][number][]
    : RecordColumns[K];
};

/** sec 8; nsec, buffer, offset, size and stack 4 each; id 2. */
const ROW_BYTES = 30;

/** Columns with room for so many rows, and no row yet. */
export function makeColumns(cpu: number, instance: number, capacity: number): OpenColumns {
  const rows = capacity + (capacity & 1);
  const bytes = new ArrayBuffer(rows * ROW_BYTES);
  return {
    cpu,
    instance,
    length: 0,
    sec: new Float64Array(bytes, 0, rows),
    nsec: new Uint32Array(bytes, rows * 8, rows),
    buffer: new Uint32Array(bytes, rows * 12, rows),
    offset: new Uint32Array(bytes, rows * 16, rows),
    size: new Uint32Array(bytes, rows * 20, rows),
    stack: new Int32Array(bytes, rows * 24, rows),
    id: new Uint16Array(bytes, rows * 28, rows),
    buffers: [],
    stacks: [],
  };
}

/** Copies rows `from` to `to` (exclusive) of the numbers, to the start of `into`. Buffers and stacks stay as they are. */
export function copyRows(of: RecordColumns, from: number, to: number, into: OpenColumns): void {
  into.sec.set(of.sec.subarray(from, to));
  into.nsec.set(of.nsec.subarray(from, to));
  into.buffer.set(of.buffer.subarray(from, to));
  into.offset.set(of.offset.subarray(from, to));
  into.size.set(of.size.subarray(from, to));
  into.stack.set(of.stack.subarray(from, to));
  into.id.set(of.id.subarray(from, to));
  into.length = to - from;
}
