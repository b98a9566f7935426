/**
 * The file-backed mappings of one address space, as an interval map: a later mapping cuts what it covers out of
 * the earlier ones, as MAP_FIXED does (mm/mmap.c). Anonymous memory is not kept, it only cuts.
 *
 * The dynamic linker maps a library once as a whole, which reserves its place, and then its segments over it
 * with MAP_FIXED; all these are one `Load`, whose base is the first mapping's address.
 */
import type { Library } from './report';
import type { OpenFile } from './open-files';

const PAGE = 4096;

/** One file brought into memory by one mmap without MAP_FIXED, and what was mapped over it from the same file. */
export interface Load {
  readonly file: OpenFile;
  base: number;
  end: number;
  readonly offset: number;
  readonly ts: number;
  /** When its last piece was unmapped; null while there is one. */
  unmapped: number | null;
  /** The report's line, once it proves to be a library. */
  library: Library | null;
  /** Mapped by the process that this one was forked from: that one's report has it. */
  readonly inherited: boolean;
  pieces: number;
}

interface Mapping {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
  readonly load: Load;
}

export class AddressSpace {
  /** In the order of their addresses, never overlapping. */
  #mappings: Mapping[] = [];

  get size(): number {
    return this.#mappings.length;
  }

  /** Maps a piece of `load` there; whatever was there before is gone. `length` in bytes, rounded up to pages. */
  map(start: number, length: number, offset: number, load: Load, ts: number): void {
    const end = pageEnd(start, length);
    // Counted before the cut: the piece that replaces the last one keeps the load alive.
    load.pieces++;
    load.unmapped = null;
    this.#cut(start, end, ts);
    this.#mappings.splice(this.#firstEndingAfter(start), 0, { start, end, offset, load });
  }

  unmap(start: number, length: number, ts: number): void {
    this.#cut(start, pageEnd(start, length), ts);
  }

  /** mremap: what lay at the old place lies at the new one. */
  move(from: number, oldLength: number, to: number, newLength: number, ts: number): void {
    const moved = this.at(from);
    const load = moved?.load;
    if (load) load.pieces++;
    this.unmap(from, oldLength, ts);
    this.unmap(to, newLength, ts);
    if (!moved || !load) return;
    load.pieces--;
    if (load.base === from) {
      load.base = to;
      load.end = pageEnd(to, newLength);
      if (load.library) {
        load.library.base = load.base;
        load.library.end = load.end;
      }
    }
    this.map(to, newLength, moved.offset + (from - moved.start), load, ts);
  }

  at(address: number): Mapping | null {
    const mapping = this.#mappings[this.#firstEndingAfter(address)];
    return mapping && mapping.start <= address ? mapping : null;
  }

  /** The loads with a piece in the range. */
  loadsWithin(start: number, length: number): Set<Load> {
    const end = pageEnd(start, length);
    const loads = new Set<Load>();
    for (let at = this.#firstEndingAfter(start); at < this.#mappings.length; at++) {
      const mapping = this.#mappings[at]!;
      if (mapping.start >= end) break;
      loads.add(mapping.load);
    }
    return loads;
  }

  /** The load of `file` that this address was reserved by. */
  loadAround(address: number, file: OpenFile): Load | null {
    for (const { load } of this.#mappings) {
      if (load.file === file && load.base <= address && address < load.end) return load;
    }
    return null;
  }

  /** What a forked child starts with. */
  copy(): AddressSpace {
    const copies = new Map<Load, Load>();
    const child = new AddressSpace();
    child.#mappings = this.#mappings.map((mapping) => {
      let load = copies.get(mapping.load);
      if (!load) {
        load = { ...mapping.load, library: null, inherited: true };
        copies.set(mapping.load, load);
      }
      return { ...mapping, load };
    });
    return child;
  }

  /** The end of the whole space: exec, or the process's death. */
  clear(ts: number): void {
    for (const { load } of this.#mappings) load.unmapped ??= ts;
    this.#mappings = [];
  }

  #firstEndingAfter(address: number): number {
    let low = 0;
    let high = this.#mappings.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#mappings[middle]!.end <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #cut(start: number, end: number, ts: number): void {
    const first = this.#firstEndingAfter(start);
    let after = first;
    const left: Mapping[] = [];
    while (after < this.#mappings.length && this.#mappings[after]!.start < end) {
      const mapping = this.#mappings[after++]!;
      const { load } = mapping;
      load.pieces--;
      if (mapping.start < start) left.push({ ...mapping, end: start });
      if (mapping.end > end)
        left.push({ ...mapping, start: end, offset: mapping.offset + (end - mapping.start) });
    }
    if (after === first) return;
    const cut = this.#mappings.splice(first, after - first, ...left);
    for (const { load } of left) load.pieces++;
    for (const { load } of cut) if (load.pieces === 0) load.unmapped = ts;
  }
}

/** Lengths are rounded up to pages of 4 KiB; larger pages (arm64) round further, which changes no base. */
export function pageEnd(start: number, length: number): number {
  return start + Math.ceil(length / PAGE) * PAGE;
}
