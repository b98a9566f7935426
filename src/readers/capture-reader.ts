import { EventList } from '../event-list';
import type { Damage, EventBatch, Loss, TraceNote } from '../trace-event';
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
import { RingBatch, RingEvent, type RingContext, type RingRows } from './ring-batch';
import { TaskNames } from './task-names';
import { readNote } from './trace-note';
import type { TraceReader } from './trace-reader';

/** No chunk of ours is near this; a file that claims more is damaged, and not worth the memory. */
const LARGEST_CHUNK = 1 << 30;
/** Of a record: `common_type`, `common_flags`, `common_preempt_count`, `common_pid`. */
const SMALLEST_RECORD = 8;

/** Reads what `CaptureWriter` wrote. Layout: capture-layout.ts. */
export class CaptureReader implements TraceReader {
  #rest: Buffer = Buffer.alloc(0);
  #wanted = CAPTURE_MAGIC.length;
  #atByte = 0;
  #started = false;
  #broken = false;
  #context: RingContext | null = null;

  /** One batch for all chunks that are whole by now. */
  push(bytes: Uint8Array): EventBatch {
    if (this.#broken) return new EventList([]);
    this.#rest = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    const batches: EventBatch[] = [];
    while (this.#rest.length >= this.#wanted) batches.push(...this.#step());
    return joined(batches);
  }

  end(): EventBatch {
    if (this.#broken || (this.#rest.length === 0 && this.#started)) return new EventList([]);
    return damaged('CAPTURE_CUT', this.#atByte);
  }

  *#step(): Generator<EventBatch> {
    if (!this.#started) {
      if (this.#rest.toString('latin1', 0, CAPTURE_MAGIC.length) !== CAPTURE_MAGIC)
        yield this.#break('CAPTURE_MAGIC');
      this.#started = true;
      this.#take(CAPTURE_MAGIC.length);
      return;
    }
    const jsonBytes = this.#rest.readUInt32LE(4);
    const columnBytes = this.#rest.readUInt32LE(8);
    const whole = CHUNK_HEADER_BYTES + padded(jsonBytes) + padded(columnBytes);
    if (jsonBytes + columnBytes > LARGEST_CHUNK) {
      yield this.#break('CAPTURE_CHUNK');
      return;
    }
    if (this.#rest.length < whole) {
      this.#wanted = whole;
      return;
    }
    const kind = this.#rest.readUInt32LE(0);
    const meta = parseJson(this.#rest.toString('utf8', CHUNK_HEADER_BYTES, CHUNK_HEADER_BYTES + jsonBytes));
    const columnsAt = CHUNK_HEADER_BYTES + padded(jsonBytes);
    // A copy of its own: the typed arrays over it need their alignment, and outlive the file's buffer.
    const columns = new Uint8Array(this.#rest.subarray(columnsAt, columnsAt + columnBytes)).buffer;
    const batch = meta === null ? null : this.#readChunk(kind, meta, columns);
    if (batch === null) {
      yield this.#break('CAPTURE_CHUNK');
      return;
    }
    if (batch !== 'nothing') yield batch;
    this.#take(whole);
  }

  #take(bytes: number): void {
    this.#rest = this.#rest.subarray(bytes);
    this.#atByte += bytes;
    this.#wanted = CHUNK_HEADER_BYTES;
  }

  /** Behind a broken chunk nothing says where the next begins. */
  #break(code: string): EventBatch {
    this.#broken = true;
    this.#wanted = Infinity;
    return damaged(code, this.#atByte);
  }

  #readChunk(kind: number, meta: object, columns: ArrayBuffer): EventBatch | 'nothing' | null {
    if (kind === TABLES) return this.#readTables(meta) ? 'nothing' : null;
    if (kind !== BATCH) return 'nothing';
    return this.#context === null ? null : readBatch(meta, columns, this.#context);
  }

  #readTables(meta: Partial<TablesMeta>): boolean {
    const { layout, flagColumns, formats } = meta;
    if (layout?.dataOffset === undefined || !Array.isArray(formats)) return false;
    const table = new EventTable(layout);
    for (const format of formats as unknown[]) if (typeof format === 'string') table.add(format);
    this.#context = {
      table,
      names: new TaskNames(),
      symbols: new KernelSymbols(() => ''),
      flagColumns: flagColumns === 4 ? 4 : 5,
    };
    return true;
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

function damaged(code: string, atByte: number): EventBatch {
  return new EventList([], [], [{ code, atByte }]);
}

function list<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? (value as T[]) : [];
}

function readBatch(meta: Partial<BatchMeta>, bytes: ArrayBuffer, context: RingContext): RingBatch | null {
  const count = meta.rows ?? -1;
  if (!Number.isInteger(count) || count < 0 || count * ROW_BYTES > bytes.byteLength) return null;
  for (const [tid, comm] of list(meta.names)) context.names.seed(tid, comm);
  for (const [tid, tgid] of list(meta.groups)) context.names.seedGroup(tid, tgid);
  const rows = readRows(count, bytes, list(meta.stacks));
  if (rows === null) return null;
  const naming = new Set(NAMING_EVENTS.map((name) => context.table.idOf(name)));
  for (let row = 0; row < count; row++) {
    if (naming.has(rows.id[row])) learnNames(new RingEvent(rows, context, row));
  }
  const notes = list<unknown>(meta.notes).flatMap((note): TraceNote[] => {
    const read = readNote(note);
    return read === null ? [] : [read];
  });
  return new RingBatch(rows, context, list<Loss>(meta.lost), list<Damage>(meta.damage), notes);
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
function joined(batches: readonly EventBatch[]): EventBatch {
  if (batches.length === 1) return batches[0]!;
  return new EventList(
    batches.flatMap((batch) => [...batch]),
    batches.flatMap((batch) => batch.lost),
    batches.flatMap((batch) => batch.damage),
    batches.flatMap((batch) => batch.notes),
  );
}
