import { EventList } from '../../event-list';
import { isDamageCode, type DamageCode } from '../../trace-error';
import type { Damage, EventBatch, Loss, Tid } from '../../trace-event';
import {
  BATCH,
  CAPTURE_MAGIC,
  CHUNK_HEADER_BYTES,
  padded,
  TABLES,
  type BatchMeta,
  type StreamMeta,
  type TablesMeta,
} from './capture-layout';
import { EventTable, type EventFormatText } from '../pages/event-table';
import { KernelSymbols } from '../pages/kernel-symbols';
import { X86_64_LAYOUT, type PageLayout } from '../pages/page-layout';
import { makeColumns, type OpenColumns, type RecordColumns } from '../pages/record-columns';
import { RingBatch } from '../pages/ring-batch';
import type { RingContext } from '../pages/ring-event';
import type { RingRows } from '../pages/row-merge';
import { RowFilter } from '../pages/row-filter';
import { TaskNames, type NameSeed } from '../pages/task-names';
import { readNote } from '../trace-note';
import type { TraceReader } from '../trace-reader';

/** No chunk of ours is near this; a file that claims more is damaged, and not worth the memory. */
const LARGEST_CHUNK = 1 << 30;
/** Of a record: `common_type`, `common_flags`, `common_preempt_count`, `common_pid`. */
const SMALLEST_RECORD = 8;

/** Reads what `CaptureWriter` wrote. Layout: capture-layout.ts. */
export class CaptureReader implements TraceReader {
  /** What is not read yet: one buffer, and the pieces that came since, joined when they are enough. */
  #rest: Buffer = Buffer.alloc(0);
  #pieces: Uint8Array[] = [];
  #restBytes = 0;
  #wanted = CAPTURE_MAGIC.length;
  #atByte = 0;
  #started = false;
  #broken = false;
  #context: RingContext | null = null;

  /** One batch for all chunks that are whole by now. */
  push(bytes: Uint8Array): EventBatch {
    if (this.#broken) return new EventList([]);
    this.#pieces.push(Buffer.from(bytes));
    this.#restBytes += bytes.length;
    const batches: RingBatch[] = [];
    const damage: Damage[] = [];
    while (this.#restBytes >= this.#wanted) {
      if (this.#pieces.length > 0) this.#rest = Buffer.concat([this.#rest, ...this.#pieces.splice(0)]);
      const step = this.#started ? this.#readChunk() : this.#readMagic();
      if (step instanceof RingBatch) batches.push(step);
      else if (step !== null) damage.push(this.#break(step));
    }
    return joined(batches, damage);
  }

  end(): EventBatch {
    if (this.#broken || (this.#restBytes === 0 && this.#started)) return new EventList([]);
    return new EventList([], [], [this.#break('CAPTURE_CUT')]);
  }

  #readMagic(): 'CAPTURE_MAGIC' | null {
    if (this.#rest.toString('latin1', 0, CAPTURE_MAGIC.length) !== CAPTURE_MAGIC) return 'CAPTURE_MAGIC';
    this.#started = true;
    this.#take(CAPTURE_MAGIC.length);
    return null;
  }

  /** Null where the chunk has no events, or is not whole yet. */
  #readChunk(): RingBatch | 'CAPTURE_CHUNK' | null {
    const kind = this.#rest.readUInt32LE(0);
    const jsonBytes = this.#rest.readUInt32LE(4);
    const columnBytes = this.#rest.readUInt32LE(8);
    if (jsonBytes + columnBytes > LARGEST_CHUNK) return 'CAPTURE_CHUNK';
    const columnsAt = CHUNK_HEADER_BYTES + padded(jsonBytes);
    const whole = columnsAt + padded(columnBytes);
    if (this.#rest.length < whole) {
      this.#wanted = whole;
      return null;
    }
    const meta = parseJson(this.#rest.toString('utf8', CHUNK_HEADER_BYTES, CHUNK_HEADER_BYTES + jsonBytes));
    if (meta === null) return 'CAPTURE_CHUNK';
    // A copy of its own: the typed arrays over it need their alignment, and outlive the file's buffer.
    const columns = new Uint8Array(this.#rest.subarray(columnsAt, columnsAt + columnBytes)).buffer;
    let batch: RingBatch | null = null;
    if (kind === TABLES) {
      // One, at the start: events of two kernels are not one trace.
      if (this.#context !== null || (this.#context = readTables(meta)) === null) return 'CAPTURE_CHUNK';
    } else {
      batch = kind !== BATCH || this.#context === null ? null : readBatch(meta, columns, this.#context);
      if (batch === null) return 'CAPTURE_CHUNK';
    }
    this.#take(whole);
    return batch;
  }

  #take(bytes: number): void {
    this.#rest = this.#rest.subarray(bytes);
    this.#restBytes -= bytes;
    this.#atByte += bytes;
    this.#wanted = CHUNK_HEADER_BYTES;
  }

  /** After a broken chunk nothing says where the next begins. */
  #break(code: DamageCode): Damage {
    this.#broken = true;
    this.#wanted = Infinity;
    this.#rest = Buffer.alloc(0);
    return { code, atByte: this.#atByte };
  }
}

function parseJson(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}

function readTables(meta: Partial<TablesMeta>): RingContext | null {
  const { flagStyle, clockInNs, formats } = meta;
  const layout: Partial<PageLayout> = meta.layout ?? {};
  const { commitBytes, littleEndian, pageBytes = X86_64_LAYOUT.pageBytes } = layout;
  if (!isList(formats, isFormat)) return null;
  if ((commitBytes !== 4 && commitBytes !== 8) || typeof littleEndian !== 'boolean') return null;
  // There are no pages in a capture. What still matters: byte order, the size of a `long`, how long a record can be.
  const table = new EventTable({ ...X86_64_LAYOUT, commitBytes, littleEndian, pageBytes });
  for (const format of formats) table.add(format.text, format.system);
  return {
    table,
    names: new TaskNames(),
    symbols: new KernelSymbols(() => ''),
    flagStyle: {
      columns: flagStyle?.columns === 4 ? 4 : 5,
      lazyReschedule: flagStyle?.lazyReschedule !== false,
    },
    clockInNs: clockInNs !== false,
    instances: ['', ''],
  };
}

/** Anybody can have written the file: each element is looked at. */
function isList<T>(value: unknown, isOne: (element: unknown) => element is T): value is readonly T[] {
  return Array.isArray(value) && value.every(isOne);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is readonly string[] {
  return isList(value, isText);
}

function isFormat(value: unknown): value is EventFormatText {
  if (typeof value !== 'object' || value === null) return false;
  const { system, text }: Partial<EventFormatText> = value;
  return isText(system) && isText(text);
}

function isNumberOrNull(value: unknown): value is number | null {
  return value === null || typeof value === 'number';
}

function isNamed(value: unknown): value is NameSeed {
  if (!Array.isArray(value)) return false;
  const [tid, comm, sec = 0, nsec = 0] = value as unknown[];
  return typeof tid === 'number' && isText(comm) && typeof sec === 'number' && typeof nsec === 'number';
}

function isGrouped(value: unknown): value is readonly [Tid, Tid] {
  return Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'number';
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isStream(value: unknown): value is StreamMeta {
  if (typeof value !== 'object' || value === null) return false;
  const { cpu, instance, rows }: Partial<StreamMeta> = value;
  return isCount(cpu) && isCount(instance) && isCount(rows);
}

function isLoss(value: unknown): value is Loss {
  if (typeof value !== 'object' || value === null) return false;
  const { cpu, ts, count }: Partial<Loss> = value;
  return typeof cpu === 'number' && isNumberOrNull(ts) && isNumberOrNull(count);
}

interface SavedDamage extends Omit<Damage, 'code'> {
  readonly code: string;
}

function isSavedDamage(value: unknown): value is SavedDamage {
  if (typeof value !== 'object' || value === null) return false;
  const { code, atByte }: Partial<SavedDamage> = value;
  return isText(code) && typeof atByte === 'number';
}

/** A later version of ours may have saved a code that this one does not know. */
function readDamage({ code, ...place }: SavedDamage): Damage {
  return isDamageCode(code) ? { code, ...place } : { code: 'DAMAGE_UNKNOWN', ...place, excerpt: code };
}

function readBatch(meta: Partial<BatchMeta>, bytes: ArrayBuffer, context: RingContext): RingBatch | null {
  const { streams, stacks, names, groups, lost, damage, notes } = meta;
  if (!isList(streams, isStream) || streams.length > MAX_STREAMS) return null;
  if (!isList(stacks, isTexts) || !isList(names, isNamed) || !isList(groups, isGrouped)) return null;
  if (!isList(lost, isLoss) || !isList(damage, isSavedDamage) || !Array.isArray(notes)) return null;
  const rows = readRows(streams, bytes, stacks);
  if (rows === null) return null;
  for (const [tid, comm, sec, nsec] of names) {
    if (sec === undefined || nsec === undefined) context.names.seed(tid, comm);
    else context.names.seedFrom(tid, sec, nsec, comm);
  }
  for (const [tid, tgid] of groups) context.names.seedGroup(tid, tgid);
  const read = notes.map(readNote).filter((note) => note !== null);
  const saved = damage.map(readDamage);
  return new RingBatch({ rows: new RowFilter(context).learnAndFilter(rows), context }, lost, saved, read);
}

/** sec; nsec, offset, size and stack; id. */
function columnBytesOf(rows: number): number {
  return rows * 8 + 4 * padded(rows * 4) + padded(rows * 2);
}

/** Null where the columns do not fit the bytes, or point outside. */
const MAX_STREAMS = 2 ** 16;

function readRows(
  metas: readonly StreamMeta[],
  bytes: ArrayBuffer,
  stacks: readonly (readonly string[])[],
): RingRows | null {
  const length = metas.reduce((sum, { rows }) => sum + rows, 0);
  const columnBytes = metas.reduce((sum, { rows }) => sum + columnBytesOf(rows), padded(length * 2));
  if (columnBytes > bytes.byteLength) return null;
  const records = new DataView(bytes, columnBytes);
  let at = 0;
  const next = (used: number): number => {
    const here = at;
    at += padded(used);
    return here;
  };
  const streams: RecordColumns[] = [];
  for (const { cpu, instance, rows } of metas) {
    const columns: RecordColumns = {
      cpu,
      instance,
      length: rows,
      sec: new Float64Array(bytes, next(rows * 8), rows),
      nsec: new Uint32Array(bytes, next(rows * 4), rows),
      offset: new Uint32Array(bytes, next(rows * 4), rows),
      size: new Uint32Array(bytes, next(rows * 4), rows),
      stack: new Int32Array(bytes, next(rows * 4), rows),
      id: new Uint16Array(bytes, next(rows * 2), rows),
      buffer: new Uint32Array(rows),
      buffers: [records],
      stacks,
    };
    if (!areSound(columns, records.byteLength)) return null;
    streams.push(columns);
  }
  const stream = new Uint16Array(bytes, next(length * 2), length);
  const row = rowsOf(stream, streams);
  return row === null ? null : { length, streams, stream, row };
}

/** Whether all times are times, and all rows point into what came with them. */
function areSound(columns: RecordColumns, bytes: number): boolean {
  const { length, sec, nsec, size, offset, stack, stacks } = columns;
  for (let row = 0; row < length; row++) {
    if (!Number.isSafeInteger(sec[row]) || sec[row]! < 0 || nsec[row]! >= 1_000_000_000) return false;
    if (size[row]! < SMALLEST_RECORD || offset[row]! + size[row]! > bytes) return false;
    if (stack[row]! >= stacks.length) return false;
  }
  return true;
}

/** Each event is the next row of its stream; null where that is not so. */
function rowsOf(stream: Uint16Array, streams: readonly RecordColumns[]): Uint32Array | null {
  const row = new Uint32Array(stream.length);
  const next = streams.map(() => 0);
  for (let i = 0; i < stream.length; i++) {
    const columns = streams[stream[i]!];
    if (columns === undefined) return null;
    const here = next[stream[i]!]!++;
    if (here >= columns.length) return null;
    row[i] = here;
  }
  return row;
}

/** Chunks that came together, as one batch: their events in order. */
function joined(batches: readonly RingBatch[], damage: readonly Damage[]): EventBatch {
  const [first] = batches;
  if (first === undefined) return new EventList([], [], damage);
  if (batches.length === 1 && damage.length === 0) return first;
  const rows =
    batches.length === 1 ? first.backing().rows : joinRows(batches.map((batch) => batch.backing().rows));
  return new RingBatch(
    { rows, context: first.backing().context },
    batches.flatMap((batch) => batch.lost),
    [...batches.flatMap((batch) => batch.damage), ...damage],
    batches.flatMap((batch) => batch.notes),
  );
}

/** One stream for each CPU and instance, with the rows of all parts. */
function joinRows(parts: readonly RingRows[]): RingRows {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const stream = new Uint16Array(length);
  const row = new Uint32Array(length);
  const columns = joinColumns(parts.flatMap((part) => part.streams));
  const streams = columns.map(({ joined }) => joined);
  let at = 0;
  let first = 0;
  for (const part of parts) {
    const places = part.streams.map((_, i) => columns.findIndex(({ starts }) => starts.has(first + i)));
    const bases = places.map((place, i) => columns[place]!.starts.get(first + i)!);
    for (let i = 0; i < part.length; i++) {
      stream[at + i] = places[part.stream[i]!]!;
      row[at + i] = bases[part.stream[i]!]! + part.row[i]!;
    }
    at += part.length;
    first += part.streams.length;
  }
  return { length, streams, stream, row };
}

interface JoinedColumns {
  readonly joined: OpenColumns;
  /** By the place of a part among all: at which row it starts. */
  readonly starts: Map<number, number>;
}

function joinColumns(parts: readonly RecordColumns[]): JoinedColumns[] {
  const sizes = new Map<string, number>();
  const keyOf = ({ cpu, instance }: RecordColumns): string => `${instance}:${cpu}`;
  for (const part of parts) sizes.set(keyOf(part), (sizes.get(keyOf(part)) ?? 0) + part.length);
  const byKey = new Map<string, JoinedColumns>();
  parts.forEach((part, place) => {
    const key = keyOf(part);
    let to = byKey.get(key);
    if (to === undefined) {
      to = { joined: makeColumns(part.cpu, part.instance, sizes.get(key)!), starts: new Map() };
      byKey.set(key, to);
    }
    to.starts.set(place, to.joined.length);
    appendRows(part, to.joined);
  });
  return [...byKey.values()];
}

function appendRows(part: RecordColumns, to: OpenColumns): void {
  const at = to.length;
  const bufferBase = to.buffers.length;
  const stackBase = to.stacks.length;
  for (const name of ['sec', 'nsec', 'offset', 'size', 'id'] as const) to[name].set(part[name], at);
  for (let row = 0; row < part.length; row++) {
    to.buffer[at + row] = bufferBase + part.buffer[row]!;
    to.stack[at + row] = part.stack[row]! < 0 ? -1 : stackBase + part.stack[row]!;
  }
  to.buffers.push(...part.buffers);
  for (const stack of part.stacks) to.stacks.push(stack);
  to.length = at + part.length;
}
