import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { openTraceDat } from '../../src/readers/trace-dat/trace-dat';
import type { Damage, Loss, TraceEvent, TraceNote } from '../../src/trace-event';

export interface ReadDat {
  readonly events: TraceEvent[];
  readonly lost: Loss[];
  readonly damage: Damage[];
  readonly notes: TraceNote[];
}

/** All that a trace.dat gives, decoded. */
export async function readDat(file: string): Promise<ReadDat> {
  const read: ReadDat = { events: [], lost: [], damage: [], notes: [] };
  for await (const batch of openTraceDat(file)) {
    read.events.push(...batch.toArray());
    read.lost.push(...batch.lost);
    read.damage.push(...batch.damage);
    read.notes.push(...batch.notes);
  }
  return read;
}

/** A folder for files that go with the test. It is made when it is first used, so that no test leaves one unused. */
export class DatFolder {
  #folder: string | null = null;

  get folder(): string {
    return (this.#folder ??= fs.mkdtempSync(path.join(os.tmpdir(), 'ftrace-dat-')));
  }

  write(bytes: Uint8Array, name = 'trace.dat'): string {
    const file = path.join(this.folder, name);
    fs.writeFileSync(file, bytes);
    return file;
  }

  unpack(packed: string): string {
    return this.write(zlib.gunzipSync(fs.readFileSync(packed)), path.basename(packed, '.gz'));
  }

  read(bytes: Uint8Array): Promise<ReadDat> {
    return readDat(this.write(bytes));
  }

  remove(): void {
    if (this.#folder !== null) fs.rmSync(this.#folder, { recursive: true });
  }
}
