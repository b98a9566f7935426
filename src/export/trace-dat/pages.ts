/**
 * The records of one CPU, packed into ring-buffer pages anew.
 *
 * Format: include/linux/ring_buffer.h (`enum ring_buffer_type`), `rb_update_event()` and `ring_buffer_read_page()`
 * in kernel/trace/ring_buffer.c. A record starts with a u32, 5 bits of length and 27 bits of time since the record
 * before it; what is longer than either has a second word.
 */
import type { PageLayout } from '../../readers/pages/page-layout';

/** Each piece is twice the one before, up to here: a machine of many idle CPUs costs a page for each. */
const LARGEST_CHUNK_PAGES = 64;
const LARGEST_SHORT_RECORD = 28 * 4;
const TYPE_TIME_EXTEND = 30;
const DELTA_SCALE = 2 ** 27;
const BILLION = 1_000_000_000;
/** RB_MISSED_EVENTS: this CPU lost events before this page. */
const MISSED_EVENTS = 0x8000_0000;
/** RB_MISSED_STORED: the number lost follows the last record, as one `long`. */
const MISSED_STORED = 0x4000_0000;
/** A loop over words beats the call of `TypedArray.set` up to here. */
const LOOP_BYTES = 128;

export class TraceDatPages {
  /** Of all pages, whether they are still here or were handed on. */
  bytes = 0;
  records = 0;
  /** Events lost on this CPU as far as they are counted, and gaps that nobody counted. */
  lost = 0;
  uncountedGaps = 0;
  #chunk = Buffer.alloc(0);
  #chunkPages = 1;
  #view = new DataView(this.#chunk.buffer);
  /** Where the open page starts, where its next record goes and must end; without a page, there is no room. */
  #page = 0;
  #at = 0;
  #end = 0;
  /** The time of the last record on the page. */
  #sec = 0;
  #nsec = 0;
  /** What was lost before the next record, and before the open page: 0 for nothing, null for an unknown number. */
  #gap: number | null = 0;
  #gapBeforePage: number | null = 0;

  readonly layout: PageLayout;
  readonly handOn: (pages: Uint8Array) => void;

  /** @param handOn takes chunks of whole pages, in order; they are never written again */
  constructor(layout: PageLayout, handOn: (pages: Uint8Array) => void) {
    this.layout = layout;
    this.handOn = handOn;
  }

  /**
   * Adds a record after the last one.
   * @param from holds the record: `size` bytes at `offset`, from `common_type` on
   * @returns false where it is longer than a page can hold; then it counts as lost
   */
  add(sec: number, nsec: number, from: DataView, offset: number, size: number): boolean {
    const isShort = (size & 3) === 0 && size <= LARGEST_SHORT_RECORD;
    const bytes = (isShort ? 4 : 8) + ((size + 3) & ~3);
    let delta = (sec - this.#sec) * BILLION + nsec - this.#nsec;
    const isFar = delta >= DELTA_SCALE;
    const follows = this.#gap === 0 && delta >= 0 && delta <= Number.MAX_SAFE_INTEGER;
    if (!follows || this.#at + bytes + (isFar ? 8 : 0) > this.#end) {
      if (this.layout.dataOffset + bytes > this.layout.pageBytes) {
        this.lose(1);
        return false;
      }
      // A page has a time of its own: from there it may also go back, as no delta can.
      this.#openPage(sec, nsec, bytes);
      delta = 0;
    } else if (isFar) {
      this.#putWord(delta % DELTA_SCALE, TYPE_TIME_EXTEND);
      this.#view.setUint32(this.#at, Math.floor(delta / DELTA_SCALE), this.layout.littleEndian);
      this.#at += 4;
      delta = 0;
    }
    this.#putWord(delta, isShort ? size >>> 2 : 0);
    if (!isShort) {
      this.#view.setUint32(this.#at, size + 4, this.layout.littleEndian);
      this.#at += 4;
    }
    this.#copy(from, offset, size);
    this.#sec = sec;
    this.#nsec = nsec;
    this.records++;
    return true;
  }

  /**
   * After the last record is a gap; the page of the next one says so.
   * @param count null where nobody knows how many were lost
   */
  lose(count: number | null): void {
    if (count === null) this.uncountedGaps++;
    else this.lost += count;
    this.#gap = this.#gap === null || count === null ? null : this.#gap + count;
  }

  /** Hands on what is left. */
  finish(): void {
    this.#closePage();
    if (this.#page > 0) this.handOn(this.#chunk.subarray(0, this.#page));
    this.#page = 0;
    this.#chunk = Buffer.alloc(0);
  }

  #openPage(sec: number, nsec: number, firstBytes: number): void {
    this.#closePage();
    const { pageBytes, dataOffset, commitBytes, littleEndian } = this.layout;
    if (this.#page + pageBytes > this.#chunk.length) {
      if (this.#page > 0) this.handOn(this.#chunk);
      this.#chunk = Buffer.allocUnsafeSlow(pageBytes * this.#chunkPages);
      this.#chunkPages = Math.min(this.#chunkPages * 2, LARGEST_CHUNK_PAGES);
      this.#view = new DataView(this.#chunk.buffer);
      this.#page = 0;
    }
    this.#view.setBigUint64(this.#page, BigInt(sec) * 1_000_000_000n + BigInt(nsec), littleEndian);
    this.#at = this.#page + dataOffset;
    this.#end = this.#page + pageBytes;
    let gap = this.#gap;
    if (gap !== 0 && gap !== null) {
      // Where the number has no room after the records, the kernel leaves it out too.
      if (dataOffset + firstBytes + commitBytes > pageBytes) gap = null;
      else this.#end -= commitBytes;
    }
    this.#gap = 0;
    this.#gapBeforePage = gap;
    this.#sec = sec;
    this.#nsec = nsec;
  }

  #closePage(): void {
    if (this.#at === 0) return;
    const { pageBytes, dataOffset, commitOffset, commitBytes, littleEndian } = this.layout;
    const start = this.#page;
    const lost = this.#gapBeforePage;
    const length = this.#at - start - dataOffset;
    this.#chunk.fill(0, start + 8, start + dataOffset);
    this.#chunk.fill(0, this.#at, start + pageBytes);
    const flags = lost === 0 ? 0 : lost === null ? MISSED_EVENTS : MISSED_EVENTS + MISSED_STORED;
    // The flags are in the low half of the long, which is second on big-endian 64-bit kernels.
    const low = commitBytes === 8 && !littleEndian ? commitOffset + 4 : commitOffset;
    this.#view.setUint32(start + low, length + flags, littleEndian);
    if (lost !== 0 && lost !== null) {
      if (commitBytes === 8) this.#view.setBigUint64(this.#at, BigInt(lost), littleEndian);
      else this.#view.setUint32(this.#at, lost, littleEndian);
    }
    this.#page += pageBytes;
    this.bytes += pageBytes;
    this.#at = 0;
    this.#end = 0;
  }

  #putWord(delta: number, typeLength: number): void {
    const word = this.layout.littleEndian ? (delta << 5) | typeLength : (typeLength << 27) | delta;
    this.#view.setUint32(this.#at, word, this.layout.littleEndian);
    this.#at += 4;
  }

  #copy(from: DataView, offset: number, size: number): void {
    const padded = (size + 3) & ~3;
    if (size > LOOP_BYTES || padded !== size) {
      this.#chunk.set(new Uint8Array(from.buffer, from.byteOffset + offset, size), this.#at);
      this.#chunk.fill(0, this.#at + size, this.#at + padded);
    } else {
      const view = this.#view;
      for (let word = 0; word < size; word += 4)
        view.setUint32(this.#at + word, from.getUint32(offset + word, true), true);
    }
    this.#at += padded;
  }
}
