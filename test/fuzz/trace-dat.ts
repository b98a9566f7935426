import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openTraceFile } from '../../src/readers/trace-file';
import { TraceError } from '../../src/trace-error';
import { composeDat, partsOf } from '../readers/compose-dat';
import { FIXTURES } from '../readers/read-text';
import { checkBatch, type FuzzTarget } from './fuzz-target';

/** As a file, because that is how it is read; on every system /dev/shm is memory, where there is one. */
const FOLDER = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();

async function read(input: Buffer): Promise<void> {
  const file = path.join(FOLDER, `ftrace-life-fuzz-${process.pid}.dat`);
  fs.writeFileSync(file, input);
  try {
    const { batches } = await openTraceFile(file);
    // Of compressed pages the place is counted as if they were not.
    for await (const batch of batches) checkBatch(batch, Number.MAX_SAFE_INTEGER);
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
  } finally {
    fs.rmSync(file);
  }
}

/** Short ones: some formats, two pages of a CPU. */
function shortDat(version: 6 | 7, compressor: 'none' | 'zlib'): Buffer {
  const parts = partsOf('6.12', version);
  const buffers = parts.buffers.map((buffer) => ({
    ...buffer,
    cpus: buffer.cpus.map((cpu) => ({ ...cpu, pages: cpu.pages.slice(0, 2) })),
  }));
  return composeDat({ ...parts, compressor, formats: parts.formats.slice(-8), buffers });
}

export const TRACE_DATS: FuzzTarget = {
  name: 'trace-dat',
  good: () => [
    shortDat(6, 'none'),
    shortDat(7, 'none'),
    shortDat(7, 'zlib'),
    gunzipSync(fs.readFileSync(path.join(FIXTURES, 'trace-dat/v7-zstd-instances.dat.gz'))),
  ],
  read,
};
