/** The same page as a big-endian kernel would have written it: numbers turned, bit fields from the other end. */
import { parseFormat, type EventFormat } from '../../src/readers/pages/event-format';
import { readPageHeader, isDamage } from '../../src/readers/pages/page-header';
import type { PageLayout } from '../../src/readers/pages/page-layout';

const TYPE_PADDING = 29;

function turn(bytes: Uint8Array, at: number, size: number): void {
  bytes.subarray(at, at + size).reverse();
}

function turnEach(bytes: Uint8Array, at: number, length: number, size: number): void {
  for (let offset = 0; offset + size <= length; offset += size) turn(bytes, at + offset, size);
}

function turnRecord(page: Uint8Array, at: number, length: number, format: EventFormat): void {
  const view = new DataView(page.buffer, page.byteOffset + at, length);
  for (const { type, offset, size, elementBytes, isArray } of [...format.common, ...format.fields]) {
    if (type.startsWith('__data_loc')) {
      const place = view.getUint32(offset, true);
      turnEach(page, at + (place & 0xffff), place >>> 16, elementBytes);
      turn(page, at + offset, 4);
    } else {
      // A call trace is as long as its record, whatever its format says.
      const isRest = size === 0 || (isArray && format.name === 'kernel_stack');
      const there = isRest ? length - offset : Math.min(size, length - offset);
      turnEach(page, at + offset, there, elementBytes);
    }
  }
}

/** @param layout of the little-endian page, with a `commit` of 8 bytes */
export function swapPage(old: Uint8Array, layout: PageLayout, formats: readonly string[]): Uint8Array {
  const page = new Uint8Array(old);
  const view = new DataView(page.buffer);
  const header = readPageHeader(view, layout);
  if (isDamage(header)) throw new Error(`no page: ${header.code}`);
  const byId = new Map(formats.map((text) => parseFormat(text, 8)).map((format) => [format?.id, format]));
  let at = header.start;
  while (at < header.end) {
    const word = view.getUint32(at, true);
    const type = word & 31;
    view.setUint32(at, ((type << 27) | (word >>> 5)) >>> 0);
    const start = type >= 1 && type <= 28 ? at + 4 : at + 8;
    const second = at + 8 <= page.length ? view.getUint32(at + 4, true) : 0;
    if (start === at + 8) turn(page, at + 4, 4);
    if (type > TYPE_PADDING) {
      at += 8;
      continue;
    }
    const length = start === at + 4 ? type * 4 : second - 4;
    const format = type === TYPE_PADDING ? undefined : byId.get(view.getUint16(start, true));
    if (format) turnRecord(page, start, length, format);
    else if (type !== TYPE_PADDING) throw new Error(`no format for event ${view.getUint16(start, true)}`);
    at = start + ((length + 3) & ~3);
  }
  if (header.lost !== 0) turn(page, header.end, 8);
  turn(page, 0, 8);
  turn(page, layout.commitOffset, 8);
  return page;
}
