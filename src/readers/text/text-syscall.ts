/**
 * System calls as `trace` prints them: `sys_openat(dfd: ffffff9c, filename: 7f.., flags: 80000, mode: 0)` and
 * `sys_openat -> 0x3`.
 *
 * Format: print_syscall_enter() and print_syscall_exit() in kernel/trace/trace_syscalls.c. Up to 6.17 every
 * argument is hexadecimal without `0x`; 6.18 prints `0x` from 10 on, and below 10 both agree. From 6.19 on an
 * argument may carry what it points to, `filename: 0x7f.. "/etc/hosts"` or `buf: 0x7f.. (68:69, ...) "hi"...`,
 * and openat prints decimal numbers, flags by name and the mode in octal. The option `verbose` and trace-cmd
 * add types or zeros.
 */
import { parseOpenFlags } from '../../kernel/open-flags';
import { fromDecimal, fromHex, fromOctal, fromSignedHex } from '../../kernel/integers';
import type { FieldValue } from '../../trace-event';

const ARGUMENT = /(?:[A-Za-z_][A-Za-z0-9_ *]*[ *])?([A-Za-z_][A-Za-z0-9_]*): /y;
const NUMBER = /(0x)?([0-9a-f]{1,20})(?=[,) ]|$)/y;
const NAMES = /[A-Za-z0-9_|]+(?=[,) ]|$)/y;
const BYTES = / \(((?:[0-9a-f]{2}:)*[0-9a-f]{2})?(?:, \.\.\.)?\)/y;
/** The quote that ends a string: after it the next argument, or the end. The string itself is not escaped. */
const STRING_END =
  /"(?:\.\.\.)?(?=, (?:[A-Za-z_][A-Za-z0-9_ *]{0,60}[ *])?[A-Za-z_][A-Za-z0-9_]{0,40}: |\)?$)/g;
const utf8 = new TextDecoder();

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** The bytes as the string that a raw record of the same event gives: up to the first NUL. */
function textOf(hexBytes: string): string {
  const bytes = Uint8Array.from(hexBytes.split(':'), (byte) => Number.parseInt(byte, 16));
  const nul = bytes.indexOf(0);
  return utf8.decode(nul < 0 ? bytes : bytes.subarray(0, nul));
}

function readNumber(name: string, prefix: string, digits: string, symbolic: boolean): FieldValue | undefined {
  if (prefix) return fromHex(digits);
  if (!symbolic) return fromHex(digits);
  return name === 'mode' ? fromOctal(digits) : fromDecimal(digits);
}

export interface SyscallEntry {
  readonly fields: Record<string, FieldValue>;
  /** An argument comes twice: a string imitates it. */
  readonly isAmbiguous: boolean;
}

/** @param text the arguments, without the opening but with the closing parenthesis, if there are any */
export function readSyscallArguments(text: string): SyscallEntry | undefined {
  const fields: Record<string, FieldValue> = {};
  let isAmbiguous = false;
  const carried: Record<string, FieldValue> = {};
  const end = text.endsWith(')') ? text.length - 1 : text.length;
  // Only the form with flags by name prints decimal numbers of two digits and more.
  const symbolic = text.includes(': O_');
  let at = 0;
  while (at < end) {
    const name = match(ARGUMENT, text, at)?.[1];
    if (name === undefined) return undefined;
    if (Object.hasOwn(fields, name)) isAmbiguous = true;
    at = ARGUMENT.lastIndex;
    const number = match(NUMBER, text, at);
    if (number) {
      const value = readNumber(name, number[1] ?? '', number[2]!, symbolic);
      if (value === undefined) return undefined;
      fields[name] = value;
      at = NUMBER.lastIndex;
    } else {
      const names = match(NAMES, text, at)?.[0];
      if (names === undefined) return undefined;
      fields[name] = parseOpenFlags(names) ?? names;
      at = NAMES.lastIndex;
    }
    const bytes = match(BYTES, text, at);
    if (bytes) at = BYTES.lastIndex;
    if (text.startsWith(' "', at)) {
      const quote = match(STRING_END, text, at + 2);
      if (!quote) return undefined;
      carried[`__${name}_val`] = bytes ? textOf(bytes[1] ?? '') : text.slice(at + 2, quote.index);
      at = STRING_END.lastIndex;
    } else if (bytes) {
      carried[`__${name}_val`] = textOf(bytes[1] ?? '');
    }
    if (at < end && !text.startsWith(', ', at)) return undefined;
    at += 2;
  }
  return { fields: Object.assign(fields, carried), isAmbiguous };
}

/** @param text what is after the arrow: `0xfffffffffffffffe` is -2 */
export function readSyscallReturn(text: string): Record<string, FieldValue> | undefined {
  const ret = fromSignedHex(text.startsWith('0x') ? text.slice(2) : text);
  return ret === undefined ? undefined : { ret };
}

const CLOSE = 0x29;
const COMMA = 0x2c;
const COLON = 0x3a;
const ZERO = 0x30;
const X = 0x78;
/** 52 bits: always exact in a double. */
const EXACT_DIGITS = 13;

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
}

/** The hexadecimal number at `from`, with or without `0x`, that ends before `end`. */
function hexAt(bytes: Buffer, from: number, end: number): FieldValue | undefined {
  const first = bytes[from] === ZERO && bytes[from + 1] === X ? from + 2 : from;
  let at = first;
  let value = 0;
  while (at < end) {
    const digit = hexDigit(bytes[at]!);
    if (digit < 0) break;
    value = value * 16 + digit;
    at++;
  }
  return at - first <= EXACT_DIGITS ? value : fromHex(bytes.toString('latin1', first, at));
}

/** What a system call returned, from ` -> 0x3` whose number starts at `from`: two's complement of 64 bits. */
export function returnAt(bytes: Buffer, from: number, end: number): FieldValue | undefined {
  const first = bytes[from] === ZERO && bytes[from + 1] === X ? from + 2 : from;
  return end - first <= EXACT_DIGITS
    ? hexAt(bytes, from, end)
    : fromSignedHex(bytes.toString('latin1', first, end));
}

/**
 * One argument of `name: hex, name: hex)`, whose form is known to be that: nothing else is decoded, and no string
 * is made. A name that comes twice means the last, as in the object of all fields.
 */
export function argumentAt(bytes: Buffer, from: number, end: number, name: string): FieldValue | undefined {
  let value: FieldValue | undefined;
  let at = from;
  while (at < end && bytes[at] !== CLOSE) {
    let matched = 0;
    while (matched < name.length && bytes[at + matched] === name.charCodeAt(matched)) matched++;
    if (matched === name.length && bytes[at + matched] === COLON) value = hexAt(bytes, at + matched + 2, end);
    while (at < end && bytes[at] !== COLON) at++;
    at += 2;
    while (at < end && bytes[at] !== COMMA && bytes[at] !== CLOSE) at++;
    if (bytes[at] === COMMA) at += 2;
  }
  return value;
}

/** All arguments of `name: hex, name: hex)`. The names are split once by `nameOf`. */
export function argumentsAt(
  bytes: Buffer,
  from: number,
  end: number,
  nameOf: (bytes: Buffer, start: number, end: number) => string,
): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = {};
  let at = from;
  while (at < end && bytes[at] !== CLOSE) {
    const start = at;
    while (at < end && bytes[at] !== COLON) at++;
    fields[nameOf(bytes, start, at)] = hexAt(bytes, at + 2, end)!;
    at += 2;
    while (at < end && bytes[at] !== COMMA && bytes[at] !== CLOSE) at++;
    if (bytes[at] === COMMA) at += 2;
  }
  return fields;
}
