/**
 * How this kernel lays out a sub-buffer page: `events/header_page`.
 *
 * Source: `ring_buffer_print_page_header()` in kernel/trace/ring_buffer.c. `commit` is a `long` of the traced
 * kernel (4 bytes on 32-bit), and a page is as long as its data ends.
 */

export interface PageLayout {
  readonly commitOffset: number;
  readonly commitBytes: 4 | 8;
  readonly dataOffset: number;
  /** The whole sub-buffer: what one read of trace_pipe_raw returns. */
  readonly pageBytes: number;
  readonly littleEndian: boolean;
}

export const X86_64_LAYOUT: PageLayout = {
  commitOffset: 8,
  commitBytes: 8,
  dataOffset: 16,
  pageBytes: 4096,
  littleEndian: true,
};

/** A commit counts 27 bits of data; the header before it is some words. */
const LARGEST_DATA = 1 << 27;
const LARGEST_HEADER = 4096;

/** Null where `commit` or `data` is missing or of an impossible size or place. */
export function parseHeaderPage(text: string, littleEndian: boolean): PageLayout | null {
  const place = (name: string): { offset: number; size: number } | null => {
    const found = new RegExp(`\\b${name};\\s*offset:(\\d+);\\s*size:(\\d+);`).exec(text);
    return found === null ? null : { offset: Number(found[1]), size: Number(found[2]) };
  };
  const commit = place('commit');
  const data = place('data');
  if (commit === null || data === null || (commit.size !== 4 && commit.size !== 8)) return null;
  // The time stamp is a u64 at 0, and the commit is between it and the data.
  if (commit.offset < 8 || data.offset < commit.offset + commit.size) return null;
  // Records are words.
  if (data.offset % 4 !== 0 || data.offset > LARGEST_HEADER || data.size > LARGEST_DATA) return null;
  return {
    commitOffset: commit.offset,
    commitBytes: commit.size,
    dataOffset: data.offset,
    pageBytes: data.offset + data.size,
    littleEndian,
  };
}
