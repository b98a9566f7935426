/**
 * What /proc said of processes beside the trace: of those that ran before it, when the session attached to them
 * (what they had open and mapped, their working directories), and the arguments of programs, read after their exec was seen.
 *
 * A note is held until everything before its time was followed, and then taken for the truth: what happened while
 * /proc was read comes after it and is followed again, which changes nothing that was right. A session looks twice,
 * before it switches tracing on and after: without the first look a signal that comes at once would have a target that
 * nobody knows, without the second what happens between the looks would be missing.
 */
import type { MapsEntry, Tid, TraceNote } from '../trace-event';
import { looksLikeLibrary } from './memory-calls';
import type { Load } from './mappings';
import type { OpenFile } from './open-files';
import { BEGINS_BEFORE, type Process } from './process';
import { type ProcessTable } from './process-table';
import type { Tree } from './tree';
import type { WallClock } from './wall-clock';

type AttachedNote = Extract<TraceNote, { kind: 'attached' }>;
type ArgumentsNote = Extract<TraceNote, { kind: 'arguments' }>;

/** Notes that wait for their time; a session writes one for each process and one for each exec. */
const MAX_WAITING = 10_000;

export class ProcNotes {
  #waiting: (AttachedNote | ArgumentsNote)[] = [];
  /** The time of the next note to apply: Infinity where none waits. */
  due = Infinity;

  readonly #table: ProcessTable;
  readonly #tree: Tree;
  readonly #clock: WallClock;

  constructor(table: ProcessTable, tree: Tree, clock: WallClock) {
    this.#table = table;
    this.#tree = tree;
    this.#clock = clock;
  }

  applyNote(note: AttachedNote | ArgumentsNote): void {
    if (note.kind === 'attached') this.#tree.expectAttached();
    if (this.#waiting.length >= MAX_WAITING) return;
    this.#waiting.push(note);
    this.due = Math.min(this.due, timeOf(note));
  }

  /** @param now everything before this has been followed; Infinity at the end of the trace */
  apply(now: number): void {
    this.due = Infinity;
    if (this.#waiting.length === 0) return;
    this.#waiting = this.#waiting.filter((note) => {
      if (timeOf(note) >= now && now !== Infinity) {
        this.due = Math.min(this.due, timeOf(note));
        return true;
      }
      if (note.kind === 'attached') this.#attach(note);
      else this.#name(note);
      return false;
    });
  }

  #attach(note: AttachedNote): void {
    const process = this.#processOf(note.pid, note.ts, note.comm);
    // Its end was read before its beginning: a note of another time, or of another process.
    if (process.ending.exitTs !== null || process.ending.settled) return;
    process.note(BEGINS_BEFORE);
    for (const tid of note.threads) {
      if (tid === process.tgid || this.#table.find(tid)?.process === process) continue;
      this.#table.startThread(process, tid, null);
    }
    process.cwd = note.cwd;
    const { record } = process;
    // After an exec that the trace shows, the second look is at another program than the first.
    if (record.attached === null || record.execs.every(({ error }) => error !== null)) {
      process.programBefore = note.exe;
      const ts = record.attached?.ts ?? note.ts;
      record.attached = {
        ts,
        time: this.#clock.timeOf(ts),
        program: note.exe,
        argv: note.argv.length === 0 ? null : [...note.argv],
        cwd: note.cwd,
        parent: note.parent,
        files: note.files.map(({ fd, path }) => ({ fd, path })),
      };
    }
    for (const { fd, path, closeOnExec } of note.files) {
      if (process.files.get(fd)?.path === path) continue;
      process.files.install(fd, { path, nameSource: 'proc', inode: null, listed: null }, closeOnExec);
    }
    seedMemory(process, note.maps, note.exe, note.ts);
    this.#tree.attach(process);
  }

  #processOf(pid: Tid, ts: number, comm: string): Process {
    const known = this.#table.find(pid)?.process;
    return known?.tgid === pid ? known : this.#table.start(pid, ts, null, comm);
  }

  /** The arguments belong to the program that ran when they were read; of two at that time nobody knows whose. */
  #name(note: ArgumentsNote): void {
    const exec = this.#table
      .find(note.pid)
      ?.process.record.execs.findLast(({ ts, error }) => error === null && ts <= note.until);
    if (exec === undefined || exec.ts > note.ts || exec.argv !== null) return;
    exec.argv = [...note.argv];
    exec.argvSource = 'proc';
  }
}

/** When everything that the note may depend on was followed. */
function timeOf(note: AttachedNote | ArgumentsNote): number {
  return note.kind === 'attached' ? note.ts : note.until;
}

/** One load for each file that lies in memory in one run of its pieces. */
function seedMemory(process: Process, maps: readonly MapsEntry[], program: string | null, ts: number): void {
  let load: Load | null = null;
  for (const entry of maps) {
    // What the trace has shown to be mapped there is known with its time.
    if (!entry.path.startsWith('/') || process.memory.at(entry.start) !== null) continue;
    if (load?.file.path !== entry.path || entry.offset === 0) load = newLoad(entry, ts);
    load.end = entry.end;
    process.memory.map(entry.start, entry.end - entry.start, entry.offset, load, ts);
    const isLibrary = entry.perms[2] === 'x' || looksLikeLibrary(entry.path);
    if (isLibrary && entry.path !== program) listLibrary(process, load);
    if (load.library) load.library.end = entry.end;
  }
}

function newLoad(entry: MapsEntry, ts: number): Load {
  const file: OpenFile = { path: entry.path, nameSource: 'maps', inode: null, listed: null };
  const { start: base, end, offset } = entry;
  return { file, base, end, offset, ts, unmapped: null, library: null, inherited: false, pieces: 0 };
}

function listLibrary(process: Process, load: Load): void {
  if (load.library) return;
  load.library = {
    path: load.file.path,
    opened: null,
    ts: load.ts,
    base: load.base,
    end: load.end,
    nameSource: 'maps',
    inMaps: true,
  };
  process.loads.push(load);
  process.record.libraries.push(load.library);
}
