/**
 * Reads a trace.dat, the file of `trace-cmd record`, versions 6 and 7.
 *
 * The tables are read at once, the pages as they are asked for: of each CPU a bounded number ahead. Their records are
 * merged in order of time by the ring reader, as far as all CPUs are known to have been read. Memory stays flat
 * whatever the size of the file.
 *
 * Formats: trace-cmd.dat.v6(5), trace-cmd.dat.v7(5).
 */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { EventList } from '../../event-list';
import { errnoOf, TraceError } from '../../trace-error';
import type { Damage, EventBatch, TraceNote } from '../../trace-event';
import { EventTable } from '../pages/event-table';
import { KernelSymbols } from '../pages/kernel-symbols';
import { parseHeaderPage, type PageLayout } from '../pages/page-layout';
import { flagStyle } from '../pages/record-flags';
import type { RingContext } from '../pages/ring-event';
import { RingReader } from '../pages/ring-reader';
import { parseSavedCmdlines, TaskNames } from '../pages/task-names';
import { TextReader } from '../text/text-reader';
import { NOTE_PREFIX, parseNoteLine } from '../trace-note';
import { isInNs, type TraceTime } from '../pages/trace-time';
import { decompressorOf } from './compression';
import { sumStatistics } from './cpu-statistics';
import { CpuStream, isLater } from './cpu-stream';
import { FileBytes } from './dat-bytes';
import { DatContents, type DatBuffer } from './dat-contents';
import { readDatHeader, type DatHeader } from './dat-header';
import { MAX_CPUS } from './dat-options';
import { readV6 } from './dat-v6';
import { readV7 } from './dat-v7';
import { PieceReader, type OpenDat } from './piece-reader';

/** Of one CPU, at once. */
const PAGES_AHEAD = 64;
/** Of all CPUs together. */
const BYTES_AHEAD = 1 << 26;
/** What is read between two batches. */
const BATCH_BYTES = 1 << 20;
/** RB_WRITE_MASK in kernel/trace/ring_buffer.c is 20 bits: no sub-buffer is larger. */
const LARGEST_PAGE = 1 << 20;

/**
 * Reads the tables of a trace.dat; the pages are read as the batches are asked for.
 *
 * @throws TraceError TRACE_MISSING where it cannot be read; TRACE_FORMAT where it is no trace.dat, or one that needs
 *   what this Node does not have. What is broken in it is `Damage` of the batches: `DAT_CUT`, `DAT_SECTION`,
 *   `DAT_COMPRESSED`, and what pages can have
 */
export function openTraceDat(file: string): AsyncIterable<EventBatch> {
  try {
    return withFile(file, (bytes) => {
      const header = readDatHeader(bytes, file);
      const decompress = decompressorOf(header.compressor, file);
      const contents = new DatContents();
      if (header.version === 6) readV6(bytes, header, contents);
      else readV7(bytes, header, decompress, contents);
      const { littleEndian } = header;
      return readBatches(file, { size: bytes.size, littleEndian, decompress }, header, contents);
    });
  } catch (error) {
    throw asTraceError(file, error);
  }
}

function notesIn(text: string): TraceNote[] {
  const lines = text.split('\n').filter((line) => line.startsWith(NOTE_PREFIX));
  return lines.map(parseNoteLine).filter((note) => note !== null);
}

function withFile<Result>(file: string, use: (bytes: FileBytes) => Result): Result {
  const descriptor = openSync(file, 'r');
  try {
    return use(new FileBytes(descriptor, fstatSync(descriptor).size));
  } finally {
    closeSync(descriptor);
  }
}

/** What a failed system call throws; anything else is a bug of ours, and stays as it is. */
function asTraceError(file: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (error instanceof TraceError || errno === '') return error;
  return new TraceError('TRACE_MISSING', `${file}: ${errno}`, { cause: error });
}

async function* readBatches(
  file: string,
  dat: Omit<OpenDat, 'handle'>,
  header: DatHeader,
  contents: DatContents,
): AsyncIterable<EventBatch> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'r');
    yield* new TraceDat(file, { ...dat, handle }, header, contents).batches();
  } catch (error) {
    throw asTraceError(file, error);
  } finally {
    await handle?.close();
  }
}

class TraceDat {
  readonly #context: RingContext;
  readonly #ring: RingReader;
  readonly #streams: CpuStream[] = [];
  readonly #damage: Damage[];
  /** Of the last event. */
  #lastTs = 0;

  readonly #dat: OpenDat;
  readonly #contents: DatContents;

  constructor(file: string, dat: OpenDat, header: DatHeader, contents: DatContents) {
    this.#dat = dat;
    this.#contents = contents;

    this.#damage = contents.damage;
    // trace-cmd writes them as they were made; events of the top one come first where times are equal.
    const buffers = contents.buffers.toSorted((a, b) => Number(a.name !== '') - Number(b.name !== ''));
    const layout = layoutOf(header, contents);
    this.#context = contextOf(file, layout, contents, ['', ...namesOf(buffers)]);
    this.#ring = new RingReader(this.#context);
    this.#addStreams(buffers, { ...layout, pageBytes: header.pageBytes });
  }

  #addStreams(buffers: readonly DatBuffer[], layout: PageLayout): void {
    let bytes = 0;
    let instance = 0;
    for (const { name, pageBytes, cpus } of buffers) {
      if (name !== '') instance++;
      const ofBuffer = { ...layout, pageBytes: pageBytes ?? layout.pageBytes };
      const isPage = ofBuffer.pageBytes > layout.dataOffset && ofBuffer.pageBytes <= LARGEST_PAGE;
      for (const data of cpus) {
        if (data.size === 0) continue;
        // Data that would be in one place twice is none, and could be read forever.
        bytes += Math.max(0, Math.min(data.at + data.size, this.#dat.size) - data.at);
        if (!isPage || data.cpu >= MAX_CPUS || bytes > this.#dat.size || this.#streams.length >= MAX_CPUS) {
          this.#contents.broken('DAT_SECTION', data.at);
          continue;
        }
        const change = this.#contents.conversion.of(data.cpu);
        this.#streams.push(new CpuStream(this.#dat, data, ofBuffer, change, this.#ring, instance));
      }
    }
  }

  async *batches(): AsyncIterable<EventBatch> {
    const { cpuStats, texts } = this.#contents;
    // What our own writer kept beside the statistics; trace-cmd passes over it.
    const found = cpuStats.flatMap(notesIn);
    const hasTraceNote = found.some((note) => note.kind === 'trace');
    yield this.#beside([
      ...(hasTraceNote ? [] : [this.#traceNote()]),
      ...found.filter((note) => note.kind !== 'end'),
    ]);
    while (this.#streams.some((stream) => !stream.isAtEnd)) {
      await this.#readOn();
      const batch = this.#ring.flush(this.#watermark());
      if (this.#damage.length > 0) yield this.#beside([]);
      if (batch.length > 0) this.#lastTs = batch.at(batch.length - 1).ts;
      if (batch.length > 0 || batch.lost.length > 0 || batch.damage.length > 0) yield batch;
    }
    for (const text of texts) yield* this.#readText(new PieceReader(this.#dat, text));
    const statistics = sumStatistics(cpuStats);
    const end: TraceNote[] = found.filter((note) => note.kind === 'end');
    if (end.length === 0 && statistics !== null) end.push({ kind: 'end', ts: this.#lastTs, ...statistics });
    yield this.#beside(end);
  }

  /** What belongs to no event. */
  #beside(notes: readonly TraceNote[]): EventBatch {
    // The place that a broken table leads to may be no place of the file.
    const damage = this.#damage.splice(0).map((found) => ({
      ...found,
      atByte: Math.min(found.atByte, this.#dat.size),
    }));
    return new EventList([], [], damage, notes);
  }

  /** Always of the slowest CPU: it alone holds the others back. */
  async #readOn(): Promise<void> {
    const { pageBytes } = this.#context.table.layout;
    const room = Math.floor(BYTES_AHEAD / (this.#streams.length * pageBytes));
    const pages = Math.max(1, Math.min(PAGES_AHEAD, room));
    for (let bytes = 0; bytes < BATCH_BYTES;) {
      const stream = this.#furthestBehind();
      if (stream === null) return;
      bytes += await stream.readOn(pages, this.#damage);
    }
  }

  #furthestBehind(): CpuStream | null {
    let found: CpuStream | null = null;
    for (const stream of this.#streams) {
      if (stream.isAtEnd) continue;
      if (stream.mark === null) return stream;
      if (found === null || isLater(found.mark!, stream.mark)) found = stream;
    }
    return found;
  }

  /** The time up to which each CPU has been read; null when all are at their end. */
  #watermark(): TraceTime | null {
    const stream = this.#furthestBehind();
    if (stream === null) return null;
    // A CPU that has not shown an event yet may have one of any time.
    return stream.mark ?? { sec: 0, nsec: 0 };
  }

  async *#readText(pieces: PieceReader): AsyncIterable<EventBatch> {
    const reader = new TextReader();
    for (;;) {
      const piece = await pieces.next(BATCH_BYTES);
      if (piece === null) break;
      yield reader.push(piece.bytes);
    }
    yield reader.end();
    if (pieces.damage !== null) yield new EventList([], [], [pieces.damage]);
  }

  #traceNote(): TraceNote {
    const contents = this.#contents;
    const { conversion, clock } = contents;
    const host = hostOf(contents.uname);
    const cpus = new Set(contents.buffers.flatMap((buffer) => buffer.cpus.map(({ cpu }) => cpu)));
    return {
      kind: 'trace',
      kernel: releaseOf(contents.uname) ?? '',
      clock: clock ?? 'local',
      cpus: Math.max(contents.cpus ?? 0, cpus.size),
      ...(host !== null && { host }),
      // With --date the times are those of the wall.
      ...(conversion.isWallTime && { wall: { ts: 0, unixSeconds: 0 } }),
    };
  }
}

/** `Linux HOST RELEASE ...` */
function releaseOf(uname: string | null): string | null {
  return uname?.split(' ')[2] ?? null;
}

/** Our own writer and a kernel without a name have `(none)`. */
function hostOf(uname: string | null): string | null {
  const host = uname?.split(' ')[1] ?? '';
  return host === '' || host === '(none)' ? null : host;
}

function namesOf(buffers: readonly DatBuffer[]): string[] {
  return buffers.map(({ name }) => name).filter((name) => name !== '');
}

/**
 * Of the traced kernel: the file's own byte for the size of a `long` is that of user space, and trace-cmd's
 * conversions write the size of the machine they ran on.
 */
function layoutOf(header: DatHeader, contents: DatContents): PageLayout {
  const { littleEndian, pageBytes } = header;
  const stated = parseHeaderPage(contents.headerPage, littleEndian);
  if (stated !== null) return stated;
  // Kernels before 2.6.32 have no header_page.
  const commitBytes = header.userLongBytes === 4 ? 4 : 8;
  return { commitOffset: 8, commitBytes, dataOffset: 8 + commitBytes, pageBytes, littleEndian };
}

function contextOf(
  file: string,
  layout: PageLayout,
  contents: DatContents,
  instances: readonly string[],
): RingContext {
  const table = new EventTable(layout);
  for (const { system, text } of contents.formats.splice(0)) table.add(text, system);
  const names = new TaskNames();
  for (const [tid, comm] of parseSavedCmdlines(contents.savedCmdlines)) names.seed(tid, comm);
  for (const [tid, tgid] of parseSavedTgids(contents.savedTgids)) names.seedGroup(tid, tgid);
  return {
    table,
    names,
    symbols: new KernelSymbols(() => readKallsyms(file, contents)),
    flagStyle: flagStyle(releaseOf(contents.uname)),
    clockInNs: contents.conversion.isScaled || isInNs(contents.clock ?? 'local'),
    instances,
  };
}

/** `saved_tgids`: one `PID TGID` a line. */
function parseSavedTgids(text: string): [number, number][] {
  return Array.from(text.matchAll(/^(\d+) (\d+)$/gm), ([, tid, tgid]) => [Number(tid), Number(tgid)]);
}

/** The batches may outlive the file that was open for them; one that is gone by then has no names. */
function readKallsyms(file: string, contents: DatContents): string {
  try {
    return withFile(file, (bytes) => contents.kallsyms(bytes));
  } catch {
    return '';
  }
}
