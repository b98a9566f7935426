/**
 * Events of ring-buffer pages: a table of where each record stands. An event's name, fields and call trace are
 * decoded when they are looked at, and not before.
 */
import type {
  Damage,
  EventBatch,
  EventFields,
  FieldValue,
  Loss,
  Tid,
  TraceEvent,
  TraceNote,
} from '../trace-event';
import type { EventTable } from './event-table';
import { printFlags, type FlagStyle } from './record-flags';
import type { KernelSymbols } from './kernel-symbols';
import type { StackPlace } from './record-queue';
import type { TaskNames } from './task-names';
import { toSeconds, toTicks } from './trace-time';

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

/** Addresses in a page, or, from a capture, the functions' names. */
export type CallTrace = StackPlace | readonly string[];

/** The rows of a batch, in order. */
export interface RingRows {
  readonly length: number;
  readonly sec: Float64Array;
  readonly nsec: Uint32Array;
  readonly cpu: Uint16Array;
  readonly instance: Uint8Array;
  readonly id: Uint16Array;
  readonly page: Uint32Array;
  readonly offset: Uint32Array;
  readonly size: Uint32Array;
  /** Index into `stacks`, or -1. */
  readonly stack: Int32Array;
  readonly pages: readonly DataView[];
  readonly stacks: readonly CallTrace[];
}

/** Rows that are still being filled. */
export type OpenRows = {
  -readonly [K in keyof RingRows]: K extends 'pages' | 'stacks' ? RingRows[K][number][] : RingRows[K];
};

/** Columns with room for so many rows, and no row yet. */
export function emptyRows(total: number): OpenRows {
  return {
    length: 0,
    sec: new Float64Array(total),
    nsec: new Uint32Array(total),
    cpu: new Uint16Array(total),
    instance: new Uint8Array(total),
    id: new Uint16Array(total),
    page: new Uint32Array(total),
    offset: new Uint32Array(total),
    size: new Uint32Array(total),
    stack: new Int32Array(total),
    pages: [],
    stacks: [],
  };
}

/** One event of a batch; plain data only where it is asked for (`toJSON`). */
export class RingEvent implements TraceEvent {
  #fields: EventFields | undefined;

  constructor(
    readonly rows: RingRows,
    readonly context: RingContext,
    readonly row: number,
  ) {}

  get ts(): number {
    const sec = this.rows.sec[this.row]!;
    const nsec = this.rows.nsec[this.row]!;
    return this.context.clockInNs ? toSeconds(sec, nsec) : toTicks(sec, nsec);
  }

  get cpu(): number {
    return this.rows.cpu[this.row]!;
  }

  /** Which of the instances recorded it, in the order they were given to the reader. */
  get instanceNumber(): number {
    return this.rows.instance[this.row]!;
  }

  get instance(): string | undefined {
    const name = this.context.instances[this.rows.instance[this.row]!];
    return name === '' ? undefined : name;
  }

  get pid(): Tid {
    return this.#page().getInt32(this.rows.offset[this.row]! + 4, this.context.table.layout.littleEndian);
  }

  get tgid(): number | null {
    return this.context.names.groupOf(this.pid);
  }

  get comm(): string | null {
    return this.context.names.at(this.pid, this.rows.sec[this.row]!, this.rows.nsec[this.row]!);
  }

  get name(): string {
    const id = this.rows.id[this.row]!;
    return this.context.table.decoder(id)?.name ?? `unknown_event_${id}`;
  }

  get fields(): EventFields {
    return (this.#fields ??=
      this.context.table.decoder(this.rows.id[this.row]!)?.fields(this.#record()) ?? {});
  }

  /** One field, without decoding the others. */
  field(name: string): FieldValue | undefined {
    return this.context.table.decoder(this.rows.id[this.row]!)?.field(this.#record(), name);
  }

  get stack(): readonly string[] | undefined {
    const index = this.rows.stack[this.row]!;
    return index < 0 ? undefined : callTrace(this.rows.stacks[index]!, this.context);
  }

  get flags(): string {
    const page = this.#page();
    const offset = this.rows.offset[this.row]!;
    return printFlags(page.getUint8(offset + 2), page.getUint8(offset + 3), this.context.flagStyle);
  }

  #page(): DataView {
    return this.rows.pages[this.rows.page[this.row]!]!;
  }

  #record(): DataView {
    const page = this.#page();
    return new DataView(page.buffer, page.byteOffset + this.rows.offset[this.row]!, this.rows.size[this.row]);
  }

  toJSON(): TraceEvent {
    const { ts, cpu, pid, tgid, comm, name, fields, stack, flags, instance } = this;
    return {
      ts,
      cpu,
      pid,
      tgid,
      comm,
      name,
      fields,
      ...(stack === undefined ? {} : { stack }),
      flags,
      ...(instance === undefined ? {} : { instance }),
    };
  }
}

/** The functions of a call trace, innermost first; an address without a symbol stays hex. */
export function callTrace(place: CallTrace, context: RingContext): readonly string[] {
  if (!('page' in place)) return place;
  const { table, symbols } = context;
  const little = table.layout.littleEndian;
  const wide = table.layout.commitBytes === 8;
  const found: string[] = [];
  const end = Math.min(place.offset + place.length, place.page.byteLength);
  for (let at = place.offset + table.stackOffset; at + (wide ? 8 : 4) <= end; at += wide ? 8 : 4) {
    const address = wide ? place.page.getBigUint64(at, little) : BigInt(place.page.getUint32(at, little));
    if (address === 0n || BigInt.asIntN(64, address) === -1n) break;
    found.push(symbols.nameOf(Number(address & 0xffff_ffff_ffffn)) ?? `0x${address.toString(16)}`);
  }
  return found;
}

/**
 * Its insides hang on a function, because a flow clones what it passes on: the clone of a function is the
 * function itself, so a batch costs the same on one wire and on ten. Nothing of it ever changes.
 */
export class RingBatch implements EventBatch {
  readonly insides: () => { readonly rows: RingRows; readonly context: RingContext };

  constructor(
    rows: RingRows,
    context: RingContext,
    readonly lost: readonly Loss[],
    readonly damage: readonly Damage[],
    readonly notes: readonly TraceNote[],
  ) {
    const insides = { rows, context };
    this.insides = () => insides;
  }

  /** The same events with further notes. */
  withNotes(notes: readonly TraceNote[]): RingBatch {
    if (notes.length === 0) return this;
    const { rows, context } = this.insides();
    return new RingBatch(rows, context, this.lost, this.damage, [...this.notes, ...notes]);
  }

  get length(): number {
    return this.insides().rows.length;
  }

  at(index: number): RingEvent {
    const { rows, context } = this.insides();
    if (index < 0 || index >= rows.length)
      throw new RangeError(`event ${index} of a batch of ${rows.length}`);
    return new RingEvent(rows, context, index);
  }

  *[Symbol.iterator](): Iterator<RingEvent> {
    const { rows, context } = this.insides();
    for (let row = 0; row < rows.length; row++) yield new RingEvent(rows, context, row);
  }

  toArray(): TraceEvent[] {
    return Array.from(this, (event) => event.toJSON());
  }

  toJSON(): unknown {
    return { events: this.toArray(), lost: this.lost, damage: this.damage, notes: this.notes };
  }
}
