/**
 * Addresses of kernel code to function names, from the text of /proc/kallsyms (`ADDRESS TYPE NAME [MODULE]`).
 *
 * Kernel addresses lie in the top half of 64 bits, beyond 2^53, so they are kept less their upper 16 bits, which
 * are all ones. The text has some hundred thousand lines: it is read and looked through when the first call trace is
 * looked at, or earlier by `load`, and a name becomes a string when it is asked for.
 */

/** Hexadecimal digits of a `KernelAddress`. */
const DIGITS = 12;

const NEWLINE = 0x0a;
const TAB = 0x09;
const BLANK = 0x20;
/** `t` and `T` are code, `w` and `W` weak symbols of code: other symbols between functions would take their addresses. */
const CODE = new Set(Buffer.from('tTwW'));

/** The lower 48 bits of a kernel address, as a number. */
export type KernelAddress = number;

interface SymbolTable {
  /** In order, each once. */
  readonly starts: Float64Array;
  /** Where each one's name begins in the text. */
  readonly names: Uint32Array;
}

export class KernelSymbols {
  #bytes: Buffer | null = null;
  #table: SymbolTable | null = null;

  readonly #read: () => string | Buffer;

  /** @param read gives the text of kallsyms; '' where it may not be read (addresses then stay hex) */
  constructor(read: () => string | Buffer) {
    this.#read = read;
  }

  /** Takes the text, and looks through it, before it is needed: later it would hold up who waits for an event. */
  load(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#table = tableOf(bytes);
  }

  /** The text of kallsyms. */
  text(): string {
    return this.#text().toString('latin1');
  }

  #text(): Buffer {
    if (this.#bytes === null) {
      const read = this.#read();
      this.#bytes = typeof read === 'string' ? Buffer.from(read, 'latin1') : read;
    }
    return this.#bytes;
  }

  /** The function that holds the address, or null. */
  nameOf(address: KernelAddress): string | null {
    const { starts, names } = (this.#table ??= tableOf(this.#text()));
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? null : nameAt(this.#text(), names[low - 1]!);
  }
}

function nameAt(text: Buffer, start: number): string {
  let end = start;
  while (end < text.length && text[end] !== NEWLINE && text[end] !== TAB) end++;
  return text.toString('latin1', start, end);
}

/** Its value as a hexadecimal digit; 16 for any other byte. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : 16;
}

function tableOf(text: Buffer): SymbolTable {
  const starts: number[] = [];
  const names: number[] = [];
  for (let line = 0; line < text.length;) {
    const blank = addressEnd(text, line);
    const start = blank < 0 ? 0 : addressBefore(text, line, blank);
    const name = blank + 3;
    // Zero is what unprivileged readers get to see.
    if (start > 0 && CODE.has(text[blank + 1]!) && text[blank + 2] === BLANK && isInLine(text, name)) {
      starts.push(start);
      names.push(name);
    }
    const newline = text.indexOf(NEWLINE, Math.max(line, blank));
    line = newline < 0 ? text.length : newline + 1;
  }
  return inOrder(starts, names);
}

/** The blank after the digits that the line begins with; -1 where there is none. */
function addressEnd(text: Buffer, line: number): number {
  let at = line;
  while (hexDigit(text[at] ?? NEWLINE) < 16) at++;
  return at > line && text[at] === BLANK ? at : -1;
}

function addressBefore(text: Buffer, line: number, blank: number): KernelAddress {
  let address = 0;
  for (let at = Math.max(line, blank - DIGITS); at < blank; at++)
    address = address * 16 + hexDigit(text[at]!);
  return address;
}

function isInLine(text: Buffer, at: number): boolean {
  return at < text.length && text[at] !== NEWLINE && text[at] !== TAB;
}

/** Of several names for one place the kernel prints the first (kernel/kallsyms.c, get_symbol_pos). */
function inOrder(starts: readonly number[], names: readonly number[]): SymbolTable {
  const order = starts.map((_, index) => index);
  // Modules come after the kernel, and may be anywhere. An array's sort is quick where runs are in order already.
  order.sort((a, b) => starts[a]! - starts[b]! || a - b);
  const kept = order.filter((index, i) => i === 0 || starts[index] !== starts[order[i - 1]!]);
  return {
    starts: Float64Array.from(kept, (index) => starts[index]!),
    names: Uint32Array.from(kept, (index) => names[index]!),
  };
}
