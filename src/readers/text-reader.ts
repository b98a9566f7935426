/**
 * ftrace text, as `trace`, `trace_pipe` and `trace-cmd report` print it, to events.
 *
 * `LinePrefix` reads what stands before an event, `BodyReader` what it says; here lines become events: a call
 * trace joins the event that caused it, a LOST line the next event of its CPU, a string with a newline its
 * first line. Format: kernel/trace/trace_output.c and print_trace_line() in kernel/trace/trace.c.
 *
 * Text prints names unescaped, so a name with a newline can forge a line. What was torn is reported as damage;
 * only raw pages can be trusted.
 */
import { EventList } from '../event-list';
import type { Damage, Loss, TraceEvent, TraceNote } from '../trace-event';
import { BodyReader, continueBody, type TextBody } from './text-body';
import { ByteCache } from './byte-cache';
import { LinePrefix } from './text-line';
import { closesString } from './text-assignments';
import { readNote } from './trace-note';
import type { TraceReader } from './trace-reader';

/** Before the JSON of a note: a comment to every other reader of ftrace text. */
export const NOTE_PREFIX = '# ftrace-life: ';

/** A CPU of -1: the header's count of overwritten events is not told apart by CPU. */
export const ANY_CPU = -1;

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BLANK = 0x20;
const TAB = 0x09;
const HASH = 0x23;
const EQUALS = 0x3d;
const GREATER = 0x3e;

/**
 * An event waits for its call trace until its CPU's next line, or until that many events of others: the kernel
 * merges CPUs by time, so an event and its call trace, recorded one after the other, stand close.
 */
const STACK_DISTANCE = 64;
/** A line is at most one trace_seq (8 KiB; 4 KiB before 6.8); more without a newline is no text. */
const LONGEST_LINE = 1 << 16;
/** And so is what one event prints, in however many lines. */
const LONGEST_CONTINUATION = 1 << 13;
const EXCERPT = 200;

const LOST =
  /^CPU:(-?[0-9]{1,6}) \[(?:LOST(?: ([0-9]{1,15}))? EVENTS|(?:([0-9]{1,15}) )?EVENTS DROPPED)\]\s*$/;
const ENTRIES = /^# entries-in-buffer\/entries-written: ([0-9]{1,15})\/([0-9]{1,15})\s/;
/** Headers that may follow another trace in the same file, even where a program's own text goes on. */
const HEADER = /^(?:##### CPU [0-9]+ buffer started ####|# tracer: |# entries-in-buffer|# ftrace-life: )/;
/** trace-cmd report begins with these. */
const PREAMBLE = /^(?:version = [0-9]+|cpus=[0-9]+|CPU [0-9]+ is empty|\s*)$/;

type OpenEvent = { -readonly [Key in keyof TraceEvent]: TraceEvent[Key] };

interface LastOfCpu {
  readonly event: OpenEvent;
  /** Its place among all events of this trace. */
  readonly index: number;
}

export class TextReader implements TraceReader {
  private readonly prefix = new LinePrefix();
  private readonly bodies = new BodyReader();
  private readonly comms = new ByteCache((text): string | null =>
    text === '<...>' || text === '<unknown>' || text === '<XXX>' ? null : text,
  );

  /** A line's beginning whose end has not come yet. */
  private rest: Buffer = Buffer.alloc(0);
  /** The line is longer than any that the kernel prints: skipped up to its newline. */
  private overlong = false;
  private atByte = 0;
  private line = 0;

  /** Events that may still get a call trace or another line. `first` is the index of the first of them. */
  private waiting: OpenEvent[] = [];
  private first = 0;
  private readonly lastOfCpu = new Map<number, LastOfCpu>();
  /** The event whose call trace is being read, and where its frames go. */
  private stack: { readonly index: number; readonly frames: string[] } | null = null;
  /** The event of the last line, while further lines may belong to it. */
  private open: {
    readonly event: OpenEvent;
    readonly body: TextBody;
    lines: string[];
    length: number;
  } | null = null;
  private openAt: Damage | null = null;

  /** Losses whose next event has not come, by CPU; and those that wait together with it. */
  private readonly pendingLost = new Map<number, Loss[]>();
  private waitingLost: { readonly loss: Loss; readonly index: number }[] = [];
  private lost: Loss[] = [];
  private damage: Damage[] = [];
  private notes: TraceNote[] = [];

  push(chunk: Uint8Array): EventList {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (;;) {
      const newline = bytes.indexOf(NEWLINE, start);
      if (newline < 0) break;
      this.takeLine(bytes, start, newline, 1);
      start = newline + 1;
    }
    if (start < bytes.length) this.keep(bytes.subarray(start));
    return this.release(this.firstOpen());
  }

  end(): EventList {
    if (this.rest.length > 0 || this.overlong) this.takeLine(Buffer.alloc(0), 0, 0, 0);
    this.closeOpen();
    this.stack = null;
    for (const [cpu, losses] of this.pendingLost) {
      for (const loss of losses) this.waitingLost.push({ loss: { ...loss, cpu, ts: null }, index: Infinity });
    }
    this.pendingLost.clear();
    this.lastOfCpu.clear();
    return this.release(Infinity);
  }

  /** A copy: the caller may use its buffer again. */
  private keep(tail: Buffer): void {
    if (this.overlong) {
      this.atByte += tail.length;
      return;
    }
    this.rest = Buffer.concat([this.rest, tail]);
    if (this.rest.length <= LONGEST_LINE) return;
    this.report('LINE_UNEXPLAINED', this.rest, 0, this.rest.length, this.line + 1);
    this.atByte += this.rest.length;
    this.rest = Buffer.alloc(0);
    this.overlong = true;
  }

  /** One whole line: what was kept of it, and `bytes` from `start` to `end`. */
  private takeLine(bytes: Buffer, start: number, end: number, newlineBytes: number): void {
    this.line++;
    if (this.overlong) {
      this.overlong = false;
      this.atByte += end - start + newlineBytes;
      return;
    }
    if (this.rest.length === 0) {
      this.readLine(bytes, start, end);
      this.atByte += end - start + newlineBytes;
      return;
    }
    const line = Buffer.concat([this.rest, bytes.subarray(start, end)]);
    this.rest = Buffer.alloc(0);
    this.readLine(line, 0, line.length);
    this.atByte += line.length + newlineBytes;
  }

  private readLine(bytes: Buffer, lineStart: number, lineEnd: number): void {
    let start = lineStart;
    let end = lineEnd;
    if (end > start && bytes[end - 1] === RETURN) end--;
    // A byte order mark, from an editor that saved the trace.
    if (this.line === 1 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf)
      start += 3;
    if (start < end && bytes[start] !== HASH && this.prefix.read(bytes, start, end)) {
      this.readEvent(bytes, start, end);
      return;
    }
    const frame = this.stack ? frameStart(bytes, start, end) : -1;
    if (this.stack && frame >= 0) {
      this.stack.frames.push(bytes.toString('utf8', frame, end).trim());
      return;
    }
    this.readOther(bytes, start, end);
  }

  private readEvent(bytes: Buffer, start: number, end: number): void {
    this.closeOpen();
    this.stack = null;
    const { prefix } = this;
    const body = this.bodies.read(bytes, prefix.bodyStart, end);
    if (body === undefined) {
      this.report('LINE_UNEXPLAINED', bytes, start, end, this.line);
      return;
    }
    const index = this.first + this.waiting.length;
    if (body.kind === 'stack' && body.of === 'kernel_stack' && this.attachStack(index)) return;
    const event: OpenEvent = {
      ts: prefix.ts,
      cpu: prefix.cpu,
      pid: prefix.pid,
      tgid: prefix.tgid,
      comm:
        prefix.commStart === prefix.commEnd ? null : this.comms.get(bytes, prefix.commStart, prefix.commEnd),
      name: body.kind === 'stack' ? body.of : body.name,
      fields: body.kind === 'stack' ? this.openStack(index) : body.fields,
      flags: flagsOf(bytes, prefix),
    };
    this.waiting.push(event);
    // A user's call trace follows the kernel's own, which still belongs to the event before.
    if (body.kind === 'event') this.lastOfCpu.set(event.cpu, { event, index });
    if (body.kind === 'event' && body.open !== null) {
      this.open = { event, body, lines: [], length: 0 };
      this.openAt = body.open === 'string' ? this.place(bytes, start, end, this.line) : null;
    }
    if (this.pendingLost.size > 0) this.settleLost(event, index);
  }

  /** A call trace alone: an event under the kernel's own name and field (ftrace/kernel_stack `caller`). */
  private openStack(index: number): { caller: string[] } {
    const frames: string[] = [];
    this.stack = { index, frames };
    return { caller: frames };
  }

  /** The frames that follow go to the last event of this line's CPU and pid, if it is near. */
  private attachStack(index: number): boolean {
    const last = this.lastOfCpu.get(this.prefix.cpu);
    if (last?.event.pid !== this.prefix.pid || index - last.index > STACK_DISTANCE) return false;
    if (last.event.stack !== undefined) return false;
    const frames: string[] = [];
    last.event.stack = frames;
    this.stack = { index: last.index, frames };
    return true;
  }

  /** Lines without a prefix. */
  private readOther(bytes: Buffer, start: number, end: number): void {
    if (bytes[start] === HASH && start < end) {
      const text = bytes.toString('utf8', start, end);
      if (this.open && !HEADER.test(text) && this.continueOpen(text)) return;
      this.readComment(text, bytes, start, end);
      return;
    }
    const text = bytes.toString('utf8', start, end);
    const lost = LOST.exec(text);
    if (lost) {
      this.takeLoss(Number(lost[1]), lost[2] ?? lost[3]);
      return;
    }
    const isTooBig = text.endsWith('[LINE TOO BIG]');
    if (!isTooBig && this.open && this.continueOpen(text)) return;
    if (PREAMBLE.test(text)) return;
    this.stack = null;
    this.report(isTooBig ? 'LINE_TOO_BIG' : 'LINE_UNEXPLAINED', bytes, start, end, this.line);
  }

  private readComment(text: string, bytes: Buffer, start: number, end: number): void {
    if (text.startsWith(NOTE_PREFIX)) {
      const note = parseNote(text.slice(NOTE_PREFIX.length));
      if (note) this.notes.push(note);
      else this.report('NOTE_INVALID', bytes, start, end, this.line);
      return;
    }
    const entries = ENTRIES.exec(text);
    const overwritten = entries ? Number(entries[2]) - Number(entries[1]) : 0;
    if (overwritten > 0) this.takeLoss(ANY_CPU, String(overwritten));
  }

  private takeLoss(cpu: number, count: string | undefined): void {
    const losses = this.pendingLost.get(cpu) ?? [];
    losses.push({ cpu, ts: null, count: count === undefined ? null : Number(count) });
    this.pendingLost.set(cpu, losses);
    this.lastOfCpu.delete(cpu);
  }

  /** The loss happened before this event, so it is handed on together with it. */
  private settleLost(event: OpenEvent, index: number): void {
    for (const cpu of [ANY_CPU, event.cpu]) {
      for (const loss of this.pendingLost.get(cpu) ?? []) {
        this.waitingLost.push({ loss: { ...loss, ts: event.ts }, index });
      }
      this.pendingLost.delete(cpu);
    }
  }

  /** Another line of the event before; false where that event is complete or as long as events get. */
  private continueOpen(text: string): boolean {
    const { open } = this;
    if (!open || open.length + text.length + 1 > LONGEST_CONTINUATION) return false;
    open.lines.push(text);
    open.length += text.length + 1;
    // A string ends at its quote; a program's own text at the next line that has a prefix.
    if (open.body.open === 'string' && closesString(text)) this.closeOpen();
    return true;
  }

  private closeOpen(): void {
    const { open } = this;
    if (!open) return;
    this.open = null;
    const body = open.lines.length > 0 ? continueBody(open.body, open.lines) : open.body;
    open.event.fields = body.fields;
    if (body.open === 'string' && this.openAt) this.damage.push(this.openAt);
    this.openAt = null;
  }

  private place(bytes: Buffer, start: number, end: number, line: number): Damage {
    const excerpt = bytes.toString('utf8', start, Math.min(end, start + EXCERPT));
    return { code: 'LINE_UNEXPLAINED', atByte: this.atByte, line, excerpt };
  }

  private report(code: string, bytes: Buffer, start: number, end: number, line: number): void {
    this.damage.push({ ...this.place(bytes, start, end, line), code });
  }

  /** The index of the first event that a later line may still change. */
  private firstOpen(): number {
    const next = this.first + this.waiting.length;
    let first = this.stack ? this.stack.index : next;
    if (this.open) first = Math.min(first, next - 1);
    for (const [cpu, last] of this.lastOfCpu) {
      if (next - last.index > STACK_DISTANCE) this.lastOfCpu.delete(cpu);
      else if (last.event.stack === undefined) first = Math.min(first, last.index);
    }
    return first;
  }

  private release(upTo: number): EventList {
    const count = Math.min(this.waiting.length, Math.max(0, upTo - this.first));
    const events = count === this.waiting.length ? this.waiting : this.waiting.slice(0, count);
    this.waiting = count === this.waiting.length ? [] : this.waiting.slice(count);
    this.first += count;
    if (this.waitingLost.length > 0) {
      const isDue = (waiting: { index: number }): boolean => waiting.index < this.first || upTo === Infinity;
      this.lost.push(...this.waitingLost.filter(isDue).map((waiting) => waiting.loss));
      this.waitingLost = this.waitingLost.filter((waiting) => !isDue(waiting));
    }
    const batch = new EventList(events, this.lost, this.damage, this.notes);
    this.lost = [];
    this.damage = [];
    this.notes = [];
    return batch;
  }
}

/** Where a frame's text starts behind ` => `, `=> ` or a tab and `=> `; -1 where the line is no frame. */
function frameStart(bytes: Buffer, start: number, end: number): number {
  const at = bytes[start] === BLANK || bytes[start] === TAB ? start + 1 : start;
  return at + 1 < end && bytes[at] === EQUALS && bytes[at + 1] === GREATER ? at + 2 : -1;
}

const ALL_CLEAR = ['', '.', '..', '...', '....', '.....', '......', '.......', '........'];

function flagsOf(bytes: Buffer, prefix: LinePrefix): string {
  const { flagsStart, flagsEnd } = prefix;
  let at = flagsStart;
  while (at < flagsEnd && bytes[at] === 0x2e) at++;
  return at === flagsEnd ? ALL_CLEAR[flagsEnd - flagsStart]! : bytes.toString('latin1', flagsStart, flagsEnd);
}

function parseNote(json: string): TraceNote | null {
  try {
    return readNote(JSON.parse(json));
  } catch {
    return null;
  }
}
