/** Traces that raise one alert each: the recorded life of the examples, moved in time, so that no two are the same. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../harness/temporary-folder';

const RECORDED = path.join(process.cwd(), 'examples/life-of-a-process.trace.txt');

/** A line of an event: `  bash-173  [001] .....    37.224859: ...`. */
const TIME = /^(.{16,40}\[\d{3}\]\s+\S+\s+)(\d+)(\.\d+:)/;

/** The same life, so many seconds later. @returns the trace's path */
export function recordedLater(seconds: number): string {
  const lines = readFileSync(RECORDED, 'utf8').split('\n');
  const moved = lines.map((line) =>
    line.replace(TIME, (_all, before: string, whole: string, rest: string) => {
      return `${before}${Number(whole) + seconds}${rest}`;
    }),
  );
  const file = path.join(temporaryFolder('recorded'), `later-${seconds}.trace.txt`);
  writeFileSync(file, moved.join('\n'));
  return file;
}
