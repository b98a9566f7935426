/**
 * Inputs that nobody made on purpose: a good one with bits flipped, cut, doubled, spliced with another, or with numbers
 * where counts and lengths are.
 */
import type { Random } from './random';

const LARGEST_INPUT = 1 << 16;
const MAX_CHANGES = 8;
const HEAD_BYTES = 512;

/** Where arithmetic on lengths, offsets and times goes wrong. */
// prettier-ignore
const TELLING_NUMBERS = [
  0, 1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 28, 29, 30, 31, 63, 127, 128, 255, 256, 4095, 4096, 0x7fff, 0x8000, 0xfffe,
  0xffff, 0x7ffffff, 0x8000000, 0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000, 0xbfffffff, 0xc0000000, 0xfffffffb,
  0xfffffffc, 0xfffffffe, 0xffffffff,
];

// prettier-ignore
const TELLING_TEXTS = [
  '\n', '\r\n', '\0', ' ', '\t', ':', ';', '=', '-', '"', '\\', '(', ')', '[', ']', '{', '}', '<', '>', ' => ', ' -> ',
  ' <- ', '...', '0x', '-1', '0', '9007199254740993', '18446744073709551616', '1e9', 'NaN', 'null', '__proto__', '#',
  'CPU:0 [LOST 1 EVENTS]', '<...>', '<idle>', 'offset:', 'size:', 'signed:', '[]', '[0]', '__data_loc char[] ',
  '__rel_loc ', '\u00e4', '\ud83d\ude00', '\ufeff', '"rows":', '99999999999',
].map((text) => Buffer.from(text));

type Change = (bytes: Buffer, random: Random, others: readonly Uint8Array[]) => Buffer;

/** Every other time near the beginning, where headers and tables are. */
function placeIn(bytes: Buffer, random: Random): number {
  return random.below((random.oneIn(2) ? bytes.length : Math.min(bytes.length, HEAD_BYTES)) + 1);
}

/** Two places in order, mostly near one another. */
function rangeIn(bytes: Buffer, random: Random): [number, number] {
  const start = placeIn(bytes, random);
  const length = random.below(random.oneIn(4) ? bytes.length + 1 : 33);
  return [start, Math.min(bytes.length, start + length)];
}

function spliced(bytes: Buffer, start: number, end: number, put: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(end)]);
}

const CHANGES: readonly Change[] = [
  function flipBit(bytes, random) {
    if (bytes.length > 0) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
    return bytes;
  },
  function setByte(bytes, random) {
    if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
    return bytes;
  },
  function setNumber(bytes, random) {
    const width = random.pick([1, 2, 4, 8]);
    // Mostly at a multiple of its width, where the formats have theirs.
    const at = random.oneIn(4) ? placeIn(bytes, random) : placeIn(bytes, random) & ~(Math.min(width, 4) - 1);
    if (at + width > bytes.length) return bytes;
    const number = random.pick(TELLING_NUMBERS);
    const little = !random.oneIn(4);
    if (width === 1) bytes[at] = number & 255;
    else if (width === 2) bytes[little ? 'writeUInt16LE' : 'writeUInt16BE'](number & 0xffff, at);
    else bytes[little ? 'writeUInt32LE' : 'writeUInt32BE'](number, little || width === 4 ? at : at + 4);
    if (width === 8) bytes.writeUInt32LE(0, little ? at + 4 : at);
    return bytes;
  },
  function addToNumber(bytes, random) {
    const at = placeIn(bytes, random) & ~3;
    if (at + 4 > bytes.length) return bytes;
    bytes.writeUInt32LE((bytes.readUInt32LE(at) + random.below(65) - 32) >>> 0, at);
    return bytes;
  },
  function changeDigits(bytes, random) {
    const start = placeIn(bytes, random);
    let at = start;
    while (at < bytes.length && !isDigit(bytes[at]!)) at++;
    let end = at;
    while (end < bytes.length && isDigit(bytes[end]!)) end++;
    if (at === bytes.length) return bytes;
    return spliced(bytes, at, end, Buffer.from(String(random.pick(TELLING_NUMBERS))));
  },
  function cutEnd(bytes, random) {
    return bytes.subarray(0, placeIn(bytes, random));
  },
  function remove(bytes, random) {
    return spliced(bytes, ...rangeIn(bytes, random), Buffer.alloc(0));
  },
  function double(bytes, random) {
    const [start, end] = rangeIn(bytes, random);
    return spliced(bytes, end, end, bytes.subarray(start, end));
  },
  function repeat(bytes, random) {
    const [start, end] = rangeIn(bytes, random);
    const part = bytes.subarray(start, Math.min(end, start + 16));
    return spliced(bytes, start, start, Buffer.concat(Array.from({ length: random.below(64) }, () => part)));
  },
  function insertText(bytes, random) {
    const [start, end] = rangeIn(bytes, random);
    return spliced(bytes, start, random.oneIn(2) ? start : end, random.pick(TELLING_TEXTS));
  },
  function splice(bytes, random, others) {
    const other = Buffer.from(random.pick(others));
    const at = placeIn(bytes, random);
    return Buffer.concat([
      bytes.subarray(0, at),
      other.subarray(random.oneIn(2) ? at : placeIn(other, random)),
    ]);
  },
  function copyWithin(bytes, random) {
    const [start, end] = rangeIn(bytes, random);
    bytes.copy(bytes, placeIn(bytes, random), start, end);
    return bytes;
  },
  function fill(bytes, random) {
    const [start, end] = rangeIn(bytes, random);
    return bytes.fill(random.pick([0, 0xff, 0x20, 0x1d, random.below(256)]), start, end);
  },
];

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** One of the good inputs with a few changes; at most 64 KiB or as long as it was. */
export function mutated(good: readonly Uint8Array[], random: Random): Buffer {
  const from = random.pick(good);
  let bytes: Buffer = Buffer.from(from);
  const changes = 1 + random.below(MAX_CHANGES);
  for (let turn = 0; turn < changes; turn++) bytes = random.pick(CHANGES)(bytes, random, good);
  return bytes.subarray(0, Math.max(LARGEST_INPUT, from.length));
}
