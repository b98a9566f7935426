/**
 * The records of one CPU's ring buffer that are read but not yet passed on, in order of time, as columns: where
 * each stands, not what is in it. Filling a row costs a few stores and no object.
 */
import type { Damage, Loss } from '../trace-event';
import type { EventTable } from './event-table';
import { isDamage, readPageHeader } from './page-header';
import { walkRecords } from './page-records';
import { setTicks, toSeconds, type TraceTime } from './trace-time';

const FIRST_ROWS = 1024;
const NO_STACK = -1;
/** A call trace stands right behind its event, but for what interrupted the CPU between them. */
const STACK_DISTANCE = 8;
/** TRACE_FLAG_HARDIRQ, _SOFTIRQ and _NMI: whether the task ran, or what interrupted it. */
const CONTEXT_FLAGS = 0x58;
/** Bytes of `common_type`, `common_flags`, `common_preempt_count` and `common_pid`, which every record has. */
const SMALLEST_RECORD = 8;

export interface StackPlace {
  readonly page: DataView;
  readonly offset: number;
  readonly length: number;
}

export class RecordQueue {
  length = 0;
  /** The first row behind the last loss: a call trace behind a gap is of an event that was lost. */
  #gapAt = 0;
  /** Pages that rows point into, by index. Never written again once pushed. */
  pages: DataView[] = [];
  stacks: StackPlace[] = [];
  lost: Loss[] = [];
  damage: Damage[] = [];
  sec = new Float64Array(FIRST_ROWS);
  nsec = new Uint32Array(FIRST_ROWS);
  page = new Uint32Array(FIRST_ROWS);
  offset = new Uint32Array(FIRST_ROWS);
  size = new Uint32Array(FIRST_ROWS);
  id = new Uint16Array(FIRST_ROWS);
  /** Index into `stacks`, or -1. */
  stack = new Int32Array(FIRST_ROWS);

  constructor(
    readonly cpu: number,
    readonly instance: number,
  ) {}

  /** Takes a page as it was read. The bytes must not change afterwards. */
  push(bytes: Uint8Array, table: EventTable, atByte: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const header = readPageHeader(view, table.layout);
    if (isDamage(header)) {
      this.damage.push({ ...header, atByte: atByte + header.atByte });
      return;
    }
    const firstRow = this.length;
    if (header.lost !== 0) this.#gapAt = firstRow;
    const pageIndex = this.pages.push(view) - 1;
    const little = table.layout.littleEndian;
    const damage = walkRecords(view, header, table.layout, (time, offset, length) => {
      if (length < SMALLEST_RECORD) {
        this.damage.push({ code: 'RECORD_SHORT', atByte: atByte + offset });
        return;
      }
      const id = view.getUint16(offset, little);
      if (id === table.stackId && this.#attachStack(view, offset, length, little)) return;
      this.#addRow(time, pageIndex, offset, length, id);
    });
    if (damage !== null) this.damage.push({ ...damage, atByte: atByte + damage.atByte });
    if (header.lost !== 0)
      this.lost.push({ cpu: this.cpu, ts: this.#secondsOf(firstRow, header.baseTime), count: header.lost });
  }

  /** The time of the row, or of the page where no such row came of it. */
  #secondsOf(row: number, baseTime: bigint): number {
    if (row < this.length) return toSeconds(this.sec[row]!, this.nsec[row]!);
    const time: TraceTime = { sec: 0, nsec: 0 };
    setTicks(time, baseTime);
    return toSeconds(time.sec, time.nsec);
  }

  /** A call trace belongs to the last event of its CPU, task and context; an interrupt's may stand between. */
  #attachStack(view: DataView, offset: number, length: number, little: boolean): boolean {
    const pid = view.getInt32(offset + 4, little);
    const context = view.getUint8(offset + 2) & CONTEXT_FLAGS;
    const oldest = Math.max(this.#gapAt, this.length - STACK_DISTANCE);
    for (let row = this.length - 1; row >= oldest; row--) {
      const page = this.pages[this.page[row]!]!;
      const at = this.offset[row]!;
      if (page.getInt32(at + 4, little) !== pid || (page.getUint8(at + 2) & CONTEXT_FLAGS) !== context)
        continue;
      // A second one is not of the event before.
      if (this.stack[row] !== NO_STACK) return false;
      this.stack[row] = this.stacks.push({ page: view, offset, length }) - 1;
      return true;
    }
    return false;
  }

  #addRow(time: Readonly<TraceTime>, page: number, offset: number, size: number, id: number): void {
    const row = this.length;
    if (row === this.sec.length) this.#grow();
    this.sec[row] = time.sec;
    this.nsec[row] = time.nsec;
    this.page[row] = page;
    this.offset[row] = offset;
    this.size[row] = size;
    this.id[row] = id;
    this.stack[row] = NO_STACK;
    this.length = row + 1;
  }

  #grow(): void {
    const rows = this.sec.length * 2;
    const larger = <T extends { set(from: T): void }>(column: T, empty: T): T => {
      empty.set(column);
      return empty;
    };
    this.sec = larger(this.sec, new Float64Array(rows));
    this.nsec = larger(this.nsec, new Uint32Array(rows));
    this.page = larger(this.page, new Uint32Array(rows));
    this.offset = larger(this.offset, new Uint32Array(rows));
    this.size = larger(this.size, new Uint32Array(rows));
    this.id = larger(this.id, new Uint16Array(rows));
    this.stack = larger(this.stack, new Int32Array(rows));
  }

  /** How many rows are earlier than the time; all for null. Rows are in order of time. */
  rowsBefore(time: Readonly<TraceTime> | null): number {
    if (time === null) return this.length;
    let rows = this.length;
    while (
      rows > 0 &&
      !(
        this.sec[rows - 1]! < time.sec ||
        (this.sec[rows - 1] === time.sec && this.nsec[rows - 1]! < time.nsec)
      )
    ) {
      rows--;
    }
    return rows;
  }

  /** Forgets the first rows. What is left keeps its pages; the passed ones belong to their batch. */
  drop(rows: number): void {
    const left = this.length - rows;
    if (left === 0) {
      this.pages = [];
      this.stacks = [];
    } else {
      const firstPage = this.page[rows]!;
      this.pages = this.pages.slice(firstPage);
      for (const column of [this.sec, this.nsec, this.page, this.offset, this.size, this.id, this.stack]) {
        column.copyWithin(0, rows, this.length);
      }
      for (let row = 0; row < left; row++) this.page[row] = this.page[row]! - firstPage;
      this.#dropStacks(left);
    }
    this.length = left;
    this.#gapAt = Math.max(0, this.#gapAt - rows);
  }

  #dropStacks(left: number): void {
    const kept: StackPlace[] = [];
    for (let row = 0; row < left; row++) {
      const index = this.stack[row]!;
      if (index !== NO_STACK) this.stack[row] = kept.push(this.stacks[index]!) - 1;
    }
    this.stacks = kept;
  }
}
