import { EventList } from '../event-list';
import type { Damage, EventBatch, Loss, Tid } from '../trace-event';
import {
  BATCH,
  CAPTURE_MAGIC,
  CHUNK_HEADER_BYTES,
  padded,
  ROW_BYTES,
  TABLES,
  type BatchMeta,
  type TablesMeta,
} from './capture-layout';
import { EventTable } from './event-table';
import { KernelSymbols } from './kernel-symbols';
import { learnNames, NAMING_EVENTS } from './learn-names';
import { X86_64_LAYOUT, type PageLayout } from './page-layout';
import { emptyRows, RingBatch, RingEvent, type RingContext, type RingRows } from './ring-batch';
import { TaskNames } from './task-names';
import { readNote } from './trace-note';
import type { TraceReader } from './trace-reader';

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

  /** Behind a broken chunk nothing says where the next begins. */
  #break(code: string): Damage {
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
  const { commitBytes, littleEndian } = layout;
  if (!isList(formats, isText)) return null;
  if ((commitBytes !== 4 && commitBytes !== 8) || typeof littleEndian !== 'boolean') return null;
  // There are no pages in a capture: only the byte order and the size of a `long` still matter.
  const table = new EventTable({ ...X86_64_LAYOUT, commitBytes, littleEndian });
  for (const format of formats) table.add(format);
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
function isList<T>(value: unknown, fits: (element: unknown) => element is T): value is readonly T[] {
  return Array.isArray(value) && value.every(fits);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is readonly string[] {
  return isList(value, isText);
}

function isNumberOrNull(value: unknown): value is number | null {
  return value === null || typeof value === 'number';
}

function isNamed(value: unknown): value is readonly [Tid, string] {
  return Array.isArray(value) && typeof value[0] === 'number' && isText(value[1]);
}

function isGrouped(value: unknown): value is readonly [Tid, Tid] {
  return Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'number';
}

function isLoss(value: unknown): value is Loss {
  if (typeof value !== 'object' || value === null) return false;
  const { cpu, ts, count }: Partial<Loss> = value;
  return typeof cpu === 'number' && isNumberOrNull(ts) && isNumberOrNull(count);
}

function isDamage(value: unknown): value is Damage {
  if (typeof value !== 'object' || value === null) return false;
  const { code, atByte }: Partial<Damage> = value;
  return isText(code) && typeof atByte === 'number';
}

function readBatch(meta: Partial<BatchMeta>, bytes: ArrayBuffer, context: RingContext): RingBatch | null {
  const count = meta.rows ?? -1;
  if (!Number.isInteger(count) || count < 0 || count * ROW_BYTES > bytes.byteLength) return null;
  const { stacks, names, groups, lost, damage, notes } = meta;
  if (!isList(stacks, isTexts) || !isList(names, isNamed) || !isList(groups, isGrouped)) return null;
  if (!isList(lost, isLoss) || !isList(damage, isDamage) || !Array.isArray(notes)) return null;
  const rows = readRows(count, bytes, stacks);
  if (rows === null) return null;
  for (const [tid, comm] of names) context.names.seed(tid, comm);
  for (const [tid, tgid] of groups) context.names.seedGroup(tid, tgid);
  const naming = new Set(NAMING_EVENTS.map((name) => context.table.idOf(name)));
  for (let row = 0; row < count; row++) {
    if (naming.has(rows.id[row])) learnNames(new RingEvent(rows, context, row));
  }
  const read = notes.map(readNote).filter((note) => note !== null);
  return new RingBatch(rows, context, lost, damage, read);
}

function readRows(
  count: number,
  bytes: ArrayBuffer,
  stacks: readonly (readonly string[])[],
): RingRows | null {
  let at = 0;
  const next = (width: number): number => {
    const here = at;
    at += width * count;
    return here;
  };
  const rows: RingRows = {
    length: count,
    sec: new Float64Array(bytes, next(8), count),
    nsec: new Uint32Array(bytes, next(4), count),
    offset: new Uint32Array(bytes, next(4), count),
    size: new Uint32Array(bytes, next(4), count),
    stack: new Int32Array(bytes, next(4), count),
    cpu: new Uint16Array(bytes, next(2), count),
    id: new Uint16Array(bytes, next(2), count),
    instance: new Uint8Array(bytes, next(1), count),
    page: new Uint32Array(count),
    pages: [new DataView(bytes, at)],
    stacks,
  };
  const records = bytes.byteLength - at;
  for (let row = 0; row < count; row++) {
    const size = rows.size[row]!;
    if (size < SMALLEST_RECORD || rows.offset[row]! + size > records || rows.stack[row]! >= stacks.length)
      return null;
  }
  return rows;
}

/** Chunks that came together, as one batch: their events in order. */
function joined(batches: readonly RingBatch[], damage: readonly Damage[]): EventBatch {
  const [first] = batches;
  if (first === undefined) return new EventList([], [], damage);
  if (batches.length === 1 && damage.length === 0) return first;
  const insides = batches.map((batch) => batch.insides());
  return new RingBatch(
    joinRows(insides.map((inside) => inside.rows)),
    insides[0]!.context,
    batches.flatMap((batch) => batch.lost),
    [...batches.flatMap((batch) => batch.damage), ...damage],
    batches.flatMap((batch) => batch.notes),
  );
}

function joinRows(parts: readonly RingRows[]): RingRows {
  const rows = emptyRows(parts.reduce((sum, part) => sum + part.length, 0));
  for (const part of parts) {
    const at = rows.length;
    const pageBase = rows.pages.length;
    const stackBase = rows.stacks.length;
    rows.sec.set(part.sec, at);
    rows.nsec.set(part.nsec, at);
    rows.cpu.set(part.cpu, at);
    rows.instance.set(part.instance, at);
    rows.id.set(part.id, at);
    rows.offset.set(part.offset, at);
    rows.size.set(part.size, at);
    for (let row = 0; row < part.length; row++) {
      rows.page[at + row] = pageBase + part.page[row]!;
      rows.stack[at + row] = part.stack[row]! < 0 ? -1 : stackBase + part.stack[row]!;
    }
    rows.pages.push(...part.pages);
    for (const stack of part.stacks) rows.stacks.push(stack);
    rows.length = at + part.length;
  }
  return rows;
}
