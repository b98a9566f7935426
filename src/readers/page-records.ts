/**
 * The records of one sub-buffer page.
 *
 * Format: include/linux/ring_buffer.h (`enum ring_buffer_type`) and `rb_update_event()`. A record starts with a
 * u32: 5 bits of type or length, 27 bits of time since the record before it. Where readers disagree (the delta
 * of a discarded record, the top bits of an absolute time stamp), this one does as libtraceevent's kbuffer does.
 */
import type { Damage } from '../trace-event';
import type { PageHeader } from './page-header';
import type { PageLayout } from './page-layout';
import { addTicks, setTicks, ticksOf, type TraceTime } from './trace-time';

const TYPE_PADDING = 29;
const TYPE_TIME_EXTEND = 30;
const DELTA_SCALE = 2 ** 27;
/** An absolute stamp carries 59 bits; the upper five come from the running time. */
const STAMP_TOP_BITS = 0xf800_0000_0000_0000n;

/** Beyond it a u32 times 2^27 leaves the whole numbers of a double: 104 days at once, on a nanosecond clock. */
const EXACT_EXTEND = 2 ** 26;

/** Called for each data record: where its payload stands in the page. */
export type RecordVisitor = (time: Readonly<TraceTime>, offset: number, length: number) => void;

/**
 * Walks the records in order. What stands before a damaged record is delivered; the page ends at the damage,
 * because nothing says where the next record would start.
 */
export function walkRecords(
  page: DataView,
  header: PageHeader,
  layout: PageLayout,
  visit: RecordVisitor,
): Damage | null {
  const little = layout.littleEndian;
  const time: TraceTime = { sec: 0, nsec: 0 };
  setTicks(time, header.baseTime);
  let at = header.start;
  const end = header.end;
  while (at + 4 <= end) {
    const word = page.getUint32(at, little);
    const typeLength = little ? word & 31 : word >>> 27;
    const delta = little ? word >>> 5 : word & 0x07ff_ffff;
    if (typeLength >= 1 && typeLength <= 28) {
      const length = typeLength * 4;
      if (at + 4 + length > end) return { code: 'RECORD_LENGTH', atByte: at };
      addTicks(time, delta);
      visit(time, at + 4, length);
      at += 4 + length;
      continue;
    }
    if (typeLength === TYPE_PADDING && delta === 0) return null;
    // Kernels around 4.19 count zeros behind the last record as committed: padding too, and no damage.
    if (word === 0 && isZero(page, at, end)) return null;
    // The four other kinds all carry a second word.
    if (at + 8 > end) return { code: 'RECORD_SHORT', atByte: at };
    const second = page.getUint32(at + 4, little);
    if (typeLength === 0) {
      // `second` counts itself, and the payload is padded to 4 bytes.
      if (second < 5 || at + 4 + second > end) return { code: 'RECORD_LENGTH', atByte: at };
      addTicks(time, delta);
      visit(time, at + 8, second - 4);
      at += 4 + ((second + 3) & ~3);
    } else if (typeLength === TYPE_PADDING) {
      // A discarded event: its space stays, and its time counts.
      if (second < 4 || at + 4 + second > end) return { code: 'RECORD_LENGTH', atByte: at };
      addTicks(time, delta);
      at += 4 + ((second + 3) & ~3);
    } else if (typeLength === TYPE_TIME_EXTEND) {
      if (second < EXACT_EXTEND) addTicks(time, delta + second * DELTA_SCALE);
      else setTicks(time, ticksOf(time) + BigInt(delta) + (BigInt(second) << 27n));
      at += 8;
    } else {
      const stamp = BigInt(delta) + (BigInt(second) << 27n);
      setTicks(time, stamp | (ticksOf(time) & STAMP_TOP_BITS));
      at += 8;
    }
  }
  // Records are whole words, so less than one at the end is none.
  return at < end ? { code: 'RECORD_SHORT', atByte: at } : null;
}

function isZero(page: DataView, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (page.getUint8(at) !== 0) return false;
  return true;
}
