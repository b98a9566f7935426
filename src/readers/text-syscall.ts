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
import { parseOpenFlags } from '../kernel/open-flags';
import { fromDecimal, fromHex, fromOctal, fromSignedHex } from '../kernel/integers';
import type { FieldValue } from '../trace-event';

const ARGUMENT = /(?:[A-Za-z_][A-Za-z0-9_ *]*[ *])?([A-Za-z_][A-Za-z0-9_]*): /y;
const NUMBER = /(0x)?([0-9a-f]{1,20})(?=[,) ]|$)/y;
const NAMES = /[A-Za-z0-9_|]+(?=[,) ]|$)/y;
const BYTES = / \(((?:[0-9a-f]{2}:)*[0-9a-f]{2})?(?:, \.\.\.)?\)/y;
/** The quote that ends a string: behind it the next argument, or the end. The string itself is not escaped. */
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

/** @param text the arguments, without the opening but with the closing parenthesis, if there are any */
export function readSyscallArguments(text: string): Record<string, FieldValue> | undefined {
  const fields: Record<string, FieldValue> = {};
  const carried: Record<string, FieldValue> = {};
  const end = text.endsWith(')') ? text.length - 1 : text.length;
  // Only the form with flags by name prints decimal numbers of two digits and more.
  const symbolic = text.includes(': O_');
  let at = 0;
  while (at < end) {
    const name = match(ARGUMENT, text, at)?.[1];
    if (name === undefined) return undefined;
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
  return Object.assign(fields, carried);
}

/** @param text what stands behind the arrow: `0xfffffffffffffffe` is -2 */
export function readSyscallReturn(text: string): Record<string, FieldValue> | undefined {
  const ret = fromSignedHex(text.startsWith('0x') ? text.slice(2) : text);
  return ret === undefined ? undefined : { ret };
}

const COMMA = 0x2c;
const BLANK = 0x20;
const CLOSE = 0x29;

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
}

/**
 * The same for one system call over and over, on bytes: once its argument names are known, a line with nothing
 * but hexadecimal numbers needs no string. Everything else is `undefined` here and read the general way.
 */
export class SyscallArguments {
  private names: string[] = [];
  private labels: Uint8Array[] = [];

  /** Takes the names from a line that was read the general way. */
  learn(fields: Record<string, FieldValue>): void {
    this.names = Object.keys(fields).filter((name) => !/^__.*_val$/.test(name));
    this.labels = this.names.map((name) => new TextEncoder().encode(`${name}: `));
  }

  read(bytes: Uint8Array, start: number, end: number): Record<string, FieldValue> | undefined {
    const { names, labels } = this;
    if (names.length === 0) return undefined;
    const fields: Record<string, FieldValue> = {};
    let at = start;
    for (let index = 0; index < names.length; index++) {
      const label = labels[index]!;
      for (let byte = 0; byte < label.length; byte++) if (bytes[at++] !== label[byte]) return undefined;
      const hasPrefix = bytes[at] === 0x30 && bytes[at + 1] === 0x78;
      if (hasPrefix) at += 2;
      const first = at;
      let value = 0;
      for (let digit = hexDigit(bytes[at]!); digit >= 0; digit = hexDigit(bytes[++at]!))
        value = value * 16 + digit;
      // More than 13 digits may be rounded; none is something else.
      if (at === first || at - first > 13) return undefined;
      fields[names[index]!] = value;
      if (index === names.length - 1) return at + 1 === end && bytes[at] === CLOSE ? fields : undefined;
      if (bytes[at] !== COMMA || bytes[at + 1] !== BLANK) return undefined;
      at += 2;
    }
    return undefined;
  }
}
