/**
 * Reads the numbers and strings of a trace.dat one after the other, in the file's own byte order.
 *
 * What lies after the end reads as 0 and '' and sets `isCut`, so that a loop over a number of things which the file
 * states ends with the bytes, and nothing is allocated because the file says so.
 */
import type { DatBytes } from './dat-bytes';

/** A name in a trace.dat is a system, an instance, a clock or a compressor; none is near this. */
const MAX_NAME = 4096;
/** The largest text is /proc/kallsyms with some ten megabytes. A file that claims more is damaged. */
const MAX_TEXT = 1 << 27;

export class ByteCursor {
  readonly end: number;
  #isCut = false;

  readonly #bytes: DatBytes;
  readonly littleEndian: boolean;
  at: number;

  /**
   * @param at where to begin, in bytes from the start of `bytes`
   * @param end where to end, if that is before the end of `bytes`
   */
  constructor(bytes: DatBytes, littleEndian: boolean, at: number, end = bytes.size) {
    this.#bytes = bytes;
    this.littleEndian = littleEndian;
    this.at = at;

    this.end = Math.min(end, bytes.size);
  }

  /** Whether something was asked for that is not there. */
  isCut(): boolean {
    return this.#isCut;
  }

  get left(): number {
    return Math.max(0, this.end - this.at);
  }

  u8(): number {
    return this.#take(1)?.[0] ?? 0;
  }

  u16(): number {
    const bytes = this.#take(2);
    if (bytes === null) return 0;
    return this.littleEndian ? bytes.readUInt16LE() : bytes.readUInt16BE();
  }

  u32(): number {
    const bytes = this.#take(4);
    if (bytes === null) return 0;
    return this.littleEndian ? bytes.readUInt32LE() : bytes.readUInt32BE();
  }

  bigU64(): bigint {
    const bytes = this.#take(8);
    if (bytes === null) return 0n;
    return this.littleEndian ? bytes.readBigUInt64LE() : bytes.readBigUInt64BE();
  }

  /** An offset or a size: beyond 2^53 it is not exact, and beyond any file. */
  u64(): number {
    return Number(this.bigU64());
  }

  /** UTF-8 of so many bytes; '' where there are fewer. */
  text(length: number): string {
    if (length > MAX_TEXT) {
      this.#isCut = true;
      return '';
    }
    return this.#take(length)?.toString('utf8') ?? '';
  }

  /** A string that ends with a NUL. */
  name(): string {
    const bytes = this.#bytes.read(this.at, Math.min(MAX_NAME, this.left));
    const nul = bytes.indexOf(0);
    if (nul < 0) {
      this.#isCut = true;
      this.at = this.end;
      return '';
    }
    this.at += nul + 1;
    return bytes.toString('utf8', 0, nul);
  }

  skip(length: number): void {
    if (length > this.left) this.#isCut = true;
    this.at = Math.min(this.at + length, this.end);
  }

  /** The next bytes as a cursor of their own, which cannot leave them. */
  part(length: number): ByteCursor {
    const part = new ByteCursor(
      this.#bytes,
      this.littleEndian,
      this.at,
      Math.min(this.at + length, this.end),
    );
    this.skip(length);
    return part;
  }

  #take(length: number): Buffer | null {
    if (length > this.left) {
      this.#isCut = true;
      this.at = this.end;
      return null;
    }
    const bytes = this.#bytes.read(this.at, length);
    if (bytes.length < length) {
      this.#isCut = true;
      return null;
    }
    this.at += length;
    return bytes;
  }
}
