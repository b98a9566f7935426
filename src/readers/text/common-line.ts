/**
 * The lines that nearly all of a trace consists of, in one pass over their bytes and without one string:
 *
 *     comm16 "-" pid " " [ "(" tgid ") " ] "[" cpu "] " [flags] " " time ": " body newline
 *
 * with the dash at byte 16 and a body that is `sys_name(argument: hex, ...)`, also with strings and flags by name,
 * `sys_name -> 0xhex`, or `name: payload` of an event whose text takes one line. `TextReader` reads every other line in the general
 * way (line-prefix.ts, body-reader.ts), which accepts all that is accepted here, and more.
 */
import { RowKind } from './row-kind';
import * as byteClass from './byte-class';
import { DASH_COLUMN, MAX_LINE, MAX_PREFIX } from './line-prefix';
import type { BodyReader } from './body-reader';
import { NO_GROUP, type OpenRows } from './open-rows';

// Constants of this module, which the compiler of the engine can see through.
const { BYTE_CLASS, DIGIT, FIRST, FLAG, HEX, WORD } = byteClass;

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BLANK = 0x20;
const QUOTE = 0x22;
const OPEN = 0x28;
const CLOSE = 0x29;
const COMMA = 0x2c;
const DASH = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const EQUALS = 0x3d;
const GREATER = 0x3e;
const OPEN_SQUARE = 0x5b;
const CLOSE_SQUARE = 0x5d;
const UNDERSCORE = 0x5f;
const X = 0x78;
const BAR = 0x7c;

/** Nothing that is read here is shorter, so the columns up to the dash are inside the page. */
const MIN_LENGTH = 32;
/** A number of so many digits is exact in 32 bits. */
const MAX_DIGITS = 9;
/** No system call has more. */
const MAX_ARGUMENTS = 6;
/** What is looked for after a string has a name that is not longer (text-syscall.ts). */
const MAX_ARGUMENT_NAME = 41;
const SCALES = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

export class CommonLine {
  /** Where the page's next quote is, from the last line that asked; -1 where none was looked for. */
  #quote = -1;
  /** The arguments read last have a string or flags by name among them. */
  #saysMore = false;
  readonly #nameStarts = new Int32Array(MAX_ARGUMENTS);
  readonly #nameEnds = new Int32Array(MAX_ARGUMENTS);

  readonly #bodies: BodyReader;

  constructor(bodies: BodyReader) {
    this.#bodies = bodies;
  }

  /** Each page is asked for its quotes anew. */
  startPage(): void {
    this.#quote = -1;
  }

  /**
   * Fills the next row of `rows`, except for its page, and returns where the next line starts; -1 where the line
   * is another kind, and the row is as it was.
   *
   * @param limit where the last whole line of `bytes` ends, after its newline: so no loop over a class of bytes
   *   without its newline needs to look for the end
   */
  read(bytes: Buffer, start: number, limit: number, rows: OpenRows): number {
    const dash = start + DASH_COLUMN;
    // A comm has at most 15 of the 16 bytes.
    if (start + MIN_LENGTH > limit || bytes[dash] !== DASH || bytes[start] !== BLANK) return -1;
    for (let at = start + 1; at < dash; at++) if (bytes[at] === NEWLINE) return -1;

    let at = dash + 1;
    let first = at;
    let pid = 0;
    let digit = bytes[at]! - ZERO;
    while (digit >= 0 && digit <= 9) {
      pid = (pid * 10 + digit) | 0;
      digit = bytes[++at]! - ZERO;
    }
    if (at === first || at - first > MAX_DIGITS) return -1;
    while (bytes[at] === BLANK) at++;

    let tgid = NO_GROUP;
    if (bytes[at] === OPEN) {
      at++;
      while (bytes[at] === BLANK) at++;
      first = at;
      digit = bytes[at]! - ZERO;
      if (digit >= 0 && digit <= 9) tgid = 0;
      while (digit >= 0 && digit <= 9) {
        tgid = (tgid * 10 + digit) | 0;
        digit = bytes[++at]! - ZERO;
      }
      if (at - first > MAX_DIGITS) return -1;
      if (at === first) while (bytes[at] === DASH) at++;
      if (bytes[at] !== CLOSE) return -1;
      at++;
      while (bytes[at] === BLANK) at++;
    }

    if (bytes[at] !== OPEN_SQUARE) return -1;
    first = ++at;
    let cpu = 0;
    digit = bytes[at]! - ZERO;
    while (digit >= 0 && digit <= 9) {
      cpu = (cpu * 10 + digit) | 0;
      digit = bytes[++at]! - ZERO;
    }
    if (at === first || at - first > 6 || bytes[at] !== CLOSE_SQUARE) return -1;
    at++;
    while (bytes[at] === BLANK) at++;

    const flags = at;
    let flagsLength = 0;
    if ((BYTE_CLASS[bytes[at]!]! & DIGIT) === 0) {
      while ((BYTE_CLASS[bytes[at]!]! & FLAG) !== 0) at++;
      flagsLength = at - flags;
      if (flagsLength < 3 || flagsLength > 8 || bytes[at] !== BLANK) return -1;
      while (bytes[at] === BLANK) at++;
    }

    first = at;
    let whole = 0;
    digit = bytes[at]! - ZERO;
    while (digit >= 0 && digit <= 9) {
      whole = (whole * 10 + digit) | 0;
      digit = bytes[++at]! - ZERO;
    }
    if (at === first || at - first > MAX_DIGITS) return -1;
    let ts = whole;
    if (bytes[at] === DOT) {
      first = ++at;
      let fraction = 0;
      digit = bytes[at]! - ZERO;
      while (digit >= 0 && digit <= 9) {
        fraction = (fraction * 10 + digit) | 0;
        digit = bytes[++at]! - ZERO;
      }
      const decimals = at - first;
      if (decimals === 0 || decimals > MAX_DIGITS) return -1;
      const scale = SCALES[decimals]!;
      const value = whole * scale + fraction;
      // The quotient of two exact integers is the correctly rounded double.
      if (value > Number.MAX_SAFE_INTEGER) return -1;
      ts = value / scale;
    }
    if (bytes[at] !== COLON || bytes[at + 1] !== BLANK || at - start >= MAX_PREFIX) return -1;
    const body = at + 2;
    if ((BYTE_CLASS[bytes[body]!]! & FIRST) === 0) return -1;

    at = body + 1;
    while ((BYTE_CLASS[bytes[at]!]! & WORD) !== 0) at++;
    const nameEnd = at;
    const after = bytes[at];
    let kind: number;
    let end: number;
    if (after === COLON) {
      if (bytes[at + 1] !== BLANK || !this.#bodies.takesOneLine(bytes, body, at)) return -1;
      kind = RowKind.NAMED;
      end = bytes.indexOf(NEWLINE, at);
      if (!this.#isUnquoted(bytes, at, end)) return -1;
      if (bytes[end - 1] === RETURN) end--;
    } else {
      if (
        bytes[body] !== 0x73 ||
        bytes[body + 1] !== 0x79 ||
        bytes[body + 2] !== 0x73 ||
        bytes[body + 3] !== UNDERSCORE
      )
        return -1;
      if (after === OPEN) {
        end = this.#argumentsEnd(bytes, at + 1);
        kind = this.#saysMore ? RowKind.ENTER : RowKind.ENTER_HEX;
      } else {
        kind = RowKind.EXIT;
        end = returnEnd(bytes, at);
      }
      if (end < 0 || (bytes[end] !== NEWLINE && (bytes[end] !== RETURN || bytes[end + 1] !== NEWLINE)))
        return -1;
    }

    const next = bytes[end] === RETURN ? end + 2 : end + 1;
    if (next - 1 - start > MAX_LINE) return -1;

    const row = rows.length;
    if (row === rows.capacity) rows.grow();
    rows.ts[row] = ts;
    rows.pid[row] = pid;
    rows.tgid[row] = tgid;
    rows.cpu[row] = cpu;
    rows.line[row] = start;
    rows.origin[row] = 0;
    rows.comm[row] = DASH_COLUMN;
    rows.flags[row] = flags;
    rows.flagsLength[row] = flagsLength;
    rows.body[row] = body;
    rows.nameEnd[row] = nameEnd;
    rows.end[row] = end;
    rows.kind[row] = kind;
    rows.extra[row] = 0;
    rows.length = row + 1;
    return next;
  }

  /**
   * No string of the line can be open or be read in two ways: there is none, or one, that ends with the line.
   * The next quote of the page is looked for once, so lines without any cost a comparison.
   */
  #isUnquoted(bytes: Buffer, start: number, newline: number): boolean {
    if (this.#quote < start) {
      const found = bytes.indexOf(QUOTE, start);
      this.#quote = found < 0 ? Infinity : found;
    }
    const quote = this.#quote;
    if (quote > newline) return true;
    const end = bytes[newline - 1] === RETURN ? newline - 1 : newline;
    return (
      bytes[quote - 1] === EQUALS &&
      bytes[end - 1] === QUOTE &&
      end - 1 > quote &&
      bytes.indexOf(QUOTE, quote + 1) === end - 1
    );
  }

  /**
   * Where `name: hex, name: 0xhex "text", name: O_FLAG|O_FLAG)` ends; -1 where an argument is something else, or
   * can be read in another way.
   */
  #argumentsEnd(bytes: Buffer, from: number): number {
    let at = from;
    this.#saysMore = false;
    if (bytes[at] === CLOSE) return at + 1;
    let hasLetters = false;
    for (let index = 0; index < MAX_ARGUMENTS; index++) {
      if ((BYTE_CLASS[bytes[at]!]! & FIRST) === 0) return -1;
      this.#nameStarts[index] = at++;
      while ((BYTE_CLASS[bytes[at]!]! & WORD) !== 0) at++;
      if (bytes[at] !== COLON || bytes[at + 1] !== BLANK) return -1;
      this.#nameEnds[index] = at;
      const value = at + 2;
      if ((BYTE_CLASS[bytes[value]!]! & HEX) !== 0) {
        at = hexEnd(bytes, value);
        if (at < 0) return -1;
        if (!hasLetters && bytes[value + 1] !== X) hasLetters = !isEveryBase(bytes, value, at);
        if (bytes[at] === BLANK && bytes[at + 1] === QUOTE) {
          at = this.#stringEnd(bytes, at + 2);
          if (at < 0) return -1;
        }
      } else {
        at = namesEnd(bytes, value);
        if (at < 0) return -1;
        this.#saysMore = true;
      }
      if (bytes[at] === CLOSE) {
        // Beside flags by name a number is decimal or octal; and one argument may imitate another.
        const isPlain = !this.#saysMore || (!hasLetters && !this.#isNamedTwice(bytes, index));
        return isPlain ? at + 1 : -1;
      }
      if (bytes[at] !== COMMA || bytes[at + 1] !== BLANK) return -1;
      at += 2;
    }
    return -1;
  }

  /** After the first quote, if the string ends there; -1 where it may go on. */
  #stringEnd(bytes: Buffer, from: number): number {
    let at = from;
    while (bytes[at] !== QUOTE && bytes[at] !== NEWLINE) at++;
    if (bytes[at] === NEWLINE) return -1;
    at++;
    if (bytes[at] === DOT && bytes[at + 1] === DOT && bytes[at + 2] === DOT) at += 3;
    this.#saysMore = true;
    if (bytes[at] === CLOSE) return at;
    if (bytes[at] !== COMMA || bytes[at + 1] !== BLANK || (BYTE_CLASS[bytes[at + 2]!]! & FIRST) === 0)
      return -1;
    let name = at + 3;
    while ((BYTE_CLASS[bytes[name]!]! & WORD) !== 0) name++;
    return name - at - 2 <= MAX_ARGUMENT_NAME && bytes[name] === COLON && bytes[name + 1] === BLANK ? at : -1;
  }

  #isNamedTwice(bytes: Buffer, last: number): boolean {
    for (let index = 1; index <= last; index++) {
      const length = this.#nameEnds[index]! - this.#nameStarts[index]!;
      for (let before = 0; before < index; before++) {
        if (this.#nameEnds[before]! - this.#nameStarts[before]! !== length) continue;
        let at = 0;
        while (at < length && bytes[this.#nameStarts[index]! + at] === bytes[this.#nameStarts[before]! + at])
          at++;
        if (at === length) return true;
      }
    }
    return false;
  }
}

/**
 * Whether a number without `0x` can be read as decimal, and, where it is a file's mode, as octal: beside flags by
 * name the kernel prints it so.
 */
function isEveryBase(bytes: Buffer, start: number, end: number): boolean {
  const isMode = bytes[start - 3] === 0x65 && bytes[start - 4] === 0x64;
  for (let at = start; at < end; at++) if (bytes[at]! - ZERO > (isMode ? 7 : 9)) return false;
  return true;
}

/** Where `O_RDONLY|O_CLOEXEC` ends; a capital letter cannot begin a number. */
function namesEnd(bytes: Buffer, from: number): number {
  if (bytes[from]! < 0x41 || bytes[from]! > 0x5a) return -1;
  let at = from + 1;
  while ((BYTE_CLASS[bytes[at]!]! & WORD) !== 0 || bytes[at] === BAR) at++;
  return bytes[at] === COMMA || bytes[at] === CLOSE ? at : -1;
}

/** Where ` -> 0xhex` ends. */
function returnEnd(bytes: Buffer, from: number): number {
  return bytes[from] === BLANK &&
    bytes[from + 1] === DASH &&
    bytes[from + 2] === GREATER &&
    bytes[from + 3] === BLANK
    ? hexEnd(bytes, from + 4)
    : -1;
}

/** Where a number of at most 64 bits ends, with or without `0x`. */
function hexEnd(bytes: Buffer, from: number): number {
  const first = bytes[from] === ZERO && bytes[from + 1] === X ? from + 2 : from;
  let at = first;
  while ((BYTE_CLASS[bytes[at]!]! & HEX) !== 0) at++;
  return at > first && at - first <= 16 ? at : -1;
}
