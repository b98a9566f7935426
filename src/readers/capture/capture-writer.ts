import {
  BATCH,
  CAPTURE_MAGIC,
  CHUNK_HEADER_BYTES,
  padded,
  TABLES,
  type BatchMeta,
  type TablesMeta,
} from './capture-layout';
import { makeColumns, type RecordColumns } from '../pages/record-columns';
import type { RingBatch } from '../pages/ring-batch';
import { functionNames, type RingContext } from '../pages/ring-event';
import type { RingRows } from '../pages/row-merge';

/** Makes the bytes of a capture; the caller writes them, in order. Layout: capture-layout.ts. */
export class CaptureWriter {
  #seedsWritten = 0;
  #groupsWritten = 0;

  readonly context: RingContext;

  constructor(context: RingContext) {
    this.context = context;
  }

  head(): Buffer {
    const { table, flagStyle, clockInNs } = this.context;
    const tables: TablesMeta = { layout: table.layout, flagStyle, clockInNs, formats: table.formats };
    return Buffer.concat([Buffer.from(CAPTURE_MAGIC, 'latin1'), chunk(TABLES, tables, [])]);
  }

  batch(batch: RingBatch): Buffer {
    const { rows } = batch.backing();
    const packed = packRows(rows, this.context);
    const seeds = this.context.names.seeds;
    const groups = this.context.names.seedGroups;
    const meta: BatchMeta = {
      streams: packed.streams.map(({ cpu, instance, length }) => ({ cpu, instance, rows: length })),
      lost: batch.lost,
      damage: batch.damage,
      notes: batch.notes,
      stacks: packed.stacks,
      names: seeds.slice(this.#seedsWritten),
      groups: groups.slice(this.#groupsWritten),
    };
    this.#seedsWritten = seeds.length;
    this.#groupsWritten = groups.length;
    return chunk(BATCH, meta, packed.columns);
  }
}

interface PackedRows {
  readonly streams: readonly RecordColumns[];
  readonly stacks: readonly (readonly string[])[];
  readonly columns: readonly Uint8Array[];
}

/** Up to so many bytes a loop is faster than a view and its `set`. */
const COPIED_BY_HAND = 96;

/** Only what is in the batch: its streams may have rows that were dropped on the way, or none at all. */
function packRows(rows: RingRows, context: RingContext): PackedRows {
  const counts = rows.streams.map(() => 0);
  let bytes = 0;
  for (let i = 0; i < rows.length; i++) {
    const stream = rows.stream[i]!;
    counts[stream]!++;
    bytes += rows.streams[stream]!.size[rows.row[i]!]!;
  }
  const packed = rows.streams.map(({ cpu, instance }, stream) => makeColumns(cpu, instance, counts[stream]!));
  const streams = packed.filter((_, stream) => counts[stream]! > 0);
  const places = packed.map((columns) => streams.indexOf(columns));
  const order = new Uint16Array(rows.length);
  const stacks: (readonly string[])[] = [];
  const records = new Uint8Array(bytes);
  // One view for each buffer: a record is some ten numbers, and copying them one by one needs no view of its own.
  const views = rows.streams.map(({ buffers }) =>
    buffers.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
  );
  let at = 0;
  for (let i = 0; i < rows.length; i++) {
    const stream = rows.stream[i]!;
    const from = rows.streams[stream]!;
    const to = packed[stream]!;
    const row = rows.row[i]!;
    order[i] = places[stream]!;
    const size = from.size[row]!;
    const place = from.stacks[from.stack[row]!];
    const next = to.length++;
    to.sec[next] = from.sec[row]!;
    to.nsec[next] = from.nsec[row]!;
    to.id[next] = from.id[row]!;
    to.size[next] = size;
    to.offset[next] = at;
    to.stack[next] = place === undefined ? -1 : stacks.push(functionNames(place, from, context)) - 1;
    const view = views[stream]![from.buffer[row]!]!;
    const offset = from.offset[row]!;
    if (size > COPIED_BY_HAND) records.set(view.subarray(offset, offset + size), at);
    else for (let byte = 0; byte < size; byte++) records[at + byte] = view[offset + byte]!;
    at += size;
  }
  const columns = streams.flatMap(({ length, sec, nsec, offset, size, stack, id }) =>
    [sec, nsec, offset, size, stack, id].map((column) => paddedBytes(column, length)),
  );
  return { streams, stacks, columns: [...columns, paddedBytes(order, rows.length), records] };
}

function paddedBytes(
  column: Float64Array | Uint32Array | Int32Array | Uint16Array,
  rows: number,
): Uint8Array {
  const used = rows * column.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(padded(used));
  bytes.set(new Uint8Array(column.buffer, column.byteOffset, used));
  return bytes;
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
