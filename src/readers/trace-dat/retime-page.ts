/**
 * A page whose times are those of another clock.
 *
 * The conversion is done before the CPUs are merged, since a guest's CPUs may be shifted each by its own offset, and
 * the ring reader needs no word of it: it gets a page as a kernel with that clock would have written it.
 * Format: include/linux/ring_buffer.h (`enum ring_buffer_type`).
 */
import { isDamage, readPageHeader } from '../page-header';
import type { PageLayout } from '../page-layout';
import { walkRecords } from '../page-records';
import { ticksOf } from '../trace-time';

const TYPE_TIME_STAMP = 31;
const LONGEST_DELTA = 1n << 27n;
const LONGEST_SHORT_PAYLOAD = 28 * 4;
const FLAGS_MASK = 0xf800_0000;
const LENGTH_MASK = 0x07ff_ffff;
/** A record of 8 bytes and its header become that, a time stamp of 8 bytes, and a length of 4. */
const LARGEST_GROWTH = 2;

/** @param newTime from ticks to ticks, both u64; equal or later ones must stay so, but for a few */
export function retimePage(
  bytes: Uint8Array,
  layout: PageLayout,
  newTime: (ticks: bigint) => bigint,
): Uint8Array {
  const old = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readPageHeader(old, layout);
  if (isDamage(header)) return bytes;
  const little = layout.littleEndian;
  const page = new Uint8Array(bytes.length * LARGEST_GROWTH + layout.dataOffset);
  const view = new DataView(page.buffer);
  const word = (at: number, type: number, delta: number): void => {
    view.setUint32(at, (little ? (delta << 5) | type : (type << 27) | delta) >>> 0, little);
  };
  page.set(bytes.subarray(0, layout.dataOffset));
  let now = newTime(header.baseTime);
  view.setBigUint64(0, now, little);
  let at = layout.dataOffset;
  const damage = walkRecords(old, header, layout, (time, offset, length) => {
    const then = newTime(ticksOf(time));
    let delta = then - now;
    if (delta < 0n || delta >= LONGEST_DELTA) {
      // 59 bits of it; the upper five are those of the running time.
      word(at, TYPE_TIME_STAMP, Number(then & (LONGEST_DELTA - 1n)));
      view.setUint32(at + 4, Number((then >> 27n) & 0xffff_ffffn), little);
      at += 8;
      delta = 0n;
    }
    now = then;
    const isShort = length % 4 === 0 && length <= LONGEST_SHORT_PAYLOAD;
    word(at, isShort ? length / 4 : 0, Number(delta));
    at += 4;
    if (!isShort) {
      view.setUint32(at, length + 4, little);
      at += 4;
    }
    page.set(bytes.subarray(offset, offset + length), at);
    at += (length + 3) & ~3;
  });
  if (damage !== null) {
    // What could not be read stays as it is, for the ring reader to find.
    page.set(bytes.subarray(damage.atByte, header.end), at);
    at += header.end - damage.atByte;
  }
  const commitAt = layout.commitBytes === 8 && !little ? layout.commitOffset + 4 : layout.commitOffset;
  const commit = view.getUint32(commitAt, little);
  view.setUint32(commitAt, ((commit & FLAGS_MASK) | ((at - layout.dataOffset) & LENGTH_MASK)) >>> 0, little);
  // The number of events that were lost stands behind the records.
  const lost = bytes.subarray(header.end, header.end + layout.commitBytes);
  page.set(lost, at);
  return page.subarray(0, at + lost.length);
}
