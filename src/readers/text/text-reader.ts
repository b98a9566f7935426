/**
 * ftrace text, as `trace`, `trace_pipe` and `trace-cmd report` print it, to events.
 *
 * `CommonLine` finds in one pass what most lines say; for the others `LinePrefix` reads what stands before an
 * event and `BodyReader` what it says. Here lines become rows of a table: a call trace joins the event that caused
 * it, a LOST line the next event of its CPU, a string with a newline its first line. Format:
 * kernel/trace/trace_output.c and print_trace_line() in kernel/trace/trace.c.
 *
 * Text prints names unescaped, so a name with a newline can forge a line. What was torn is reported as damage, and
 * so is what can be seen to have two readings; only raw pages can be trusted.
 */
import type { Damage, Loss, TraceNote } from '../../trace-event';
import { ByteCache } from './byte-cache';
import { closesString } from './text-assignments';
import { TextBatch, type TextContext } from './text-batch';
import { BodyReader, continueBody, nameEndOf, type TextBody } from './text-body';
import { CommonLine } from './text-common-line';
import { SystraceHtml } from './text-html';
import { RowKind } from './text-kind';
import { DASH_COLUMN, LinePrefix, LONGEST_LINE } from './text-line';
import { type FramePlace, OpenRows } from './text-rows';
import { NOTE_PREFIX, parseNoteLine } from '../trace-note';
import type { TraceReader } from '../trace-reader';
import { UnfinishedLine } from './unfinished-line';

/** A CPU of -1: the header's count of overwritten events is not told apart by CPU. */
export const ANY_CPU = -1;

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BLANK = 0x20;
const TAB = 0x09;
const HASH = 0x23;
const DASH = 0x2d;
const EQUALS = 0x3d;
const GREATER = 0x3e;

/**
 * An event waits for its call trace until its CPU's next line, or until that many events of others: the kernel
 * merges CPUs by time, so an event and its call trace, recorded one after the other, stand close.
 */
const STACK_DISTANCE = 64;
/** What one event prints, in however many lines, is at most one trace_seq. */
const LONGEST_CONTINUATION = 1 << 13;
/** The same for a call trace; a trace_seq was two pages before 6.8, which are 128 KiB where pages have 64. */
const LONGEST_STACK = 1 << 17;
/** Gaps that wait for the next event of their CPU. More of them are added up. */
const MAX_GAPS_OF_CPU = 16;
const MAX_CPUS_WITH_GAPS = 4096;
const EXCERPT = 200;

/** trace-cmd report puts the name of an instance, or blanks of that length, before it. */
const LOST =
  /^( *(?:[^\s:]{1,128}: )?)CPU:(-?[0-9]{1,6}) \[(?:LOST(?: ([0-9]{1,15}))? EVENTS|(?:([0-9]{1,15}) )?EVENTS DROPPED)\]\s*$/;
const ENTRIES = /^# entries-in-buffer\/entries-written: ([0-9]{1,15})\/([0-9]{1,15})\s/;
/** Headers that may follow another trace in the same file, even where a program's own text goes on. */
const HEADER = /^(?:##### CPU [0-9]+ buffer started ####|# tracer: |# entries-in-buffer|# ftrace-life: )/;
/** trace-cmd report begins with these. */
const PREAMBLE = /^(?:version = [0-9]+|cpus=[0-9]+|CPU [0-9]+ is empty|\s*)$/;

/** The event of the last line, while further lines may belong to it. */
interface OpenEvent {
  /** Its place among all events of this trace. */
  readonly index: number;
  readonly body: TextBody;
  readonly lines: string[];
  length: number;
  /** For damage, without its code. */
  readonly place: Omit<Damage, 'code'>;
  readonly isReported: boolean;
}

export class TextReader implements TraceReader {
  readonly #prefix = new LinePrefix();
  readonly #bodies = new BodyReader();
  readonly #common = new CommonLine(this.#bodies);
  readonly #context: TextContext = {
    bodies: this.#bodies,
    comms: new ByteCache((text): string | null =>
      text === '<...>' || text === '<unknown>' || text === '<XXX>' ? null : text,
    ),
  };

  readonly #unfinished = new UnfinishedLine(LONGEST_LINE);
  /** The line is longer than any that the kernel prints: skipped up to its newline. */
  #overlong = false;
  #html: SystraceHtml | null = null;
  /** Where the page that is read starts in the whole text. */
  #pageByte = 0;
  #line = 0;

  /** Events that may still get a call trace or another line. `first` is the index of the first of them. */
  readonly #rows = new OpenRows();
  #first = 0;
  /** The event whose call trace is being read, and where its frames go. */
  #stack: { readonly index: number; readonly frames: FramePlace[]; length: number } | null = null;
  #open: OpenEvent | null = null;
  /** How many bytes a name has so far that may have been torn by its newlines, from the start of its column. */
  #torn = 0;

  /** Losses whose next event has not come, by CPU; and those that wait together with it. */
  readonly #pendingLost = new Map<number, Loss[]>();
  #waitingLost: { readonly loss: Loss; readonly index: number }[] = [];
  #lost: Loss[] = [];
  #damage: Damage[] = [];
  #notes: TraceNote[] = [];
  readonly #cpusSeen = new Int32Array(STACK_DISTANCE);

  push(chunk: Uint8Array): TextBatch {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const last = bytes.lastIndexOf(NEWLINE);
    let start = 0;
    if (this.#overlong && last >= 0) {
      start = bytes.indexOf(NEWLINE) + 1;
      this.#overlong = false;
      this.#pageByte += start;
    }
    if (last >= start) this.#readPage(this.#unfinished.completedWith(bytes.subarray(start, last + 1)));
    if (last + 1 < bytes.length) this.#keep(bytes.subarray(last + 1));
    return this.#release(this.#firstOpen());
  }

  end(): TextBatch {
    this.#overlong = false;
    if (this.#unfinished.length > 0) this.#readPage(this.#unfinished.completedWith(Buffer.of(NEWLINE)));
    this.#closeOpen();
    this.#stack = null;
    for (const losses of this.#pendingLost.values()) {
      for (const loss of losses) this.#waitingLost.push({ loss, index: Infinity });
    }
    this.#pendingLost.clear();
    return this.#release(Infinity);
  }

  #keep(tail: Buffer): void {
    if (this.#overlong) {
      this.#pageByte += tail.length;
      return;
    }
    if (this.#unfinished.add(tail)) return;
    const line = this.#unfinished.completedWith(tail);
    this.#line++;
    this.#reportOverlong(line, 0, line.length);
    this.#pageByte += line.length;
    this.#overlong = true;
  }

  #reportOverlong(bytes: Buffer, start: number, end: number): void {
    // The viewer in a page of HTML may have lines of any length.
    if (this.#html === null || this.#html.isPlain) this.#report('LINE_UNEXPLAINED', bytes, start, start, end);
  }

  /** Whole lines, which nobody else writes to. */
  #readPage(page: Buffer): void {
    const rows = this.#rows;
    const common = this.#common;
    const number = rows.pages.push(page) - 1;
    const limit = page.length;
    common.startPage();
    let at = 0;
    while (at < limit) {
      this.#line++;
      const isPlain = this.#html === null || this.#html.isPlain;
      const next = isPlain ? common.read(page, at, limit, rows) : -1;
      if (next >= 0) {
        const row = rows.length - 1;
        rows.page[row] = number;
        if (this.#open !== null || this.#stack !== null || this.#torn > 0 || this.#pendingLost.size > 0)
          this.#settle(row, page, at);
        at = next;
        continue;
      }
      const frame = isPlain && this.#stack !== null ? plainFrameEnd(page, at) : -1;
      if (frame >= 0) {
        this.#stack!.length += frame - at;
        if (this.#stack!.length <= LONGEST_STACK) {
          this.#stack!.frames.push({ bytes: page, start: at + FRAME.length, end: frame });
          at = frame + 1;
          continue;
        }
      }
      const newline = page.indexOf(NEWLINE, at);
      this.#readLine(page, at, newline);
      at = newline + 1;
    }
    this.#pageByte += limit;
  }

  /** What ends with the event of this row, and what waited for it. */
  #settle(row: number, page: Buffer, lineStart: number): void {
    this.#stack = null;
    this.#torn = 0;
    if (this.#closeOpen()) this.#report('LINE_AMBIGUOUS', page, lineStart, lineStart, this.#rows.end[row]!);
    if (this.#pendingLost.size > 0) this.#settleLost(row);
  }

  #readLine(bytes: Buffer, lineStart: number, newline: number): void {
    let start = lineStart;
    let end = newline;
    if (end > start && bytes[end - 1] === RETURN) end--;
    if (this.#line === 1) {
      // A byte order mark, from an editor that saved the trace.
      if (bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf) start += 3;
      if (SystraceHtml.begins(bytes, start, end)) this.#html = new SystraceHtml();
    }
    if (newline - lineStart > LONGEST_LINE) {
      this.#reportOverlong(bytes, lineStart, newline);
      return;
    }
    if (this.#html !== null) {
      const part = this.#html.read(bytes, start, end);
      if (part === null) return;
      ({ start, end } = part);
    }
    if (start < end) {
      const isTorn = this.#torn > 0 && this.#prefix.readTorn(bytes, start, end, this.#torn);
      if (isTorn || (bytes[start] !== HASH && this.#prefix.read(bytes, start, end))) {
        this.#readEvent(bytes, lineStart, start, end);
        return;
      }
    }
    if (this.#stack !== null && this.#readFrame(this.#stack, bytes, start, end)) return;
    this.#readOther(bytes, lineStart, start, end);
  }

  #readEvent(bytes: Buffer, lineStart: number, start: number, end: number): void {
    const isInString = this.#closeOpen();
    const prefix = this.#prefix;
    const rows = this.#rows;
    this.#stack = null;
    this.#torn = 0;
    const body = this.#bodies.read(bytes, prefix.bodyStart, end);
    if (body === undefined) {
      this.#report('LINE_UNEXPLAINED', bytes, lineStart, start, end);
      return;
    }
    if (body.kind === 'stack' && body.of === 'kernel_stack' && this.#attachStack()) return;
    const row = rows.length;
    if (row === rows.capacity) rows.grow();
    rows.length++;
    rows.ts[row] = prefix.ts;
    rows.pid[row] = prefix.pid;
    rows.tgid[row] = prefix.tgid;
    rows.cpu[row] = prefix.cpu;
    rows.page[row] = rows.pages.length - 1;
    rows.line[row] = prefix.start;
    rows.origin[row] = prefix.start - start;
    rows.comm[row] = prefix.dash - prefix.start;
    rows.flags[row] = prefix.flagsStart;
    rows.flagsLength[row] = prefix.flagsEnd - prefix.flagsStart;
    rows.body[row] = prefix.bodyStart;
    rows.nameEnd[row] = nameEndOf(bytes, prefix.bodyStart, end);
    rows.end[row] = end;
    rows.extra[row] = 0;
    const isAmbiguous = prefix.isAmbiguous || isInString;
    if (body.kind === 'stack') {
      rows.kind[row] = body.of === 'kernel_stack' ? RowKind.KERNEL_STACK : RowKind.USER_STACK;
      this.#startStack(row);
    } else {
      rows.kind[row] = this.#bodies.kindOf(body, bytes, prefix.bodyStart, rows.nameEnd[row]);
      if (body.open !== null) {
        this.#open = {
          index: this.#first + row,
          body,
          lines: [],
          length: 0,
          place: this.#place(bytes, lineStart, start, end),
          isReported: isAmbiguous,
        };
      }
    }
    if (isAmbiguous || (body.kind === 'event' && body.open === null && body.isAmbiguous))
      this.#report('LINE_AMBIGUOUS', bytes, lineStart, start, end);
    if (this.#pendingLost.size > 0) this.#settleLost(row);
  }

  /** The frames that follow belong to this row. */
  #startStack(row: number): void {
    const frames: FramePlace[] = [];
    this.#rows.extraOf(row).stack = frames;
    this.#stack = { index: this.#first + row, frames, length: 0 };
  }

  /** The frames that follow go to the last event of this line's CPU and pid, if it is near. */
  #attachStack(): boolean {
    const rows = this.#rows;
    const prefix = this.#prefix;
    const row = this.#lastOfCpu(prefix.cpu);
    if (row < 0 || rows.pid[row] !== prefix.pid || this.#hasStack(row)) return false;
    if (this.#isLossBehind(prefix.cpu, row)) return false;
    this.#startStack(row);
    return true;
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

  /** Whether this CPU lost events between this row and now. */
  #isLossBehind(cpu: number, row: number): boolean {
    return (
      this.#pendingLost.has(cpu) ||
      this.#waitingLost.some(({ loss, index }) => loss.cpu === cpu && index > this.#first + row)
    );
  }

  /** ` => do_exit`; false where the line is no frame, or one too many. */
  #readFrame(
    stack: { readonly frames: FramePlace[]; length: number },
    bytes: Buffer,
    start: number,
    end: number,
  ): boolean {
    const arrow = bytes[start] === BLANK || bytes[start] === TAB ? start + 1 : start;
    if (arrow + 1 >= end || bytes[arrow] !== EQUALS || bytes[arrow + 1] !== GREATER) return false;
    stack.length += end - start;
    if (stack.length > LONGEST_STACK) return false;
    stack.frames.push({ bytes, start: arrow + 2, end });
    return true;
  }

  /** Lines without a prefix. */
  #readOther(bytes: Buffer, lineStart: number, start: number, end: number): void {
    const isHeader = bytes[start] === HASH && start < end;
    // The drawing above the columns; what says something starts with another byte.
    if (isHeader && this.#open === null && bytes[start + 1] === BLANK && bytes[start + 2] === BLANK) {
      this.#torn = 0;
      return;
    }
    const text = bytes.toString('utf8', start, end);
    if (isHeader) {
      this.#torn = 0;
      if (this.#open && !HEADER.test(text) && this.#continueOpen(text)) return;
      this.#readComment(text, bytes, lineStart, start, end);
      return;
    }
    const lost = LOST.exec(text);
    if (lost && (lost[1]!.trim() !== '' || lost[1]!.length === this.#prefix.indent || lost[1] === '')) {
      this.#torn = 0;
      this.#takeLoss(Number(lost[2]), lost[3] ?? lost[4]);
      return;
    }
    this.#tear(bytes, start, end);
    const isTooBig = text.endsWith('[LINE TOO BIG]');
    if (!isTooBig && this.#open && this.#continueOpen(text)) return;
    if (PREAMBLE.test(text)) return;
    this.#stack = null;
    this.#report(isTooBig ? 'LINE_TOO_BIG' : 'LINE_UNEXPLAINED', bytes, lineStart, start, end);
  }

  /** A name is right-aligned in 16 bytes, so the first part of one that a newline tore starts with a blank. */
  #tear(bytes: Buffer, start: number, end: number): void {
    const length = this.#torn + end - start + 1;
    this.#torn = (this.#torn > 0 || bytes[start] === BLANK) && length <= DASH_COLUMN ? length : 0;
  }

  #readComment(text: string, bytes: Buffer, lineStart: number, start: number, end: number): void {
    if (text.startsWith(NOTE_PREFIX)) {
      const note = parseNoteLine(text);
      if (note) this.#notes.push(note);
      else this.#report('NOTE_INVALID', bytes, lineStart, start, end);
      return;
    }
    const entries = ENTRIES.exec(text);
    const overwritten = entries ? Number(entries[2]) - Number(entries[1]) : 0;
    if (overwritten > 0) this.#takeLoss(ANY_CPU, String(overwritten));
  }

  #takeLoss(ofCpu: number, digits: string | undefined): void {
    const isRoom = this.#pendingLost.size < MAX_CPUS_WITH_GAPS || this.#pendingLost.has(ofCpu);
    const cpu = isRoom ? ofCpu : ANY_CPU;
    const losses = this.#pendingLost.get(cpu) ?? [];
    const loss = { cpu, ts: null, count: digits === undefined ? null : Number(digits) };
    const last = losses.at(-1);
    if (last !== undefined && losses.length >= MAX_GAPS_OF_CPU) {
      const count = last.count === null || loss.count === null ? null : last.count + loss.count;
      losses[losses.length - 1] = { ...last, count };
    } else {
      losses.push(loss);
    }
    this.#pendingLost.set(cpu, losses);
  }

  /** The loss happened before the event of this row, so it is handed on together with it. */
  #settleLost(row: number): void {
    const ts = this.#rows.ts[row]!;
    for (const cpu of [ANY_CPU, this.#rows.cpu[row]!]) {
      const losses = this.#pendingLost.get(cpu);
      if (losses === undefined) continue;
      for (const loss of losses) this.#waitingLost.push({ loss: { ...loss, ts }, index: this.#first + row });
      this.#pendingLost.delete(cpu);
    }
  }

  /** Another line of the event before; false where that event is complete or as long as events get. */
  #continueOpen(text: string): boolean {
    const open = this.#open;
    if (!open || open.length + text.length + 1 > LONGEST_CONTINUATION) return false;
    open.lines.push(text);
    open.length += text.length + 1;
    // A string ends at its quote; a program's own text at the next line that has a prefix.
    if (open.body.open === 'string' && closesString(text)) this.#closeOpen();
    return true;
  }

  /** True where a string is still open: what follows may be part of it, whatever it looks like. */
  #closeOpen(): boolean {
    const open = this.#open;
    if (!open) return false;
    this.#open = null;
    const body = open.lines.length > 0 ? continueBody(open.body, open.lines) : open.body;
    if (open.lines.length > 0) this.#rows.extraOf(open.index - this.#first).body = body;
    if (body.open === 'string') this.#damage.push({ code: 'LINE_UNEXPLAINED', ...open.place });
    else if (body.isAmbiguous && !open.isReported)
      this.#damage.push({ code: 'LINE_AMBIGUOUS', ...open.place });
    return body.open === 'string';
  }

  #place(bytes: Buffer, lineStart: number, start: number, end: number): Omit<Damage, 'code'> {
    const excerpt = bytes.toString('utf8', start, Math.min(end, start + EXCERPT));
    return { atByte: this.#pageByte + lineStart, line: this.#line, excerpt };
  }

  #report(code: string, bytes: Buffer, lineStart: number, start: number, end: number): void {
    this.#damage.push({ code, ...this.#place(bytes, lineStart, start, end) });
  }

  /** The index of the first event that a later line may still change. */
  #firstOpen(): number {
    const rows = this.#rows;
    const cpusSeen = this.#cpusSeen;
    let first = this.#stack ? this.#stack.index - this.#first : rows.length;
    if (this.#open) first = Math.min(first, rows.length - 1);
    const farthest = Math.max(0, rows.length - STACK_DISTANCE);
    let seen = 0;
    for (let row = rows.length - 1; row >= farthest; row--) {
      const cpu = rows.cpu[row]!;
      if (rows.kind[row]! >= RowKind.KERNEL_STACK || isAmong(cpusSeen, seen, cpu)) continue;
      cpusSeen[seen++] = cpu;
      if (!this.#hasStack(row)) first = Math.min(first, row);
    }
    return this.#first + first;
  }

  #release(upTo: number): TextBatch {
    const count = Math.min(this.#rows.length, Math.max(0, upTo - this.#first));
    const rows = this.#rows.release(count);
    this.#first += count;
    if (this.#waitingLost.length > 0) {
      const isDue = (waiting: { index: number }): boolean => waiting.index < this.#first || upTo === Infinity;
      this.#lost.push(...this.#waitingLost.filter(isDue).map((waiting) => waiting.loss));
      this.#waitingLost = this.#waitingLost.filter((waiting) => !isDue(waiting));
    }
    const batch = new TextBatch({ rows, context: this.#context }, this.#lost, this.#damage, this.#notes);
    this.#lost = [];
    this.#damage = [];
    this.#notes = [];
    return batch;
  }
}

const FRAME = ' => ';
/** Longer lines may be events in the rendering of the option `verbose`. */
const LONGEST_PLAIN_FRAME = 60;

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
  return bytes[at] === NEWLINE && at - start < LONGEST_PLAIN_FRAME ? at : -1;
}

function isAmong(numbers: Int32Array, count: number, number: number): boolean {
  for (let index = 0; index < count; index++) if (numbers[index] === number) return true;
  return false;
}
