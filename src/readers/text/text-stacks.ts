/**
 * Call traces in a text: a header, `<stack trace>`, and a line for each frame, ` => do_exit`. They belong to the
 * event before them on the same CPU; lines of other CPUs may come between.
 *
 * Format: trace_stack_print() and trace_user_stack_print() in kernel/trace/trace_output.c.
 */
import type { LinePrefix } from './line-prefix';
import type { FramePlace, OpenRows } from './open-rows';
import { RowKind } from './row-kind';
import type { TextLosses } from './text-losses';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BLANK = 0x20;
const TAB = 0x09;
const DASH = 0x2d;
const EQUALS = 0x3d;
const GREATER = 0x3e;

/**
 * An event waits for its call trace until its CPU's next line, or until that many events of others: the kernel
 * merges CPUs by time, so an event and its call trace, recorded one after the other, are close together.
 */
const STACK_DISTANCE = 64;
/** A call trace is at most one trace_seq, which was two pages before 6.8: 128 KiB where pages have 64. */
const MAX_STACK = 1 << 17;

const FRAME = ' => ';
/** Longer lines may be events in the rendering of the option `verbose`. */
const MAX_PLAIN_FRAME = 60;

export class TextStacks {
  readonly #rows: OpenRows;
  readonly #losses: TextLosses;
  /** The call trace that is being read: its event's index among all events, and where its frames go. */
  #current: { readonly index: number; readonly frames: FramePlace[]; length: number } | null = null;
  readonly #cpusSeen = new Int32Array(STACK_DISTANCE);

  constructor(rows: OpenRows, losses: TextLosses) {
    this.#rows = rows;
    this.#losses = losses;
  }

  /** Whether the next line may be a frame. */
  get isOpen(): boolean {
    return this.#current !== null;
  }

  close(): void {
    this.#current = null;
  }

  /** The frames that follow belong to this row. */
  open(row: number): void {
    const frames: FramePlace[] = [];
    this.#rows.extraOf(row).stack = frames;
    this.#current = { index: this.#rows.released + row, frames, length: 0 };
  }

  /**
   * The frames that follow belong to the last event of this header's CPU and pid. False where none is near that has
   * no call trace yet: then the call trace is an event of its own.
   */
  attach({ cpu, pid }: LinePrefix): boolean {
    const row = this.#lastOfCpu(cpu);
    if (row < 0 || this.#rows.pid[row] !== pid || this.#hasStack(row)) return false;
    if (this.#losses.isAfter(row, cpu)) return false;
    this.open(row);
    return true;
  }

  /**
   * Reads ` => do_exit` of the open call trace, the form that nearly all frames have.
   * @returns where the line ends; -1 where it has another form, or might be the event of a task with an odd name
   */
  readPlainFrame(bytes: Buffer, start: number): number {
    const current = this.#current;
    if (current === null) return -1;
    const end = plainFrameEnd(bytes, start);
    if (end < 0 || current.length + end - start > MAX_STACK) return -1;
    current.length += end - start;
    current.frames.push({ bytes, start: start + FRAME.length, end });
    return end;
  }

  /** Reads a frame of the open call trace in any form; false where the line is none, or one too many. */
  readFrame(bytes: Buffer, start: number, end: number): boolean {
    const current = this.#current;
    if (current === null) return false;
    const arrow = bytes[start] === BLANK || bytes[start] === TAB ? start + 1 : start;
    if (arrow + 1 >= end || bytes[arrow] !== EQUALS || bytes[arrow + 1] !== GREATER) return false;
    current.length += end - start;
    if (current.length > MAX_STACK) return false;
    current.frames.push({ bytes, start: arrow + 2, end });
    return true;
  }

  /** The first row that may still get a call trace, or more frames. */
  firstOpenRow(): number {
    const rows = this.#rows;
    const cpusSeen = this.#cpusSeen;
    let first = this.#current === null ? rows.length : this.#current.index - rows.released;
    const farthest = Math.max(0, rows.length - STACK_DISTANCE);
    let seen = 0;
    for (let row = rows.length - 1; row >= farthest; row--) {
      const cpu = rows.cpu[row]!;
      if (rows.kind[row]! >= RowKind.KERNEL_STACK || isAmong(cpusSeen, seen, cpu)) continue;
      cpusSeen[seen++] = cpu;
      if (!this.#hasStack(row)) first = Math.min(first, row);
    }
    return first;
  }

  /** The last event of this CPU among the near ones; -1 where there is none. */
  #lastOfCpu(cpu: number): number {
    const rows = this.#rows;
    const farthest = Math.max(0, rows.length - STACK_DISTANCE);
    for (let row = rows.length - 1; row >= farthest; row--) {
      if (rows.cpu[row] === cpu && rows.kind[row]! < RowKind.KERNEL_STACK) return row;
    }
    return -1;
  }

  #hasStack(row: number): boolean {
    const extra = this.#rows.extra[row]!;
    return extra > 0 && this.#rows.extras[extra - 1]!.stack !== undefined;
  }
}

/**
 * Where ` => do_exit` ends that starts at `start`; -1 where the line has no such form, or might be an event of a
 * task with an odd name, for which it needs a dash.
 */
function plainFrameEnd(bytes: Buffer, start: number): number {
  if (
    bytes[start] !== BLANK ||
    bytes[start + 1] !== EQUALS ||
    bytes[start + 2] !== GREATER ||
    bytes[start + 3] !== BLANK
  )
    return -1;
  let at = start + FRAME.length;
  while (bytes[at] !== NEWLINE && bytes[at] !== DASH && bytes[at] !== RETURN) at++;
  return bytes[at] === NEWLINE && at - start < MAX_PLAIN_FRAME ? at : -1;
}

function isAmong(numbers: Int32Array, count: number, number: number): boolean {
  for (let index = 0; index < count; index++) if (numbers[index] === number) return true;
  return false;
}
