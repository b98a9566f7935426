/**
 * A section of a trace.dat v7: a header, and a body that may be compressed.
 *
 * Format: trace-cmd.dat.v7(5), "Format of the section header" and "Compression format of the file sections".
 */
import { ByteCursor } from './byte-cursor';
import type { Decompress } from './compression';
import { MemoryBytes, type DatBytes } from './dat-bytes';

const COMPRESSED = 1;

export interface SectionHeader {
  readonly id: number;
  readonly isCompressed: boolean;
  /** Where the body begins, in bytes from the start of the file. */
  readonly bodyAt: number;
  readonly bodyBytes: number;
}

/** Null where the file ends before. */
export function readSectionHeader(bytes: DatBytes, littleEndian: boolean, at: number): SectionHeader | null {
  const cursor = new ByteCursor(bytes, littleEndian, at);
  const id = cursor.u16();
  const flags = cursor.u16();
  // What the section is for, in words.
  cursor.skip(4);
  const bodyBytes = cursor.u64();
  if (cursor.isCut()) return null;
  return { id, isCompressed: (flags & COMPRESSED) !== 0, bodyAt: cursor.at, bodyBytes };
}

/** The body, decompressed; null where that fails. */
export function openSection(
  bytes: DatBytes,
  littleEndian: boolean,
  section: SectionHeader,
  decompress: Decompress,
): ByteCursor | null {
  const body = new ByteCursor(
    bytes,
    littleEndian,
    section.bodyAt,
    Math.min(section.bodyAt + section.bodyBytes, bytes.size),
  );
  if (!section.isCompressed) return body;
  const size = body.u32();
  const statedBytes = body.u32();
  if (body.isCut() || size > body.left) return null;
  const content = decompress(bytes.read(body.at, size), statedBytes);
  return content === null ? null : new ByteCursor(new MemoryBytes(content), littleEndian, 0);
}
