import {
  BATCH,
  CAPTURE_MAGIC,
  CHUNK_HEADER_BYTES,
  padded,
  TABLES,
  type BatchMeta,
  type TablesMeta,
} from './capture-layout';
import { callTrace, type RingBatch, type RingContext, type RingRows } from './ring-batch';

/** Makes the bytes of a capture; the caller writes them, in order. Layout: capture-layout.ts. */
export class CaptureWriter {
  #seedsWritten = 0;
  #groupsWritten = 0;

  constructor(readonly context: RingContext) {}

  head(): Buffer {
    const { table, flagStyle, clockInNs } = this.context;
    const tables: TablesMeta = { layout: table.layout, flagStyle, clockInNs, formats: table.formats };
    return Buffer.concat([Buffer.from(CAPTURE_MAGIC, 'latin1'), chunk(TABLES, tables, [])]);
  }

  batch(batch: RingBatch): Buffer {
    const { rows } = batch.insides();
    const stacks = rows.stacks.map((place) => callTrace(place, this.context));
    const seeds = this.context.names.seeds;
    const groups = this.context.names.seedGroups;
    const meta: BatchMeta = {
      rows: rows.length,
      lost: batch.lost,
      damage: batch.damage,
      notes: batch.notes,
      stacks,
      names: seeds.slice(this.#seedsWritten),
      groups: groups.slice(this.#groupsWritten),
    };
    this.#seedsWritten = seeds.length;
    this.#groupsWritten = groups.length;
    return chunk(BATCH, meta, columns(rows));
  }
}

function bytesOf(
  column: Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array,
  rows: number,
): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, rows * column.BYTES_PER_ELEMENT);
}

/** The columns widest first, so that each begins at a multiple of its width; then the records, packed. */
function columns(rows: RingRows): Uint8Array[] {
  const count = rows.length;
  const offsets = new Uint32Array(count);
  let total = 0;
  for (let row = 0; row < count; row++) {
    offsets[row] = total;
    total += rows.size[row]!;
  }
  const records = new Uint8Array(total);
  for (let row = 0; row < count; row++) {
    const page = rows.pages[rows.page[row]!]!;
    records.set(
      new Uint8Array(page.buffer, page.byteOffset + rows.offset[row]!, rows.size[row]),
      offsets[row],
    );
  }
  const kept = [rows.sec, rows.nsec, offsets, rows.size, rows.stack, rows.cpu, rows.id, rows.instance];
  return [...kept.map((column) => bytesOf(column, count)), records];
}

function chunk(kind: number, meta: unknown, parts: readonly Uint8Array[]): Buffer {
  const json = Buffer.from(JSON.stringify(meta));
  const binary = parts.reduce((sum, part) => sum + part.byteLength, 0);
  const out = Buffer.alloc(CHUNK_HEADER_BYTES + padded(json.length) + padded(binary));
  out.writeUInt32LE(kind, 0);
  out.writeUInt32LE(json.length, 4);
  out.writeUInt32LE(binary, 8);
  json.copy(out, CHUNK_HEADER_BYTES);
  let at = CHUNK_HEADER_BYTES + padded(json.length);
  for (const part of parts) {
    out.set(part, at);
    at += part.byteLength;
  }
  return out;
}
