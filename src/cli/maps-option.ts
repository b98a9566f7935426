/** `report --maps FILE`: a copy of /proc/PID/maps that somebody saved while the process lived. */
import { readFileSync } from 'node:fs';
import { parseMaps, type Report } from '../index';
import { errnoOf, TraceError } from '../trace-error';
import type { MapsEntry, TraceNote } from '../trace-event';

/** @throws TraceError TRACE_MISSING, TRACE_FORMAT */
export function readMapsFile(file: string): MapsEntry[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new TraceError('TRACE_MISSING', `${file}: ${errnoOf(error)}`, { cause: error });
  }
  const maps = parseMaps(text);
  if (maps.length === 0) throw new TraceError('TRACE_FORMAT', `${file} has no line of /proc/PID/maps`);
  return maps;
}

/**
 * Whose maps they are: the process with the most mappings at the same addresses.
 * @returns the note for the model, as of the end of that process's life; null where no process matches
 */
export function mapsNote(maps: readonly MapsEntry[], report: Report): TraceNote | null {
  const starts = new Set(maps.map((entry) => entry.start));
  const common = report.processes.map(
    (process) => process.libraries.filter((library) => starts.has(library.base)).length,
  );
  const best = common.indexOf(Math.max(0, ...common));
  const owner = report.processes[best];
  if (owner === undefined || common[best] === 0) return null;
  return { kind: 'maps', pid: owner.pid, ts: owner.exit?.ts ?? report.trace.end ?? 0, maps };
}
