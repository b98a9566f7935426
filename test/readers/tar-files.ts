import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const BLOCK = 512;

function textAt(block: Buffer, at: number, length: number): string {
  return block.toString('latin1', at, at + length).replace(/\0.*/s, '');
}

/** The files of a `.tar.gz` whose path is wanted, without unpacking it anywhere. Format: ustar, and GNU's long names. */
export function tarFiles(archive: string, isWanted: (path: string) => boolean): Map<string, Buffer> {
  const tar = gunzipSync(readFileSync(archive));
  const files = new Map<string, Buffer>();
  let longName: string | null = null;
  for (let at = 0; at + BLOCK <= tar.length;) {
    const header = tar.subarray(at, at + BLOCK);
    if (header[0] === 0) break;
    const size = Number.parseInt(textAt(header, 124, 12), 8);
    const content = tar.subarray(at + BLOCK, at + BLOCK + size);
    const kind = textAt(header, 156, 1);
    if (kind === 'L') {
      longName = textAt(content, 0, size);
    } else {
      const prefix = textAt(header, 257, 5) === 'ustar' ? textAt(header, 345, 155) : '';
      const path = longName ?? (prefix === '' ? '' : `${prefix}/`) + textAt(header, 0, 100);
      longName = null;
      if ((kind === '0' || kind === '') && isWanted(path)) files.set(path, content);
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
