/**
 * Addresses of kernel code to function names, from the text of /proc/kallsyms (`ADDRESS TYPE NAME [MODULE]`).
 *
 * Kernel addresses lie in the top half of 64 bits, beyond 2^53, so they are kept less their upper 16 bits, which
 * are all ones. The text has some hundred thousand lines and is parsed when the first call trace is looked at.
 */

/** Hexadecimal digits of a `KernelAddress`. */
const DIGITS = 12;

/** The lower 48 bits of a kernel address, as a number. */
export type KernelAddress = number;

export class KernelSymbols {
  #starts: Float64Array | null = null;
  #names: string[] = [];

  /** @param readText gives the text of kallsyms; '' where it may not be read (addresses then stay hex) */
  constructor(readonly readText: () => string) {}

  /** The function that holds the address, or null. */
  nameOf(address: KernelAddress): string | null {
    const starts = (this.#starts ??= this.#parse());
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? null : this.#names[low - 1]!;
  }

  #parse(): Float64Array {
    const symbols: { start: number; name: string }[] = [];
    for (const line of this.readText().split('\n')) {
      const space = line.indexOf(' ');
      // Only code: other symbols between functions would take their addresses.
      const type = line.charAt(space + 1);
      if (type !== 't' && type !== 'T' && type !== 'w' && type !== 'W') continue;
      const start = parseInt(line.slice(Math.max(0, space - DIGITS), space), 16);
      // Zero is what unprivileged readers get to see.
      if (!(start > 0)) continue;
      const tab = line.indexOf('\t');
      const name = line.slice(space + 3, tab < 0 ? undefined : tab);
      if (name !== '') symbols.push({ start, name });
    }
    symbols.sort((a, b) => a.start - b.start);
    // Of several names for one place the kernel prints the first (kernel/kallsyms.c, get_symbol_pos).
    const places = symbols.filter((symbol, i) => i === 0 || symbol.start !== symbols[i - 1]!.start);
    this.#names = places.map((symbol) => symbol.name);
    return Float64Array.from(places, (symbol) => symbol.start);
  }
}
