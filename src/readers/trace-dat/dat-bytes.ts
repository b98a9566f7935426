/**
 * Where the bytes of a trace.dat's tables come from: the file, or a section of it that was decompressed.
 *
 * The tables are read at once and in small pieces, so this is synchronous; the pages of trace data are not read here.
 */
import { readSync } from 'node:fs';

/** What one read of the file brings, at least, where the file has it. */
const WINDOW_BYTES = 1 << 16;

export interface DatBytes {
  readonly size: number;
  /**
   * The bytes from `at` on: as many as asked for, or fewer at the end. They are valid until the next call only, and
   * must not be written to.
   */
  read(at: number, length: number): Buffer;
}

export class MemoryBytes implements DatBytes {
  readonly size: number;

  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;

    this.size = bytes.length;
  }

  read(at: number, length: number): Buffer {
    return this.#bytes.subarray(at, at + length);
  }
}

export class FileBytes implements DatBytes {
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;

  readonly #descriptor: number;
  readonly size: number;

  /** @param size of the file, in bytes: nothing after it is asked for, whatever the file says of itself */
  constructor(descriptor: number, size: number) {
    this.#descriptor = descriptor;
    this.size = size;
  }

  read(at: number, length: number): Buffer {
    const end = Math.min(at + length, this.size);
    if (at >= end) return Buffer.alloc(0);
    if (at < this.#windowAt || end > this.#windowAt + this.#window.length) {
      const wanted = Math.min(Math.max(end - at, WINDOW_BYTES), this.size - at);
      const bytes = Buffer.allocUnsafe(wanted);
      this.#window = bytes.subarray(0, this.#fill(bytes, at));
      this.#windowAt = at;
    }
    return this.#window.subarray(at - this.#windowAt, end - this.#windowAt);
  }

  /** A read may bring less than asked for without being at the end. */
  #fill(bytes: Buffer, at: number): number {
    let filled = 0;
    while (filled < bytes.length) {
      const read = readSync(this.#descriptor, bytes, filled, bytes.length - filled, at + filled);
      if (read === 0) break;
      filled += read;
    }
    return filled;
  }
}
