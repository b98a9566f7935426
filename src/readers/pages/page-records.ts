/**
 * The records of one sub-buffer page.
 *
 * Format: include/linux/ring_buffer.h (`enum ring_buffer_type`) and `rb_update_event()`. A record starts with a
 * u32: 5 bits of type or length, 27 bits of time since the record before it. Where readers disagree (the delta
 * of a discarded record, the top bits of an absolute time stamp), this one does as libtraceevent's kbuffer does.
 */
import type { PageHeader } from './page-header';
import type { PageLayout } from './page-layout';
import { nanosecondsIn, secondsIn } from './page-ticks';
import type { OpenColumns } from './record-columns';
import { ticksOf } from './trace-time';

const TYPE_PADDING = 29;
const TYPE_TIME_EXTEND = 30;
/** An absolute stamp carries 59 bits; the upper five come from the running time. */
const STAMP_TOP_BITS = 0xf800_0000_0000_0000n;

/** `common_type`, `common_flags`, `common_preempt_count` and `common_pid`, which every event begins with. */
const SMALLEST_RECORD = 8;
/** Such a record with its first word: no page has more rows than it has room for records of this many bytes. */
const SMALLEST_STEP = 12;
const NO_STACK = -1;
const BILLION = 1_000_000_000;
/** From here on a time has some of the bits 59 to 63. */
const TOP_BITS_SEC = 576_460_752;
const HOST_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** The columns that records go into, a row each, and where they go on to. */
export interface RecordSink {
  /**
   * Gives columns with room for so many rows more; they may be others than before. `length` is that of the rows so
   * far, and is kept up to date before `attachStack` is called.
   */
  reserve(rows: number): SinkColumns;
  /** The id of call traces, which belong to the event before them; -1 for none. */
  readonly stackId: number;
  /**
   * Called for each of them, with where its row would point to.
   *
   * @returns whether it found its event; else it becomes a row like any other
   */
  attachStack(offset: number, size: number): boolean;
  /** The time of this stream's last record, whether it has a row or not; -1 before the first. */
  lastSec: number;
  lastNsec: number;
  /** @param atByte from the start of the page */
  damaged(code: PageDamageCode, atByte: number): void;
}

/** `buffer` gets the number that `appendRecords` was given for the page's ArrayBuffer. */
export type SinkColumns = Omit<OpenColumns, 'cpu' | 'instance' | 'buffers' | 'stacks'>;

/**
 * What can be wrong with a page after its header. After a RECORD_LENGTH nothing says where the next record would
 * start, so the page ends there. RECORD_SHORT is a record too short for any event, or the piece of one at the page's
 * end. TIME_BACKWARDS is a page or an absolute time stamp earlier than the record before it: its records keep the time
 * that it says, as in the kernel's own readers. Each is said once a page.
 */
export type PageDamageCode = 'RECORD_LENGTH' | 'RECORD_SHORT' | 'TIME_BACKWARDS';

/** Words of pages of the other byte order, or at an odd address; only used within one call. */
let copiedWords = new Uint32Array(1024);

/** The words of the page up to `end`, in the byte order of this machine. */
function wordsOf(page: DataView, end: number, littleEndian: boolean): Uint32Array {
  const count = end >>> 2;
  if (littleEndian === HOST_LITTLE_ENDIAN && page.byteOffset % 4 === 0)
    return new Uint32Array(page.buffer, page.byteOffset, count);
  if (copiedWords.length < count) copiedWords = new Uint32Array(count);
  const words = copiedWords;
  for (let index = 0; index < count; index++) words[index] = page.getUint32(index * 4, littleEndian);
  return words;
}

function isZeroFrom(words: Uint32Array, first: number, end: number): boolean {
  for (let index = first; index < end; index++) if (words[index] !== 0) return false;
  return true;
}

/**
 * Appends a row for each data record of the page, in order. What is before a damaged record is kept.
 *
 * Discarded records (`ring_buffer_discard_commit()`) are left out, but their delta counts, as in libtraceevent's
 * kbuffer; the kernel's own reader passes over it.
 *
 * @param buffer what the rows have in their column of that name
 */
export function appendRecords(
  page: DataView,
  header: PageHeader,
  layout: PageLayout,
  into: RecordSink,
  buffer = 0,
): void {
  const { start, end } = header;
  const columns = into.reserve(Math.floor((end - start) / SMALLEST_STEP));
  const {
    sec: secs,
    nsec: nsecs,
    buffer: buffers,
    offset: offsets,
    size: sizes,
    stack: stacks,
    id: ids,
  } = columns;
  const { stackId } = into;
  const pageAt = page.byteOffset;
  const little = layout.littleEndian;
  const words = wordsOf(page, end, little);
  // `struct ring_buffer_event` has type and time as bit fields, whose order follows the byte order.
  const typeShift = little ? 0 : 27;
  const deltaShift = little ? 5 : 0;
  const idShift = little ? 0 : 16;
  const endWord = end >>> 2;
  let row = columns.length;
  let sec = header.baseSec;
  let nsec = header.baseNsec;
  let at = start >>> 2;
  let isWhole = true;
  let isShortSaid = false;
  let isBackwardsSaid = sec < into.lastSec || (sec === into.lastSec && nsec < into.lastNsec);
  if (isBackwardsSaid) into.damaged('TIME_BACKWARDS', 0);
  while (at < endWord) {
    const word = words[at]!;
    const type = (word >>> typeShift) & 31;
    if (type >= 2 && type <= 28) {
      const next = at + 1 + type;
      if (next > endWord) {
        into.damaged('RECORD_LENGTH', at * 4);
        isWhole = false;
        break;
      }
      nsec += (word >>> deltaShift) & 0x07ff_ffff;
      if (nsec >= BILLION) {
        nsec -= BILLION;
        sec++;
      }
      const id = (words[at + 1]! >>> idShift) & 0xffff;
      const offset = pageAt + at * 4 + 4;
      at = next;
      if (id === stackId) {
        columns.length = row;
        if (into.attachStack(offset, type * 4)) continue;
      }
      secs[row] = sec;
      nsecs[row] = nsec;
      buffers[row] = buffer;
      offsets[row] = offset;
      sizes[row] = type * 4;
      stacks[row] = NO_STACK;
      ids[row] = id;
      row++;
      continue;
    }
    const delta = (word >>> deltaShift) & 0x07ff_ffff;
    if (type === TYPE_PADDING && delta === 0) {
      isWhole = false;
      break;
    }
    // Kernels around 4.19 count zeros after the last record as committed: padding too, and no damage.
    if (word === 0 && isZeroFrom(words, at, endWord)) break;
    if (at + 2 > endWord) {
      into.damaged('RECORD_SHORT', at * 4);
      isWhole = false;
      break;
    }
    const second = words[at + 1]!;
    if (type < TYPE_TIME_EXTEND) {
      // 0: `second` counts itself, and the payload is padded to words. 1: one word. 29: as 0, but discarded.
      const bytes = type === 1 ? 4 : second;
      if (bytes < (type === 0 ? 5 : 4) || at * 4 + 4 + bytes > end) {
        into.damaged('RECORD_LENGTH', at * 4);
        isWhole = false;
        break;
      }
      nsec += delta;
      if (nsec >= BILLION) {
        nsec -= BILLION;
        sec++;
      }
      if (type === 0 && second - 4 >= SMALLEST_RECORD) {
        const id = (words[at + 2]! >>> idShift) & 0xffff;
        const offset = pageAt + at * 4 + 8;
        columns.length = row;
        if (id !== stackId || !into.attachStack(offset, second - 4)) {
          secs[row] = sec;
          nsecs[row] = nsec;
          buffers[row] = buffer;
          offsets[row] = offset;
          sizes[row] = second - 4;
          stacks[row] = NO_STACK;
          ids[row] = id;
          row++;
        }
      } else if (type !== TYPE_PADDING && !isShortSaid) {
        isShortSaid = true;
        into.damaged('RECORD_SHORT', at * 4);
      }
      at += 1 + ((bytes + 3) >>> 2);
      continue;
    }
    const high = second >>> 5;
    const low = ((second << 27) | delta) >>> 0;
    if (type === TYPE_TIME_EXTEND) {
      sec += secondsIn(high, low);
      nsec += nanosecondsIn(high, low);
      if (nsec >= BILLION) {
        nsec -= BILLION;
        sec++;
      }
    } else {
      const full = high + (sec < TOP_BITS_SEC ? 0 : topBits(sec, nsec));
      const stampSec = secondsIn(full, low);
      const stampNsec = nanosecondsIn(full, low);
      if (!isBackwardsSaid && (stampSec < sec || (stampSec === sec && stampNsec < nsec))) {
        isBackwardsSaid = true;
        into.damaged('TIME_BACKWARDS', at * 4);
      }
      sec = stampSec;
      nsec = stampNsec;
    }
    at += 2;
  }
  if (isWhole && at === endWord && end % 4 !== 0) into.damaged('RECORD_SHORT', at * 4);
  columns.length = row;
  into.lastSec = sec;
  into.lastNsec = nsec;
}

/** Bits 59 to 63 of a time, in its upper u32. An absolute time stamp has none: they come from the running time. */
function topBits(sec: number, nsec: number): number {
  const ticks = ticksOf({ sec, nsec });
  return Number(BigInt.asUintN(64, ticks & STAMP_TOP_BITS) >> 32n);
}
