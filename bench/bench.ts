/**
 * `npm run bench`: our command beside the tools that do the same job, in one run on one machine, as ratios. It
 * makes its own inputs, and says which tools were not there. Nothing here decides whether a build passes.
 *
 * `npm run bench -- live text` runs only the sections that are named.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import path from 'node:path';
import { alertRows } from './alerts';
import { growthRows } from './growth';
import { latencyRows } from './latency';
import { liveRows } from './live';
import { nodeRedRows } from './node-red';
import { ruleRows } from './rules';
import { spawnRows } from './spawns';
import { formatGrowth, formatTable } from './table';
import { textRows } from './text';
import { traceDatRows } from './trace-dat';
import { watchedDeathRows, watchedSpawnRows, watchRows } from './watch';

interface Section {
  readonly name: string;
  readonly title: string;
  readonly measure: (folder: string) => Promise<string>;
}

const SECTIONS: readonly Section[] = [
  {
    name: 'live',
    title: 'One process, 1,000,000 system calls flat out, all of them traced',
    measure: async (folder) => formatTable(await liveRows(folder)),
  },
  {
    name: 'node-red',
    title: 'The same inside Node-RED, through four nodes',
    measure: (folder) => Promise.resolve(formatTable(nodeRedRows(folder))),
  },
  {
    name: 'latency',
    title: 'From an event to its batch, all system calls of a process that sleeps between them',
    measure: async () => formatTable(await latencyRows()),
  },
  {
    name: 'spawns',
    title: '3,000 programs outside the traced tree, beside a session; the best of 3 runs',
    measure: async () => formatTable(await spawnRows()),
  },
  {
    name: 'watch',
    title: 'CPU time while nothing is asked of it, over 60 s',
    measure: async () => formatTable(await watchRows()),
  },
  {
    name: 'watch',
    title: '3,000 programs with the whole machine watched; the best of 3 runs',
    measure: async () => formatTable(await watchedSpawnRows()),
  },
  {
    name: 'watch',
    title: 'From kill(2) to the record, the whole machine watched',
    measure: async () => formatTable(await watchedDeathRows()),
  },
  {
    name: 'alerts',
    title: 'From a signal to its alert, in Node-RED, all system calls of a busy process beside it',
    measure: (folder) => Promise.resolve(formatTable(alertRows(folder))),
  },
  {
    name: 'trace.dat',
    title: 'A trace.dat of over 2 million events',
    measure: async (folder) => formatTable(await traceDatRows(folder)),
  },
  {
    name: 'text',
    title: 'A text trace of 100 MB',
    measure: async (folder) => formatTable(await textRows(folder)),
  },
  {
    name: 'rules',
    title: 'Judging 100,000 signals by 100 rules, the best of 7 runs',
    measure: () => Promise.resolve(formatTable(ruleRows())),
  },
  {
    name: 'growth',
    title: 'As the trace grows',
    measure: async (folder) => formatGrowth(await growthRows(folder)),
  },
];

async function main(wanted: readonly string[]): Promise<void> {
  const machine = cpus();
  const load = loadavg()[0]?.toFixed(1) ?? '?';
  process.stdout.write(
    `Linux ${release()}, ${machine.length} CPUs (${machine[0]?.model ?? 'unknown'}), Node ${process.version}, load ${load} before\n\n`,
  );
  for (const { name, title, measure } of SECTIONS) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const folder = mkdtempSync(path.join(tmpdir(), 'ftrace-life-bench-'));
    try {
      process.stdout.write(`${title}\n${await measure(folder)}\n`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

void main(process.argv.slice(2));
