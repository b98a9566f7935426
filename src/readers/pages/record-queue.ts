/**
 * The records of one CPU's ring buffer that are read but not yet passed on, in order of time. What is passed on is
 * handed over with its columns; what is left moves to new ones.
 */
import type { Damage } from '../../trace-event';
import { isDamage, readPageHeader, type PageHeader } from './page-header';
import type { PageLayout } from './page-layout';
import { appendRecords, type PageDamageCode, type RecordSink } from './page-records';
import { copyRows, makeColumns, type OpenColumns, type RecordColumns } from './record-columns';
import { setTicks, ticksOf, type ClockChange, type TraceTime } from './trace-time';

const FIRST_ROWS = 64;
const ROOM_ROWS = 512;
const NO_STACK = -1;
/** A call trace comes right after its event, but for what interrupted the CPU between them. */
const STACK_DISTANCE = 8;
/** TRACE_FLAG_HARDIRQ, _SOFTIRQ and _NMI: whether the task ran, or what interrupted it. */
const CONTEXT_FLAGS = 0x58;
/** Bytes of `common_type`, `common_flags`, `common_preempt_count` and `common_pid`, which every record has. */
const SMALLEST_RECORD = 8;

/** How pages are laid out, and which event is a call trace that belongs to the event before it. */
export interface PageKind {
  readonly layout: PageLayout;
  /** The id of `ftrace:kernel_stack`; -1 where there is none. */
  readonly stackId: number;
}

/** Events lost before the first event at or after this time. */
export interface RecordLoss {
  readonly cpu: number;
  /** The instance whose buffer they were in. */
  readonly instance: number;
  readonly sec: number;
  readonly nsec: number;
  readonly count: number | null;
}

export class RecordQueue implements RecordSink {
  #columns: OpenColumns;
  /** The first row after the last loss: a call trace after a gap is of an event that was lost. */
  #gapAt = 0;
  #lost: RecordLoss[] = [];
  #damage: Damage[] = [];
  /** Where the page that is being read was. */
  #pageAt = 0;
  readonly #none: RecordColumns;
  readonly stackId: number;
  lastSec = -1;
  lastNsec = 0;

  readonly cpu: number;
  readonly instance: number;
  readonly kind: PageKind;
  /** Null where the pages have the times as they are. */
  readonly #change: ClockChange | null;

  constructor(cpu: number, instance: number, kind: PageKind, change: ClockChange | null = null) {
    this.cpu = cpu;
    this.instance = instance;
    this.kind = kind;
    this.#change = change;

    this.stackId = kind.stackId;
    this.#columns = makeColumns(cpu, instance, FIRST_ROWS);
    this.#none = makeColumns(cpu, instance, 0);
  }

  get columns(): RecordColumns {
    return this.#columns;
  }

  /**
   * Takes a page as it was read. The bytes must not change afterwards.
   * @param atByte where the page was, for the place of a damage
   * @returns where its records end, in bytes from the start of the page
   */
  push(bytes: Uint8Array, atByte: number): number {
    const page = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { layout } = this.kind;
    const header = readPageHeader(page, layout);
    if (isDamage(header)) {
      this.#damage.push({ ...header, atByte: atByte + header.atByte });
      return 0;
    }
    const firstRow = this.#columns.length;
    if (header.lost !== 0) this.#gapAt = firstRow;
    this.#pageAt = atByte;
    appendRecords(page, header, layout, this, this.#bufferOf(bytes));
    if (this.#change !== null) this.#changeClock(firstRow, this.#change);
    if (header.lost !== 0) this.#lose(firstRow, header);
    return header.end;
  }

  reserve(rows: number): OpenColumns {
    const { length, buffers, stacks, sec } = this.#columns;
    if (length + rows > sec.length) {
      const larger = makeColumns(this.cpu, this.instance, Math.max(length * 2, length + rows));
      copyRows(this.#columns, 0, length, larger);
      this.#columns = Object.assign(larger, { buffers, stacks });
    }
    return this.#columns;
  }

  damaged(code: PageDamageCode, atByte: number): void {
    this.#damage.push({ code, atByte: this.#pageAt + atByte });
  }

  /** The index of the whole ArrayBuffer: pages that were read into one share it. */
  #bufferOf(bytes: Uint8Array): number {
    const { buffers } = this.#columns;
    const last = buffers.length - 1;
    if (last >= 0 && buffers[last]!.buffer === bytes.buffer) return last;
    return buffers.push(new DataView(bytes.buffer)) - 1;
  }

  /** The time is that of the first row after the gap, or of the page where no row came of it. */
  #lose(row: number, { baseTime, lost }: PageHeader): void {
    const { length, sec, nsec } = this.#columns;
    const time = { sec: 0, nsec: 0 };
    if (row < length) Object.assign(time, { sec: sec[row], nsec: nsec[row] });
    else setTicks(time, this.#change?.(baseTime) ?? baseTime);
    this.#lost.push({ cpu: this.cpu, instance: this.instance, ...time, count: lost });
  }

  /** Before CPUs are merged, since each may have its own. */
  #changeClock(firstRow: number, change: ClockChange): void {
    const { length, sec, nsec } = this.#columns;
    const time = { sec: 0, nsec: 0 };
    for (let row = firstRow; row < length; row++) {
      setTicks(time, change(ticksOf({ sec: sec[row]!, nsec: nsec[row]! })));
      sec[row] = time.sec;
      nsec[row] = time.nsec;
    }
  }

  /** A call trace belongs to the last event of its CPU, task and context; an interrupt's may come between. */
  attachStack(offset: number, length: number): boolean {
    const columns = this.#columns;
    const little = this.kind.layout.littleEndian;
    const buffer = columns.buffers.length - 1;
    const view = columns.buffers[buffer]!;
    if (length < SMALLEST_RECORD) return false;
    const pid = view.getInt32(offset + 4, little);
    const context = view.getUint8(offset + 2) & CONTEXT_FLAGS;
    const oldest = Math.max(this.#gapAt, columns.length - STACK_DISTANCE);
    for (let row = columns.length - 1; row >= oldest; row--) {
      const other = columns.buffers[columns.buffer[row]!]!;
      const at = columns.offset[row]!;
      if (other.getInt32(at + 4, little) !== pid || (other.getUint8(at + 2) & CONTEXT_FLAGS) !== context)
        continue;
      // A second one is not of the event before.
      if (columns.stack[row] !== NO_STACK) return false;
      columns.stack[row] = columns.stacks.push({ buffer, offset, length }) - 1;
      return true;
    }
    return false;
  }

  /** Of all records and call traces that wait. */
  get bytes(): number {
    const { size, length, stacks } = this.#columns;
    let sum = 0;
    for (let row = 0; row < length; row++) sum += size[row]!;
    for (const stack of stacks) sum += 'buffer' in stack ? stack.length : 0;
    return sum;
  }

  /** How many rows are earlier than the time; all for null. Rows are in order of time. */
  rowsBefore(time: Readonly<TraceTime> | null): number {
    const { sec, nsec, length } = this.#columns;
    if (time === null) return length;
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sec[middle]! < time.sec || (sec[middle] === time.sec && nsec[middle]! < time.nsec))
        low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Hands over the first rows. */
  take(rows: number): RecordColumns {
    if (rows === 0) return this.#none;
    const taken = this.#columns;
    const { length } = taken;
    // What comes next is about as much; and a page asks for more room than it takes.
    const left = makeColumns(this.cpu, this.instance, length + ROOM_ROWS);
    if (rows < length) {
      copyRows(taken, rows, length, left);
      const firstBuffer = left.buffer[0]!;
      left.buffers = taken.buffers.slice(firstBuffer);
      for (let row = 0; row < left.length; row++) {
        left.buffer[row]! -= firstBuffer;
        const stack = taken.stacks[left.stack[row]!];
        if (stack === undefined || !('buffer' in stack)) continue;
        left.stack[row] = left.stacks.push({ ...stack, buffer: stack.buffer - firstBuffer }) - 1;
      }
    }
    taken.length = rows;
    this.#columns = left;
    this.#gapAt = Math.max(0, this.#gapAt - rows);
    return taken;
  }

  /** The losses before that time, all for null, and all damage so far; each is handed over once. */
  takeLossesAndDamage(before: Readonly<TraceTime> | null): { lost: RecordLoss[]; damage: Damage[] } {
    const isDue = ({ sec, nsec }: RecordLoss): boolean =>
      before === null || sec < before.sec || (sec === before.sec && nsec < before.nsec);
    const lost = this.#lost.filter(isDue);
    this.#lost = this.#lost.filter((loss) => !isDue(loss));
    const damage = this.#damage;
    this.#damage = [];
    return { lost, damage };
  }

  /**
   * Copies the bytes of all rows to where `copy` says, so that what they were read into can be handed over.
   * @param copy copies so many bytes; gives their offset in `into`
   */
  move(into: DataView, copy: (from: DataView, offset: number, length: number) => number): void {
    const columns = this.#columns;
    const { buffers } = columns;
    for (let row = 0; row < columns.length; row++) {
      const from = buffers[columns.buffer[row]!]!;
      columns.offset[row] = copy(from, columns.offset[row]!, columns.size[row]!);
      columns.buffer[row] = 0;
    }
    columns.stacks = columns.stacks.map((stack) =>
      'buffer' in stack
        ? {
            buffer: 0,
            offset: copy(buffers[stack.buffer]!, stack.offset, stack.length),
            length: stack.length,
          }
        : stack,
    );
    columns.buffers = columns.length === 0 ? [] : [into];
  }
}
