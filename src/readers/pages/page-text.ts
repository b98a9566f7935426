/**
 * Text in a page, up to its NUL. The same few names come in record after record, so short ASCII text is decoded once:
 * a fixed number of places, each holding the last text that hashed there, so memory stays flat whatever the names are.
 */

const PLACES = 4096;
const MAX_KEPT = 128;

const kept: (string | undefined)[] = new Array<string | undefined>(PLACES).fill(undefined);
// A name may begin with the bytes of a byte order mark, and keeps them.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The UTF-8 text from `start` up to the first NUL, or to `end`. What is no UTF-8 shows as U+FFFD.
 *
 * @param end at most `page.byteLength`
 */
export function textIn(page: DataView, start: number, end: number): string {
  const limit = Math.min(end, start + MAX_KEPT);
  let hash = 0x811c9dc5;
  let at = start;
  for (; at < limit; at++) {
    const byte = page.getUint8(at);
    if (byte === 0) break;
    if (byte > 127) return decode(page, start, end);
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  if (at === limit && at < end) return decode(page, start, end);
  const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
  const text = kept[place];
  if (text?.length === at - start) {
    let index = 0;
    while (index < text.length && text.charCodeAt(index) === page.getUint8(start + index)) index++;
    if (index === text.length) return text;
  }
  return (kept[place] = decode(page, start, at));
}

function decode(page: DataView, start: number, end: number): string {
  if (start >= end) return '';
  const bytes = new Uint8Array(page.buffer, page.byteOffset + start, end - start);
  const nul = bytes.indexOf(0);
  return utf8.decode(nul < 0 ? bytes : bytes.subarray(0, nul));
}
