/**
 * `npm run bench`: our command beside the tools that do the same job, in one run on one machine, as ratios. It
 * makes its own inputs, and says which tools were not there. Nothing here decides whether a build passes.
 */
import { cpus, release } from 'node:os';
import { liveRows } from './live';
import { textRows } from './text';
import { formatTable, type Row } from './table';

function main(): void {
  const machine = cpus();
  process.stdout.write(
    `Linux ${release()}, ${machine.length} CPUs (${machine[0]?.model ?? 'unknown'}), Node ${process.version}\n\n`,
  );
  const sections: [string, () => Row[]][] = [
    ['One process, 1,000,000 system calls flat out, all of them traced', liveRows],
    ['A text trace of 100 MB, to typed events', textRows],
  ];
  for (const [title, measure] of sections) process.stdout.write(`${title}\n${formatTable(measure())}\n`);
}

main();
