/** Golden traces: captures of guests that the tests replay on every machine, with what the program said of itself. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CaptureReader } from '../../src/readers/capture/capture-reader';
import { Lifecycle } from '../../src/model/lifecycle';
import type { Recording } from '../scenarios/scenario';
import type { Recorded } from './cells';
import { WALK_THROUGH } from './walkthrough';

export const GOLDEN_FOLDER = 'test/fixtures/golden-kernels';

/** What a person with a dead service meets: one recording of each is kept for each kernel. */
export const GOLDEN_IDS: readonly string[] = [
  WALK_THROUGH.id,
  ...['births/vfork', 'births/threads', 'programs/path-search'],
  ...['fatal/kill', 'fatal/outsider', 'fatal/handled-then-exit', 'fatal/term-then-kill'],
  ...['faults/each', 'faults/out-of-memory', 'stops/stop', 'reaping/zombie', 'reaping/left-to-init'],
];

/** `fatal/kill` → `6.12/fatal-kill.capture.gz`. */
function fileOf(folder: string, series: string, id: string, ending: string): string {
  return path.join(folder, series, `${id.replaceAll('/', '-')}.${ending}`);
}

export function writeGolden(folder: string, series: string, id: string, recorded: Recorded): void {
  mkdirSync(path.join(folder, series), { recursive: true });
  const { said, outsider, capture } = recorded;
  writeFileSync(fileOf(folder, series, id, 'capture.gz'), Buffer.from(capture, 'base64'));
  writeFileSync(
    fileOf(folder, series, id, 'said'),
    [JSON.stringify({ outsider }), ...said].map((line) => `${line}\n`).join(''),
  );
}

/** The recording as if it were made now; null where there is none of this kernel. */
export function readGolden(series: string, id: string): Recording | null {
  const capture = fileOf(GOLDEN_FOLDER, series, id, 'capture.gz');
  if (!existsSync(capture)) return null;
  const reader = new CaptureReader();
  const lifecycle = new Lifecycle({ source: 'raw' });
  lifecycle.apply(reader.push(gunzipSync(readFileSync(capture))));
  lifecycle.apply(reader.end());
  const [first, ...lines] = readFileSync(fileOf(GOLDEN_FOLDER, series, id, 'said'), 'utf8')
    .trimEnd()
    .split('\n');
  const { outsider } = JSON.parse(first!) as { outsider: number };
  return { report: lifecycle.finish().report, lines, outsider };
}
