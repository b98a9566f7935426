import { X86_64_LAYOUT, type PageLayout } from '../../src/readers/pages/page-layout';

/** A page as annotated hex: two digits a byte, `#` begins a comment. */
export function pageFrom(hex: string, pageBytes?: number): DataView {
  const digits = hex
    .split('\n')
    .map((line) => line.replace(/#.*/, ''))
    .join('')
    .replace(/\s/g, '');
  const bytes = Buffer.from(digits, 'hex');
  if (bytes.length * 2 !== digits.length) throw new Error(`not hex: ${digits.slice(bytes.length * 2)}`);
  const page = new Uint8Array(Math.max(bytes.length, pageBytes ?? 0));
  page.set(bytes);
  return new DataView(page.buffer);
}

export interface ComposedRecord {
  /** Ticks since the record before it. */
  readonly delta: number;
  readonly payload: Uint8Array;
}

const LARGEST_SHORT_PAYLOAD = 28 * 4;

/** A little-endian page of data records, as the kernel lays them out. */
export function composePage(
  baseTime: bigint,
  records: readonly ComposedRecord[],
  layout: PageLayout = X86_64_LAYOUT,
): Uint8Array {
  const bytes = new Uint8Array(layout.pageBytes);
  const page = new DataView(bytes.buffer);
  page.setBigUint64(0, baseTime, true);
  let at = layout.dataOffset;
  for (const { delta, payload } of records) {
    const words = Math.ceil(payload.length / 4);
    const isShort = payload.length > 0 && payload.length % 4 === 0 && payload.length <= LARGEST_SHORT_PAYLOAD;
    page.setUint32(at, (isShort ? words : 0) | (delta << 5), true);
    at += 4;
    if (!isShort) {
      page.setUint32(at, payload.length + 4, true);
      at += 4;
    }
    bytes.set(payload, at);
    at += words * 4;
  }
  page.setUint32(layout.commitOffset, at - layout.dataOffset, true);
  return bytes;
}

/** A record that begins as every record does, and goes on with `rest`. */
export function recordOf(id: number, pid: number, rest: readonly number[] = [], flags = 0): Uint8Array {
  const bytes = new Uint8Array(8 + rest.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id, true);
  view.setUint8(2, flags);
  view.setInt32(4, pid, true);
  bytes.set(rest, 8);
  return bytes;
}

/** The same numbers for the same seed, evenly in 0..1. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
