/**
 * ftrace text, as `trace`, `trace_pipe` and `trace-cmd report` print it, to events.
 *
 * `CommonLine` reads most lines in one pass; for the others `LinePrefix` reads the columns before an event and
 * `BodyReader` the event itself. Here lines become rows of a table: a call trace joins the event that caused it
 * (`TextStacks`), a LOST line the next event of its CPU (`TextLosses`), a string with a newline its first line.
 * Format: kernel/trace/trace_output.c and print_trace_line() in kernel/trace/trace.c.
 *
 * Text prints names unescaped, so a name with a newline can forge a line. What was torn is reported as damage, and
 * so is what can be seen to have two readings; only raw pages can be trusted.
 */
import type { DamageCode } from '../../trace-error';
import type { Damage, Loss, TraceNote } from '../../trace-event';
import { ByteCache } from './byte-cache';
import { closesString } from './text-assignments';
import { TextBatch, type TextContext } from './text-batch';
import { BodyReader, continueBody, nameEndOf, type TextBody } from './body-reader';
import { CommonLine } from './common-line';
import { KernelLog } from './kernel-log';
import { SystraceHtml } from './systrace-html';
import { RowKind } from './row-kind';
import { DASH_COLUMN, LinePrefix, MAX_LINE } from './line-prefix';
import { OpenRows } from './open-rows';
import { NOTE_PREFIX, parseNoteLine } from '../trace-note';
import type { TraceReader } from '../trace-reader';
import { ANY_CPU, readEntriesLine, readLostLine, TextLosses } from './text-losses';
import { TextStacks } from './text-stacks';
import type { TextWrapping } from './text-wrapping';
import { UnfinishedLine } from './unfinished-line';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BLANK = 0x20;
const HASH = 0x23;
const DASH = 0x2d;

/** What one event prints, in however many lines, is at most one trace_seq. */
const MAX_CONTINUATION = 1 << 13;
const MAX_EXCERPT = 200;

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

  readonly #unfinished = new UnfinishedLine(MAX_LINE);
  /** The line is longer than any that the kernel prints: skipped up to its newline. */
  #overlong = false;
  /** What the trace is in; null where the text is nothing else. */
  #wrapping: TextWrapping | null = null;
  /** The page that is read ends with a line that has no newline. */
  #isUnended = false;
  /** Where the page that is read starts in the whole text. */
  #pageByte = 0;
  #line = 0;

  /** Events that may still get a call trace or another line. */
  readonly #rows = new OpenRows();
  readonly #losses = new TextLosses(this.#rows);
  readonly #stacks = new TextStacks(this.#rows, this.#losses);
  #open: OpenEvent | null = null;
  /** How many bytes a name has so far that may have been torn by its newlines, from the start of its column. */
  #torn = 0;

  #damage: Damage[] = [];
  #notes: TraceNote[] = [];

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
    return this.#release(this.#firstOpenRow());
  }

  end(): TextBatch {
    this.#overlong = false;
    if (this.#unfinished.length > 0) {
      this.#isUnended = true;
      this.#readPage(this.#unfinished.completedWith(Buffer.of(NEWLINE)));
    }
    if (this.#wrapping !== null && !this.#wrapping.hasTrace)
      this.#damage.push({ code: this.#wrapping.emptyCode, atByte: 0, line: 1 });
    this.#closeOpen();
    this.#stacks.close();
    return this.#release(this.#rows.length, this.#losses.takeAll());
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
    if (this.#wrapping !== null && !this.#wrapping.isPlain) return;
    if (bytes.subarray(start, end).includes(0)) this.#readHole(bytes, start, start, end);
    else this.#report('LINE_UNEXPLAINED', bytes, start, start, end);
  }

  /** Whole lines, which nobody else writes to. */
  #readPage(page: Buffer): void {
    const rows = this.#rows;
    const common = this.#common;
    const stacks = this.#stacks;
    const losses = this.#losses;
    const number = rows.pages.push(page) - 1;
    const limit = page.length;
    // Neither is common, and each needs a closer look.
    const isOrdinary = !this.#isUnended && !page.includes(0);
    common.startPage();
    let at = 0;
    while (at < limit) {
      this.#line++;
      const isPlain = isOrdinary && (this.#wrapping === null || this.#wrapping.isPlain);
      const next = isPlain ? common.read(page, at, limit, rows) : -1;
      if (next >= 0) {
        const row = rows.length - 1;
        rows.page[row] = number;
        if (this.#open !== null || stacks.isOpen || this.#torn > 0 || losses.isPending)
          this.#settle(row, page, at);
        at = next;
        continue;
      }
      const frameEnd = isPlain ? stacks.readPlainFrame(page, at) : -1;
      if (frameEnd >= 0) {
        at = frameEnd + 1;
        continue;
      }
      const newline = page.indexOf(NEWLINE, at);
      this.#readLine(page, at, newline);
      at = newline + 1;
    }
    this.#pageByte += limit;
  }

  /** What ends with the event of this row, and what waited for it. */
  #settle(row: number, page: Buffer, lineStart: number): void {
    this.#stacks.close();
    this.#torn = 0;
    if (this.#closeOpen()) this.#report('LINE_AMBIGUOUS', page, lineStart, lineStart, this.#rows.end[row]!);
    if (this.#losses.isPending) this.#losses.endGaps(row);
  }

  #readLine(bytes: Buffer, lineStart: number, newline: number): void {
    let start = lineStart;
    let end = newline;
    if (end > start && bytes[end - 1] === RETURN) end--;
    if (this.#line === 1) {
      // A byte order mark, from an editor that saved the trace.
      if (bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf) start += 3;
      if (SystraceHtml.begins(bytes, start, end)) this.#wrapping = new SystraceHtml();
      else if (KernelLog.begins(bytes.toString('latin1', start, end))) this.#wrapping = new KernelLog();
    }
    if (newline - lineStart > MAX_LINE) {
      this.#reportOverlong(bytes, lineStart, newline);
      return;
    }
    // A return is the end of a line, too.
    let isUnended = this.#isUnended && end === newline;
    if (this.#wrapping !== null) {
      const part = this.#wrapping.read(bytes, start, end);
      if (part === null) return;
      isUnended &&= part.end === end;
      ({ start, end } = part);
    }
    const nul = bytes.indexOf(0, start);
    if (nul >= 0 && nul < end) {
      start = this.#readHole(bytes, lineStart, start, end);
      if (start === end) return;
    }
    if (start < end) {
      const isTorn = this.#torn > 0 && this.#prefix.readTorn(bytes, start, end, this.#torn);
      if (isTorn || (bytes[start] !== HASH && this.#prefix.read(bytes, start, end))) {
        this.#readEvent(bytes, lineStart, start, end, isUnended);
        return;
      }
    }
    const isRead = this.#stacks.readFrame(bytes, start, end) || this.#readOther(bytes, lineStart, start, end);
    if (!isRead) this.#report(isUnended ? 'LINE_CUT' : 'LINE_UNEXPLAINED', bytes, lineStart, start, end);
  }

  /**
   * A line with NUL bytes, which no text has: a part of the file was never written, with an unknown number of lines.
   * @returns where a whole line starts after them; `end` where none does
   */
  #readHole(bytes: Buffer, lineStart: number, start: number, end: number): number {
    const first = bytes.indexOf(0, start);
    const last = bytes.subarray(start, end).lastIndexOf(0) + start;
    this.#closeOpen();
    this.#stacks.close();
    this.#torn = 0;
    const before = bytes.toString('utf8', start, Math.min(first, start + MAX_EXCERPT / 2));
    const after = bytes.toString('utf8', last, Math.min(end, last + MAX_EXCERPT / 2));
    const place = { atByte: this.#pageByte + lineStart, line: this.#line, excerpt: `${before}${after}` };
    this.#damage.push({ code: 'LINE_NUL', ...place });
    this.#losses.add({ cpu: ANY_CPU, count: null });
    const rest = last + 1;
    // The end of a cut line does not have the dash in its column.
    return rest < end && bytes[rest] === BLANK && bytes[rest + DASH_COLUMN] === DASH ? rest : end;
  }

  #readEvent(bytes: Buffer, lineStart: number, start: number, end: number, isUnended: boolean): void {
    const isInString = this.#closeOpen();
    const prefix = this.#prefix;
    const rows = this.#rows;
    this.#stacks.close();
    this.#torn = 0;
    const body = this.#bodies.read(bytes, prefix.bodyStart, end);
    const lineEnd =
      !isUnended || body?.kind !== 'event' ? 'whole' : this.#bodies.endOf(body, bytes, prefix.bodyStart, end);
    if (body === undefined || lineEnd === 'cut') {
      this.#report(isUnended ? 'LINE_CUT' : 'LINE_UNEXPLAINED', bytes, lineStart, start, end);
      return;
    }
    if (body.kind === 'stack' && body.of === 'kernel_stack' && this.#stacks.attach(prefix)) return;
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
    const isAmbiguous = prefix.isAmbiguous || isInString || lineEnd === 'unknown';
    if (body.kind === 'stack') {
      rows.kind[row] = body.of === 'kernel_stack' ? RowKind.KERNEL_STACK : RowKind.USER_STACK;
      this.#stacks.open(row);
    } else {
      rows.kind[row] = this.#bodies.kindOf(body, bytes, prefix.bodyStart, rows.nameEnd[row]);
      if (body.open !== null) {
        this.#open = {
          index: rows.released + row,
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
    if (this.#losses.isPending) this.#losses.endGaps(row);
  }

  /** Lines without a prefix; false for one that ftrace does not print. */
  #readOther(bytes: Buffer, lineStart: number, start: number, end: number): boolean {
    const isHeader = bytes[start] === HASH && start < end;
    // The drawing above the columns; what says something starts with another byte.
    if (isHeader && this.#open === null && bytes[start + 1] === BLANK && bytes[start + 2] === BLANK) {
      this.#torn = 0;
      return true;
    }
    const text = bytes.toString('utf8', start, end);
    if (isHeader) {
      this.#torn = 0;
      if (this.#open && !HEADER.test(text) && this.#continueOpen(text)) return true;
      this.#readComment(text, bytes, lineStart, start, end);
      return true;
    }
    const lost = readLostLine(text, this.#prefix.indent);
    if (lost !== null) {
      this.#torn = 0;
      this.#losses.add(lost);
      return true;
    }
    if (this.#wrapping === null && KernelLog.beginsDump(text)) {
      this.#wrapping = new KernelLog();
      this.#wrapping.read(bytes, start, end);
      return true;
    }
    this.#tear(bytes, start, end);
    const isTooBig = text.endsWith('[LINE TOO BIG]');
    if (!isTooBig && this.#open && this.#continueOpen(text)) return true;
    if (PREAMBLE.test(text)) return true;
    this.#stacks.close();
    if (isTooBig) this.#report('LINE_TOO_BIG', bytes, lineStart, start, end);
    return isTooBig;
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
    const overwritten = readEntriesLine(text);
    if (overwritten !== null) this.#losses.add(overwritten);
  }

  /** Another line of the event before; false where that event is complete or as long as events get. */
  #continueOpen(text: string): boolean {
    const open = this.#open;
    if (!open || open.length + text.length + 1 > MAX_CONTINUATION) return false;
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
    if (open.lines.length > 0) this.#rows.extraOf(open.index - this.#rows.released).body = body;
    if (body.open === 'string') this.#damage.push({ code: 'LINE_UNEXPLAINED', ...open.place });
    else if (body.isAmbiguous && !open.isReported)
      this.#damage.push({ code: 'LINE_AMBIGUOUS', ...open.place });
    return body.open === 'string';
  }

  #place(bytes: Buffer, lineStart: number, start: number, end: number): Omit<Damage, 'code'> {
    const excerpt = bytes.toString('utf8', start, Math.min(end, start + MAX_EXCERPT));
    return { atByte: this.#pageByte + lineStart, line: this.#line, excerpt };
  }

  #report(code: DamageCode, bytes: Buffer, lineStart: number, start: number, end: number): void {
    this.#damage.push({ code, ...this.#place(bytes, lineStart, start, end) });
  }

  /** The first row that a later line may still change. */
  #firstOpenRow(): number {
    const first = this.#stacks.firstOpenRow();
    return this.#open === null ? first : Math.min(first, this.#rows.length - 1);
  }

  #release(count: number, lostAtEnd?: readonly Loss[]): TextBatch {
    const rows = this.#rows.release(count);
    const lost = lostAtEnd ?? this.#losses.takeReleased();
    const batch = new TextBatch({ rows, context: this.#context }, lost, this.#damage, this.#notes);
    this.#damage = [];
    this.#notes = [];
    return batch;
  }
}
