/**
 * What is before an event in a line of ftrace text, read on bytes:
 *
 *     comm16 "-" pid " " [ "(" tgid ") " ] "[" cpu "] " [flags] " " time ": " body
 *
 * Format: trace_print_context() and trace_print_lat_context() in kernel/trace/trace_output.c. The kernel prints
 * `%16s-%-7d` and a comm has at most 15 bytes, so byte 16 of a line is the dash before the pid: names with
 * blanks, dashes and brackets are exact. Post-processed files lost that column, so every dash is tried there.
 * Latency format prints `%8.8s-%-7d %3d`, the CPU joined to the flags, and microseconds since the first event.
 */

import { NO_GROUP } from './open-rows';

const BLANK = 0x20;
const DASH = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;
const OPEN = 0x28;
const CLOSE = 0x29;
const OPEN_SQUARE = 0x5b;
const CLOSE_SQUARE = 0x5d;

/** Where the kernel puts the dash: after `%16s`. */
export const DASH_COLUMN = 16;
const LATENCY_DASH_COLUMN = 8;
/** How far a dash is looked for in post-processed lines: they have names like com.google.android.youtube. */
const MAX_DASH_COLUMN = 128;
/** Nothing before the body is longer: a comm, and six short columns. */
export const MAX_PREFIX = 256;
/** A line is at most one trace_seq (8 KiB; 4 KiB before 6.8); more without a newline is no text. */
export const MAX_LINE = 1 << 16;
/** trace-cmd report puts the name of an instance, or of one file of several, before each of its lines. */
const MAX_ORIGIN = 128;
/** A pid_t has 31 bits. */
const MAX_PID = 0x7fff_ffff;

const SCALES = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isFlag(byte: number): boolean {
  return isDigit(byte) || byte === DOT || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

/** One line's prefix. The object is used again for each line: a line costs no allocation here. */
export class LinePrefix {
  /** Where the line starts, after the name of an instance. */
  start = 0;
  /** The dash after the comm, or the blank where the format has no dash. */
  dash = 0;
  pid = 0;
  tgid = NO_GROUP;
  cpu = 0;
  flagsStart = 0;
  flagsEnd = 0;
  /** Seconds, or whole ticks. */
  ts = 0;
  bodyStart = 0;
  /** Of latency format: its time was microseconds since the start of the buffer. */
  isInMicroseconds = false;
  /** Another dash of the line can be read as the one before the pid, too; or a newline tore the name. */
  isAmbiguous = false;

  /** How far trace-cmd report indents each line, when some lines have the name of an instance before them. */
  indent = 0;
  /** For a second reading of the same line. */
  #other: LinePrefix | undefined;

  /**
   * The end of a line whose name a newline tore, so that only the bytes after it are in this line.
   * @param torn how many bytes of the name's column came before, with the newline
   */
  readTorn(bytes: Uint8Array, start: number, end: number, torn: number): boolean {
    const dash = start + DASH_COLUMN - torn;
    if (dash >= end || bytes[dash] !== DASH || !this.#readAfterDash(bytes, dash, start, end)) return false;
    this.start = start;
    this.isAmbiguous = true;
    return true;
  }

  /** False where the line, from `start` to `end` without its newline, has no prefix. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.start = start;
    this.isAmbiguous = false;
    if (this.#readAtColumn(bytes, start, end)) {
      // The kernel leaves a blank before a comm, which has 15 bytes at most.
      this.isAmbiguous = bytes[start] !== BLANK && this.#isReadAgain(bytes, start, start + DASH_COLUMN, end);
      return true;
    }
    if (this.#readLatency(bytes, start, start + LATENCY_DASH_COLUMN, end)) return true;
    if (this.indent > 0 && this.#readIndented(bytes, start, end)) return true;

    const colon = originEnd(bytes, start, end);
    const last = Math.min(end, start + MAX_DASH_COLUMN);
    if (this.#readFirstDash(bytes, start, Math.min(colon, last), end)) {
      this.isAmbiguous = this.#isReadAgain(bytes, this.dash + 1, last, end);
      return true;
    }
    if (colon < end && this.#readAtColumn(bytes, colon + 2, end)) {
      this.indent = colon + 2 - start;
      this.start = colon + 2;
      return true;
    }
    if (this.#readFirstDash(bytes, start, last, end)) {
      this.isAmbiguous = this.#isReadAgain(bytes, this.dash + 1, last, end);
      return true;
    }
    return this.#readVerbose(bytes, start, end) || this.#readLatencyAnywhere(bytes, start, last, end);
  }

  #readAtColumn(bytes: Uint8Array, start: number, end: number): boolean {
    const dash = start + DASH_COLUMN;
    return dash < end && bytes[dash] === DASH && this.#readAfterDash(bytes, dash, start, end);
  }

  /** A line without the name of an instance, among lines that have one. */
  #readIndented(bytes: Uint8Array, start: number, end: number): boolean {
    const line = start + this.indent;
    if (skipBlanks(bytes, start, Math.min(line, end)) < line) return false;
    if (!this.#readAtColumn(bytes, line, end)) return false;
    this.start = line;
    return true;
  }

  #readFirstDash(bytes: Uint8Array, start: number, last: number, end: number): boolean {
    for (let at = start + 1; at < last; at++) {
      if (bytes[at] === DASH && isDigit(bytes[at + 1]) && this.#readAfterDash(bytes, at, start, end))
        return true;
    }
    return false;
  }

  #isReadAgain(bytes: Uint8Array, from: number, last: number, end: number): boolean {
    this.#other ??= new LinePrefix();
    return this.#other.#readFirstDash(bytes, from, last, end);
  }

  #readAfterDash(bytes: Uint8Array, dash: number, start: number, lineEnd: number): boolean {
    const end = Math.min(lineEnd, start + MAX_PREFIX);
    let at = dash + 1;
    let pid = 0;
    const pidStart = at;
    while (at < end && isDigit(bytes[at])) pid = pid * 10 + bytes[at++]! - 0x30;
    if (at === pidStart || at - pidStart > 10 || pid > MAX_PID) return false;
    at = skipBlanks(bytes, at, end);
    let tgid = NO_GROUP;
    if (bytes[at] === OPEN) {
      at = skipBlanks(bytes, at + 1, end);
      if (isDigit(bytes[at])) {
        tgid = 0;
        while (at < end && isDigit(bytes[at])) tgid = tgid * 10 + bytes[at++]! - 0x30;
        if (tgid > MAX_PID) return false;
      } else {
        while (at < end && bytes[at] === DASH) at++;
      }
      if (bytes[at] !== CLOSE) return false;
      at = skipBlanks(bytes, at + 1, end);
    }
    if (bytes[at] !== OPEN_SQUARE) return false;
    at++;
    let cpu = 0;
    const cpuStart = at;
    while (at < end && isDigit(bytes[at])) cpu = cpu * 10 + bytes[at++]! - 0x30;
    if (at === cpuStart || at - cpuStart > 6 || bytes[at] !== CLOSE_SQUARE) return false;
    at = skipBlanks(bytes, at + 1, end);
    this.flagsStart = at;
    this.flagsEnd = at;
    const timeEnd = this.#readTime(bytes, at, end);
    if (timeEnd < 0) {
      while (at < end && isFlag(bytes[at]!)) at++;
      const width = at - this.flagsStart;
      if (width < 3 || width > 8 || bytes[at] !== BLANK) return false;
      this.flagsEnd = at;
      at = this.#readTime(bytes, skipBlanks(bytes, at, end), end);
      if (at < 0) return false;
    } else {
      at = timeEnd;
    }
    this.dash = dash;
    this.pid = pid;
    this.tgid = tgid;
    this.cpu = cpu;
    this.bodyStart = bytes[at] === BLANK && at < lineEnd ? at + 1 : at;
    return true;
  }

  /**
   * `9978.187414:` or `20868710626:` at `at`; sets `ts` and returns where the colon ended, or -1.
   *
   * The quotient of two exact integers is the correctly rounded double; only beyond 2^53 of the smallest unit
   * is the text itself converted, which is as exact and slower.
   */
  #readTime(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    let value = 0;
    while (at < end && isDigit(bytes[at])) value = value * 10 + bytes[at++]! - 0x30;
    if (at === start) return -1;
    let decimals = 0;
    if (bytes[at] === DOT) {
      at++;
      const fraction = at;
      while (at < end && isDigit(bytes[at])) value = value * 10 + bytes[at++]! - 0x30;
      decimals = at - fraction;
      if (decimals === 0 || decimals > 9) return -1;
    }
    if (at >= end || bytes[at] !== COLON) return -1;
    this.ts =
      value <= Number.MAX_SAFE_INTEGER
        ? value / SCALES[decimals]!
        : Number(String.fromCharCode(...bytes.subarray(start, at)));
    return at + 1;
  }

  /** Latency format that lost its columns, in a log for example. Only with microseconds: other text has numbers too. */
  #readLatencyAnywhere(bytes: Uint8Array, start: number, last: number, end: number): boolean {
    for (let at = start + 1; at < last; at++) {
      if (this.#readLatency(bytes, start, at, end)) return this.isInMicroseconds;
    }
    return false;
  }

  #readLatency(bytes: Uint8Array, start: number, dash: number, lineEnd: number): boolean {
    if (dash >= lineEnd || bytes[dash] !== DASH) return false;
    const end = Math.min(lineEnd, start + MAX_PREFIX);
    let at = dash + 1;
    let pid = 0;
    const pidStart = at;
    while (at < end && isDigit(bytes[at])) pid = pid * 10 + bytes[at++]! - 0x30;
    if (at === pidStart || at - pidStart > 10 || pid > MAX_PID) return false;
    at = skipBlanks(bytes, at, end);
    let cpu = 0;
    const cpuStart = at;
    while (at < end && isDigit(bytes[at])) cpu = cpu * 10 + bytes[at++]! - 0x30;
    if (at === cpuStart || at - cpuStart > 6) return false;
    this.flagsStart = at;
    while (at < end && isFlag(bytes[at]!)) at++;
    this.flagsEnd = at;
    const width = at - this.flagsStart;
    if (width < 3 || width > 8 || bytes[at] !== BLANK) return false;
    at = skipBlanks(bytes, at, end);
    const timeStart = at;
    let time = 0;
    while (at < end && isDigit(bytes[at])) time = time * 10 + bytes[at++]! - 0x30;
    if (at === timeStart || at - timeStart > 15) return false;
    if (bytes[at] === DOT) {
      // trace-cmd report -l: latency format with seconds.
      at = this.#readTime(bytes, timeStart, end);
      if (at < 0) return false;
    } else {
      const isMicroseconds = bytes[at] === 0x75 && bytes[at + 1] === 0x73;
      // After `us` is one mark for the time to the next line: ` + ! # * @ $`.
      if (isMicroseconds) at += 3;
      if (at >= end || bytes[at] !== COLON) return false;
      at++;
      this.ts = isMicroseconds ? time / 1e6 : time;
      this.isInMicroseconds = isMicroseconds;
    }
    this.dash = dash;
    this.pid = pid;
    this.tgid = NO_GROUP;
    this.cpu = cpu;
    this.bodyStart = bytes[at] === BLANK && at < lineEnd ? at + 1 : at;
    return true;
  }

  /** Option `verbose`: `%16s %7d %3d %d %08x %08lx [%08lx] %ld.%03ldms (+%ld.%03ldms): `. */
  #readVerbose(bytes: Uint8Array, start: number, end: number): boolean {
    if (bytes[start + DASH_COLUMN] !== BLANK || end - start < 64) return false;
    const text = String.fromCharCode(
      ...bytes.subarray(start + DASH_COLUMN, Math.min(end, start + MAX_PREFIX)),
    );
    const match = VERBOSE.exec(text);
    if (!match) return false;
    this.dash = start + DASH_COLUMN;
    this.pid = Number(match[1]);
    this.tgid = NO_GROUP;
    this.cpu = Number(match[2]);
    this.ts = Number(`${match[3]}${match[4]}`) / 1e6;
    this.flagsStart = start;
    this.flagsEnd = start;
    this.bodyStart = start + DASH_COLUMN + match[0].length;
    return true;
  }
}

/**
 * The `: ` after the name of an instance, which may have blanks before it and none inside; the line's end where
 * there is none near.
 */
function originEnd(bytes: Uint8Array, start: number, end: number): number {
  const last = Math.min(end - 2, start + MAX_ORIGIN);
  let at = skipBlanks(bytes, start, end);
  while (at < last && bytes[at] !== COLON && bytes[at] !== BLANK) at++;
  // A comm has at most 15 of the 16 bytes of its column, so that starts with a blank.
  return at < last && bytes[at] === COLON && bytes[at + 1] === BLANK && bytes[at + 2] === BLANK ? at : end;
}

const VERBOSE =
  /^ +([0-9]{1,10}) +([0-9]{1,6}) [0-9a-f]{1,2} [0-9a-f]{8} [0-9a-f]{8} \[[0-9a-f]{8,16}\] ([0-9]{1,12})\.([0-9]{3})ms \(\+[0-9]{1,12}\.[0-9]{3}ms\): /;

function skipBlanks(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] === BLANK) at++;
  return at;
}
