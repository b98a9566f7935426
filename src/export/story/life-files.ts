/** Which libraries a process loads, and which files it opens. */
import type { Library, OpenedFile, ProcessRecord } from '../../model/report';
import { groupBy } from '../group-by';
import { KEEP } from '../printable';
import { listed, pathOf, source, type StoryEntry } from './entry';

const MAX_LIBRARIES = 16;
const MAX_FILE_ENTRIES = 6;

export function libraryEntries(process: ProcessRecord): StoryEntry[] {
  const odd = process.libraries.filter((library) => library.inMaps === false);
  const shown = new Set([...process.libraries.slice(0, MAX_LIBRARIES), ...odd]);
  const width = Math.min(44, Math.max(0, ...[...shown].map((library) => pathOf(library.path).length)));
  const entries = [...shown].map((library): StoryEntry => {
    const base = library.base.toString(16);
    const opened =
      library.opened === null || library.opened === library.path
        ? ''
        : `  opened${KEEP}as${KEEP}${pathOf(library.opened)}`;
    const text = `${pathOf(library.path).padEnd(width)}  ${base}  ${confirmation(library)}${source([library])}${opened}`;
    return { ts: library.ts, what: 'library', text, tone: 'plain' };
  });
  const rest = process.libraries.filter((library) => !shown.has(library));
  if (rest.length > 0) {
    const confirmed = rest.filter((library) => library.inMaps).length;
    const text = `and ${rest.length} more, ${confirmed} of them in maps`;
    entries.push({ ts: rest[0]!.ts, what: 'library', text, tone: 'quiet' });
  }
  return entries;
}

function confirmation({ inMaps }: Library): string {
  if (inMaps === null) return 'maps not read';
  return inMaps ? 'in maps' : 'NOT in maps';
}

export function fileEntries(process: ProcessRecord): StoryEntry[] {
  const loaded = new Set(process.libraries.flatMap((library) => [library.opened, library.path]));
  const opened = process.files.filter((file) => file.error !== null || !loaded.has(file.path));
  // Files between two other moments belong together: what the loader read, what the program read before a fork.
  const borders = [
    ...process.libraries.map((library) => library.ts),
    ...process.execs.map((exec) => exec.ts),
    ...(process.exit ? [process.exit.ts] : []),
  ].sort((a, b) => a - b);
  const runs: OpenedFile[][] = [];
  let border = -1;
  for (const file of opened) {
    const after = borders.findLastIndex((ts) => ts <= file.ts);
    if (runs.length === 0 || (after !== border && runs.length < MAX_FILE_ENTRIES)) runs.push([]);
    runs.at(-1)!.push(file);
    border = after;
  }
  return runs.map((run) => ({ ts: run[0]!.ts, what: 'files', text: fileList(run), tone: 'quiet' }));
}

function fileList(run: readonly OpenedFile[]): string {
  const parts: string[] = [];
  const good = run.filter((file) => file.error === null);
  if (good.length > 0) parts.push(`${listed(good.map((file) => pathOf(file.path)))}${source(good)}`);
  const byError = groupBy(
    run.filter((file) => file.error !== null),
    (file) => file.error,
  );
  for (const [error, failed] of byError) {
    parts.push(`${error}: ${listed(failed.map((file) => pathOf(file.path)))}`);
  }
  return parts.join('; ');
}
