/** The cost as a trace grows: time for each million events, and memory. */
import { rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { compileCalls } from './calls';
import { COMMAND, isInstalled, run } from './measure';
import type { GrowthRow } from './table';
import { makeTextTrace } from './text';
import { makeTraceDat } from './trace-dat';

/** In MB. */
const SIZES = [10, 100, 1000];
/** About: two events of 28 bytes each. */
const CALLS_A_MEGABYTE = 18_500;

async function measure(file: string, reads: string): Promise<GrowthRow> {
  const megabytes = statSync(file).size / 1e6;
  const command = reads === 'report' ? ['report', file] : ['events', file, '--format', 'count'];
  const done = await run([...COMMAND, ...command]);
  const events = reads === 'report' ? null : (JSON.parse(done.stdout) as { events: number }).events;
  return {
    what: `${path.basename(file)}, ${reads}`,
    megabytes,
    events,
    seconds: done.seconds,
    memory: done.megabytes,
  };
}

/** Text and trace.dat of 10 MB, 100 MB and 1 GB, counted and reported. */
export async function growthRows(folder: string): Promise<GrowthRow[]> {
  const rows: GrowthRow[] = [];
  const kinds: [string, (file: string, megabytes: number) => void | Promise<void>][] = [
    ['txt', makeTextTrace],
  ];
  if (isInstalled('gcc')) {
    const program = compileCalls(folder);
    kinds.push(['dat', (file, megabytes) => makeTraceDat(file, program, megabytes * CALLS_A_MEGABYTE)]);
  }
  for (const [extension, make] of kinds) {
    for (const reads of ['events', 'report']) {
      for (const size of SIZES) {
        const file = path.join(folder, `${size}MB.${extension}`);
        await make(file, size);
        rows.push(await measure(file, reads));
        rmSync(file);
      }
    }
  }
  return rows;
}
