/** Reading a text trace: we, and what only splits its fields or counts its lines. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { COMMAND, timed, timedIfInstalled } from './measure';
import type { Row } from './table';

const SAMPLE = path.join(__dirname, '../../test/fixtures/kernels/6.12/recipe.txt');

/** A trace of system calls, repeated; the same times come again, which no reader minds. */
export function makeTextTrace(file: string, megabytes: number): void {
  const sample = readFileSync(SAMPLE);
  const times = Math.max(1, Math.floor(1e6 / sample.length));
  const block = Buffer.concat(new Array<Buffer>(times).fill(sample));
  const fd = openSync(file, 'w');
  for (let bytes = 0; bytes < megabytes * 1e6; bytes += block.length) writeSync(fd, block);
  closeSync(fd);
}

export async function textRows(folder: string): Promise<Row[]> {
  const trace = path.join(folder, 'trace.txt');
  makeTextTrace(trace, 100);
  return [
    await timed(
      'ftrace-life events --format count',
      [...COMMAND, 'events', trace, '--format', 'count'],
      (done) => done.stdout.trim(),
    ),
    await timed('ftrace-life report', [...COMMAND, 'report', trace], () => 'the whole story'),
    await timedIfInstalled(
      'mawk, fields split',
      ['mawk', '{ n += NF } END { print NR " lines" }', trace],
      (done) => done.stdout.trim(),
    ),
    await timedIfInstalled(
      'wc -l',
      ['wc', '-l', trace],
      (done) => `${done.stdout.split(' ')[0] ?? ''} lines`,
    ),
  ];
}
