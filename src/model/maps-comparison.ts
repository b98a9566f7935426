/**
 * Compares what the mmap events say with /proc/PID/maps, read while the process lived: each library must lie there
 * at its base, if it was mapped before the snapshot and not unmapped before it. The snapshot also names what no
 * call of the process shows: the dynamic linker, which the kernel maps, and the program.
 */
import type { MapsEntry, TraceNote } from '../trace-event';
import type { Load } from './mappings';
import type { Process } from './process';
import type { ProcessTable } from './process-table';
import type { StageLog } from './stage-log';

type MapsNote = Extract<TraceNote, { kind: 'maps' }>;

/** Notes that came before the process's own events are kept this long. */
const MAX_EARLY = 1_000;

/** glibc's and musl's dynamic linkers. */
const INTERPRETER = /\/ld(?:-linux[^/]*|-musl[^/]*|64|-\d[^/]*)?\.so(?:\.\d+)*$|\/ld-musl-[^/]+$/;

/** What the `maps` stage tells. */
export interface MapsComparison {
  readonly ts: number;
  readonly compared: number;
  readonly confirmed: number;
}

export class MapsComparisons {
  #notYet: MapsNote[] = [];
  /** The time of the next snapshot to compare: Infinity where none waits for its time. */
  due = Infinity;

  readonly #table: ProcessTable;
  readonly #stages: StageLog;

  constructor(table: ProcessTable, stages: StageLog) {
    this.#table = table;
    this.#stages = stages;
  }

  /** A snapshot may come before the events that explain it: it is compared once they are there. */
  applyNote(note: MapsNote): void {
    // A zombie's maps are empty: that says nothing about what it had mapped.
    if (note.maps.length === 0 || this.#notYet.length >= MAX_EARLY) return;
    this.#notYet.push(note);
    this.due = Math.min(this.due, note.ts);
  }

  /** @param now everything before this has been followed; Infinity at the end of the trace */
  compare(now: number): void {
    this.due = Infinity;
    if (this.#notYet.length === 0) return;
    this.#notYet = this.#notYet.filter((note) => {
      if (note.ts >= now && now !== Infinity) {
        this.due = Math.min(this.due, note.ts);
        return true;
      }
      const process = this.#owner(note);
      if (process) this.#compareOne(process, note, now);
      return !process && now !== Infinity;
    });
  }

  #owner(note: MapsNote): Process | null {
    const living = this.#table.find(note.pid)?.process;
    if (living && living.start <= note.ts) return living;
    return (
      this.#table.processes.findLast(({ record, start }) => record.pid === note.pid && start <= note.ts) ??
      null
    );
  }

  #compareOne(process: Process, note: MapsNote, now: number): void {
    // A dead process's maps are empty: a snapshot dated later was taken before, or is of another process.
    const died = process.ending.dead;
    const ts = died !== null && note.ts > died ? died : note.ts;
    let compared = 0;
    let confirmed = 0;
    for (const load of process.loads) {
      const { library } = load;
      if (!library || load.ts > ts || (load.unmapped !== null && load.unmapped < ts)) continue;
      compared++;
      const entry = entryOf(load, note.maps);
      library.inMaps = entry !== null;
      if (!entry) continue;
      confirmed++;
      if (library.path !== entry.path) {
        library.opened ??= library.path;
        library.path = entry.path;
        library.nameSource = 'maps';
      }
      if (load.file.path === null && load.file.listed) {
        load.file.path = entry.path;
        load.file.listed.path = entry.path;
        load.file.listed.nameSource = 'maps';
      }
    }
    this.#nameProgram(process, ts, note.maps);
    this.#listInterpreter(process, ts, note.maps);
    // A snapshot without a time of its own is placed where the process was seen last.
    const at = Math.min(ts, now === Infinity ? process.lastSeen : now);
    const detail: MapsComparison = { ts: at, compared, confirmed };
    const text = `/proc/${note.pid}/maps shows ${confirmed} of ${compared} libraries of ${process.title} where the trace has them`;
    this.#stages.add('maps', at, process, text, detail);
  }

  #listInterpreter(process: Process, ts: number, maps: readonly MapsEntry[]): void {
    const { libraries } = process.record;
    const entries = maps.filter((entry) => INTERPRETER.test(entry.path));
    const path = entries[0]?.path;
    if (path === undefined || libraries.some((library) => library.path === path && library.inMaps === true))
      return;
    const own = entries.filter((entry) => entry.path === path);
    const exec = process.record.execs.findLast(({ error, ts: at }) => error === null && at <= ts);
    libraries.push({
      path,
      opened: null,
      ts: exec?.ts ?? process.start,
      base: Math.min(...own.map((entry) => entry.start)),
      end: Math.max(...own.map((entry) => entry.end)),
      nameSource: 'maps',
      inMaps: true,
    });
  }

  /** The program is the first file in memory that no call of the process mapped. */
  #nameProgram(process: Process, ts: number, maps: readonly MapsEntry[]): void {
    const exec = process.record.execs.findLast(({ error, ts: at }) => error === null && at <= ts);
    if (!exec || exec.path !== null) return;
    const program = maps.find(
      (entry) =>
        entry.path.startsWith('/') &&
        entry.perms[2] === 'x' &&
        !INTERPRETER.test(entry.path) &&
        !process.loads.some((load) => load.base <= entry.start && entry.start < load.end),
    );
    if (!program) return;
    exec.path = program.path;
    exec.nameSource = 'maps';
  }
}

/** The line where the library's first piece lies. */
function entryOf(load: Load, maps: readonly MapsEntry[]): MapsEntry | null {
  const there = maps.find((entry) => entry.start <= load.base && load.base < entry.end);
  if (!there?.path.startsWith('/')) return null;
  return there.offset + (load.base - there.start) === load.offset ? there : null;
}
