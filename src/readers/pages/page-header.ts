/**
 * The header of one sub-buffer page, as `per_cpu/cpuN/trace_pipe_raw` delivers it.
 *
 * Format: `struct buffer_data_page` and `ring_buffer_read_page()` in kernel/trace/ring_buffer.c.
 */
import type { Damage } from '../../trace-event';
import type { PageLayout } from './page-layout';
import { nanosecondsIn, secondsIn } from './page-ticks';

/** The kernel keeps flags above the length; 27 bits is the width that libtraceevent relies on too. */
const LENGTH_MASK = 0x07ff_ffff;
/** RB_MISSED_EVENTS: this CPU lost events before this page. */
const MISSED_EVENTS = 0x8000_0000;
/** RB_MISSED_STORED: the number lost follows the last record, as one `long`. */
const MISSED_STORED = 0x4000_0000;

export interface PageHeader {
  /** Ticks of the instance's `trace_clock`: nanoseconds, except for `counter`, `uptime` and `x86-tsc`. */
  readonly baseTime: bigint;
  /** The same as whole seconds and nanoseconds (or 10^9 ticks and ticks). */
  readonly baseSec: number;
  readonly baseNsec: number;
  /** Where the records start and end, in bytes from the start of the page. */
  readonly start: number;
  readonly end: number;
  /** Events lost before this page: 0 for none, null where the page had no room for the number. */
  readonly lost: number | null;
}

export function isDamage(result: PageHeader | Damage): result is Damage {
  return 'code' in result;
}

/** Reads the header. A page that contradicts its own length is `Damage`, never an exception. */
export function readPageHeader(page: DataView, layout: PageLayout): PageHeader | Damage {
  const start = layout.dataOffset;
  if (page.byteLength < start) return { code: 'PAGE_SHORT', atByte: 0 };
  // On big-endian 64-bit kernels the flags are in the low half of the long, which is second.
  const low =
    layout.commitBytes === 8 && !layout.littleEndian ? layout.commitOffset + 4 : layout.commitOffset;
  const commit = page.getUint32(low, layout.littleEndian);
  const end = start + (commit & LENGTH_MASK);
  if (end > page.byteLength) return { code: 'PAGE_LENGTH', atByte: layout.commitOffset };
  const baseHigh = page.getUint32(layout.littleEndian ? 4 : 0, layout.littleEndian);
  const baseLow = page.getUint32(layout.littleEndian ? 0 : 4, layout.littleEndian);
  return {
    baseTime: page.getBigUint64(0, layout.littleEndian),
    baseSec: secondsIn(baseHigh, baseLow),
    baseNsec: nanosecondsIn(baseHigh, baseLow),
    start,
    end,
    lost: (commit & MISSED_EVENTS) === 0 ? 0 : storedLoss(page, commit, end, layout),
  };
}

function storedLoss(page: DataView, commit: number, end: number, layout: PageLayout): number | null {
  if ((commit & MISSED_STORED) === 0 || end + layout.commitBytes > page.byteLength) return null;
  return layout.commitBytes === 8
    ? Number(page.getBigUint64(end, layout.littleEndian))
    : page.getUint32(end, layout.littleEndian);
}
