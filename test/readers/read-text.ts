import fs from 'node:fs';
import path from 'node:path';
import { EventList } from '../../src/event-list';
import { TextReader } from '../../src/readers/text/text-reader';

export const FIXTURES = path.join(process.cwd(), 'test/fixtures');

export function fixture(name: string): Buffer {
  return fs.readFileSync(path.join(FIXTURES, name));
}

/** All that a text says, read in pieces of `pieceBytes`. */
export function readText(text: Uint8Array | string, pieceBytes = Infinity): EventList {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const reader = new TextReader();
  const batches = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    batches.push(reader.push(bytes.subarray(at, Math.min(bytes.length, at + pieceBytes))));
  }
  batches.push(reader.end());
  return new EventList(
    batches.flatMap((batch) => batch.toArray()),
    batches.flatMap((batch) => batch.lost),
    batches.flatMap((batch) => batch.damage),
    batches.flatMap((batch) => batch.notes),
  );
}

/** More of the recordings of a kernel, and all its `format` files: a `.tar.gz` (test/fixtures/ORIGIN.md). */
export function recordingsOf(kernel: string, what: 'traces' | 'formats'): string {
  return path.join(FIXTURES, 'kernel-recordings', kernel, `${what}.tar.gz`);
}

/** The traces of stock kernels, as `kernels/6.1/recipe.txt`. */
export function kernelTraces(): string[] {
  return ['6.1', '6.12', '7.3'].flatMap((kernel) =>
    fs
      .readdirSync(path.join(FIXTURES, 'kernels', kernel))
      .filter((name) => name.endsWith('.txt'))
      .map((name) => `kernels/${kernel}/${name}`),
  );
}
