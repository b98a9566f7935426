/** Reading a text trace: we, and what only splits its fields or counts its lines. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { COMMAND, timed, timedIfInstalled } from './measure';
import type { Row } from './table';

const MEGABYTES = 100;
const SAMPLE = path.join(__dirname, '../../test/fixtures/kernels/6.12/recipe.txt');

/** A trace of system calls, repeated; the same times come again, which no reader minds. */
function makeTrace(file: string): void {
  const sample = readFileSync(SAMPLE);
  const fd = openSync(file, 'w');
  for (let bytes = 0; bytes < MEGABYTES * 1e6; bytes += sample.length) writeSync(fd, sample);
  closeSync(fd);
}

export function textRows(): Row[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'ftrace-life-bench-'));
  try {
    const trace = path.join(folder, 'trace.txt');
    makeTrace(trace);
    return [
      timed('ftrace-life events --format count', [...COMMAND, 'events', trace, '--format', 'count'], (done) =>
        done.stdout.trim(),
      ),
      timed('ftrace-life report', [...COMMAND, 'report', trace], () => 'the whole story'),
      timedIfInstalled(
        'mawk, fields split',
        ['mawk', '{ n += NF } END { print NR " lines" }', trace],
        (done) => done.stdout.trim(),
      ),
      timedIfInstalled('wc -l', ['wc', '-l', trace], (done) => `${done.stdout.split(' ')[0] ?? ''} lines`),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
