/** One event of a ring-buffer page: its name, fields and call trace are decoded when they are looked at. */
import { plainEvent, type LazyEvent } from '../../lazy-batch';
import type { EventFields, FieldValue, Tid, TraceEvent } from '../../trace-event';
import type { EventTable } from './event-table';
import type { KernelSymbols } from './kernel-symbols';
import type { CallTrace, RecordColumns } from './record-columns';
import { printFlags, type FlagStyle } from './record-flags';
import type { RingRows } from './row-merge';
import type { TaskNames } from './task-names';
import { toSeconds, toTicks, type TraceTime } from './trace-time';

/** What the events of one trace share. */
export interface RingContext {
  readonly table: EventTable;
  readonly names: TaskNames;
  readonly symbols: KernelSymbols;
  /** How the kernel's version prints `common_flags`. */
  readonly flagStyle: FlagStyle;
  /** False for the clocks `counter`, `uptime` and `x86-tsc`: then a time is a number of ticks. */
  readonly clockInNs: boolean;
  /** The names of the ftrace instances, by the number that a stream was added with; '' for one without a name. */
  readonly instances: readonly string[];
}

/** What a batch and its events look into. */
export interface RingBacking {
  readonly rows: RingRows;
  readonly context: RingContext;
}

/**
 * Plain data only where it is asked for (`toJSON`). Its backing is its batch's, reached through the same function: so a clone
 * of an event alone costs little, and is an event as well.
 */
export class RingEvent implements LazyEvent {
  private decoded: EventFields | undefined;

  readonly backing: () => RingBacking;
  /** Its place in the batch. */
  readonly index: number;

  constructor(backing: () => RingBacking, index: number) {
    this.backing = backing;
    this.index = index;
  }

  get context(): RingContext {
    return this.backing().context;
  }

  private get columns(): RecordColumns {
    const { streams, stream } = this.backing().rows;
    return streams[stream[this.index]!]!;
  }

  /** Of its columns. */
  private get row(): number {
    return this.backing().rows.row[this.index]!;
  }

  get ts(): number {
    const sec = this.columns.sec[this.row]!;
    const nsec = this.columns.nsec[this.row]!;
    return this.context.clockInNs ? toSeconds(sec, nsec) : toTicks(sec, nsec);
  }

  /** The same, exact. */
  get time(): TraceTime {
    return { sec: this.columns.sec[this.row]!, nsec: this.columns.nsec[this.row]! };
  }

  get cpu(): number {
    return this.columns.cpu;
  }

  /** Which of the instances recorded it, in the order they were given to the reader. */
  get instanceNumber(): number {
    return this.columns.instance;
  }

  get instance(): string | undefined {
    const name = this.context.instances[this.columns.instance];
    return name === '' ? undefined : name;
  }

  /** `common_type`. */
  get id(): number {
    return this.columns.id[this.row]!;
  }

  get pid(): Tid {
    const { columns, row } = this;
    const at = columns.offset[row]! + 4;
    return columns.buffers[columns.buffer[row]!]!.getInt32(at, this.context.table.layout.littleEndian);
  }

  get tgid(): number | null {
    return this.context.names.groupOf(this.pid);
  }

  get comm(): string | null {
    return this.context.names.at(this.pid, this.columns.sec[this.row]!, this.columns.nsec[this.row]!);
  }

  get name(): string {
    return this.context.table.nameOf(this.id) ?? unknownName(this.id);
  }

  get fields(): EventFields {
    return (this.decoded ??= this.decode());
  }

  private decode(): EventFields {
    const { columns, row } = this;
    const decoder = this.context.table.decoder(this.id);
    const buffer = columns.buffers[columns.buffer[row]!]!;
    return decoder?.fieldsAt(buffer, columns.offset[row]!, columns.size[row]!) ?? {};
  }

  /** One field, without decoding the others. */
  field(name: string): FieldValue | undefined {
    const { columns, row } = this;
    const decoder = this.context.table.decoder(this.id);
    const buffer = columns.buffers[columns.buffer[row]!]!;
    return decoder?.fieldAt(buffer, columns.offset[row]!, columns.size[row]!, name);
  }

  get stack(): readonly string[] | undefined {
    const index = this.columns.stack[this.row]!;
    if (index < 0) return undefined;
    return functionNames(this.columns.stacks[index]!, this.columns, this.context);
  }

  /** The record of the call trace; undefined where there is none, or where only its functions' names were kept. */
  get stackRecord(): DataView | undefined {
    const place = this.columns.stacks[this.columns.stack[this.row]!];
    if (place === undefined || !('buffer' in place)) return undefined;
    return partOf(this.columns.buffers[place.buffer]!, place.offset, place.length);
  }

  get flags(): string {
    const record = this.record;
    return printFlags(record.getUint8(2), record.getUint8(3), this.context.flagStyle);
  }

  /** The record's bytes, from `common_type` on. */
  get record(): DataView {
    const { columns, row } = this;
    return partOf(columns.buffers[columns.buffer[row]!]!, columns.offset[row]!, columns.size[row]!);
  }

  toJSON(): TraceEvent {
    return plainEvent(this);
  }
}

/** Of an event whose `format` is not known. */
export function unknownName(id: number): string {
  return `unknown_event_${id}`;
}

function partOf(buffer: DataView, offset: number, length: number): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset + offset, length);
}

/** The functions of a call trace, innermost first; an address without a symbol stays hex. */
export function functionNames(
  place: CallTrace,
  columns: RecordColumns,
  context: RingContext,
): readonly string[] {
  if (!('buffer' in place)) return place;
  const { table, symbols } = context;
  const buffer = columns.buffers[place.buffer]!;
  const little = table.layout.littleEndian;
  const wide = table.layout.commitBytes === 8;
  const found: string[] = [];
  const end = Math.min(place.offset + place.length, buffer.byteLength);
  for (let at = place.offset + table.stackOffset; at + (wide ? 8 : 4) <= end; at += wide ? 8 : 4) {
    const address = wide ? buffer.getBigUint64(at, little) : BigInt(buffer.getUint32(at, little));
    if (address === 0n || BigInt.asIntN(64, address) === -1n) break;
    found.push(symbols.nameOf(Number(address & 0xffff_ffff_ffffn)) ?? `0x${address.toString(16)}`);
  }
  return found;
}
