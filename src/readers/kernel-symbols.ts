/**
 * Addresses of kernel code to function names, from the text of /proc/kallsyms (`ADDRESS TYPE NAME [MODULE]`).
 *
 * Kernel addresses lie in the top half of 64 bits, beyond 2^53, so they are kept less their upper 16 bits, which
 * are all ones. The text has some hundred thousand lines and is parsed when the first call trace is looked at.
 */

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
      // Only code: other symbols between functions would take their addresses. All-zero addresses are hidden.
      const type = line.charAt(17);
      if (
        (type !== 't' && type !== 'T' && type !== 'w' && type !== 'W') ||
        line.startsWith('0000000000000000')
      )
        continue;
      const tab = line.indexOf('\t');
      symbols.push({
        start: parseInt(line.slice(4, 16), 16),
        name: line.slice(19, tab < 0 ? undefined : tab),
      });
    }
    symbols.sort((a, b) => a.start - b.start);
    this.#names = symbols.map((symbol) => symbol.name);
    return Float64Array.from(symbols, (symbol) => symbol.start);
  }
}
