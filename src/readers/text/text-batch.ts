/**
 * Events of text: a table of where each is in the bytes. An event's name, comm, fields and call trace are
 * read when they are looked at, and not before.
 */
import { LazyBatch, plainEvent, type LazyEvent } from '../../lazy-batch';
import type { EventFields, EventScan, FieldValue, Tid, TraceEvent } from '../../trace-event';
import type { ByteCache } from './byte-cache';
import type { BodyReader, TextBody } from './body-reader';
import { RowKind } from './row-kind';
import { NO_GROUP, type TextRows } from './open-rows';

/** What the events of one trace share. */
export interface TextContext {
  readonly bodies: BodyReader;
  readonly comms: ByteCache<string | null>;
}

const BLANK = 0x20;
const DOT = 0x2e;

/** By their number: most lines of a trace have no flag set. */
const NO_FLAGS = ['', '.', '..', '...', '....', '.....', '......', '.......', '........'];

/** What a batch and its events look into. */
export interface TextBacking {
  readonly rows: TextRows;
  readonly context: TextContext;
}

/**
 * One event of a batch; plain data only where it is asked for (`toJSON`). Its backing is its batch's, reached through the
 * same function: so a clone of an event alone costs little, and is an event as well.
 */
export class TextEvent implements LazyEvent {
  private body: TextBody | undefined;
  private decodedFields: EventFields | undefined;

  private readonly backing: () => TextBacking;
  /** Its place in the batch. */
  readonly row: number;

  constructor(backing: () => TextBacking, row: number) {
    this.backing = backing;
    this.row = row;
  }

  private get rows(): TextRows {
    return this.backing().rows;
  }

  private get context(): TextContext {
    return this.backing().context;
  }

  get ts(): number {
    return this.rows.ts[this.row]!;
  }

  get cpu(): number {
    return this.rows.cpu[this.row]!;
  }

  get pid(): Tid {
    return this.rows.pid[this.row]!;
  }

  get tgid(): number | null {
    const tgid = this.rows.tgid[this.row]!;
    return tgid === NO_GROUP ? null : tgid;
  }

  get comm(): string | null {
    const bytes = this.page();
    let start = this.rows.line[this.row]!;
    const end = start + this.rows.comm[this.row]!;
    while (start < end && bytes[start] === BLANK) start++;
    return start === end ? null : this.context.comms.get(bytes, start, end);
  }

  get name(): string {
    const { rows, row } = this;
    const kind = rows.kind[row]!;
    if (kind === RowKind.OTHER) return this.decoded().name;
    if (kind === RowKind.KERNEL_STACK) return 'kernel_stack';
    if (kind === RowKind.USER_STACK) return 'user_stack';
    return this.context.bodies.nameOf(kind, this.page(), rows.body[row]!, rows.nameEnd[row]!);
  }

  get fields(): EventFields {
    return (this.decodedFields ??= this.readFields());
  }

  /** One field; without decoding the others in what system calls print most. */
  field(name: string): FieldValue | undefined {
    const { rows, row } = this;
    const kind = rows.kind[row]!;
    if (this.decodedFields !== undefined || (kind !== RowKind.EXIT && kind !== RowKind.ENTER_HEX))
      return this.fields[name];
    return this.context.bodies.fieldOf(kind, this.page(), rows.nameEnd[row]!, rows.end[row]!, name);
  }

  get stack(): readonly string[] | undefined {
    const { rows, row } = this;
    const kind = rows.kind[row]!;
    if (kind === RowKind.KERNEL_STACK || kind === RowKind.USER_STACK) return undefined;
    return this.frames();
  }

  get flags(): string {
    const { rows, row } = this;
    const length = rows.flagsLength[row]!;
    if (length === 0) return '';
    const bytes = this.page();
    const start = rows.flags[row]!;
    let at = start;
    while (at < start + length && bytes[at] === DOT) at++;
    return at === start + length ? NO_FLAGS[length]! : bytes.toString('latin1', start, start + length);
  }

  get instance(): string | undefined {
    const origin = this.rows.origin[this.row]!;
    if (origin === 0) return undefined;
    const line = this.rows.line[this.row]!;
    return this.page()
      .toString('utf8', line - origin, line - ': '.length)
      .trim();
  }

  private page(): Buffer {
    return this.rows.pages[this.rows.page[this.row]!]!;
  }

  private decoded(): TextBody {
    const { rows, row } = this;
    const extra = rows.extra[row]!;
    const whole = extra === 0 ? undefined : rows.extras[extra - 1]!.body;
    // The reader made a row of it, so it is an event.
    return (this.body ??=
      whole ?? (this.context.bodies.read(this.page(), rows.body[row]!, rows.end[row]!) as TextBody));
  }

  private readFields(): EventFields {
    const { rows, row } = this;
    const kind = rows.kind[row]!;
    if (kind === RowKind.EXIT || kind === RowKind.ENTER_HEX)
      return this.context.bodies.fieldsOf(kind, this.page(), rows.nameEnd[row]!, rows.end[row]!);
    if (kind === RowKind.KERNEL_STACK || kind === RowKind.USER_STACK) return { caller: this.frames() ?? [] };
    return this.decoded().fields;
  }

  private frames(): readonly string[] | undefined {
    const extra = this.rows.extra[this.row]!;
    const lines = extra === 0 ? undefined : this.rows.extras[extra - 1]!.stack;
    return lines?.map(({ bytes, start, end }) => bytes.toString('utf8', start, end).trim());
  }

  toJSON(): TraceEvent {
    return plainEvent(this);
  }
}

export class TextBatch extends LazyBatch<TextBacking, TextEvent> {
  protected eventAt(index: number): TextEvent {
    return new TextEvent(this.backing, index);
  }

  scan(): EventScan {
    return new TextScan(this.backing);
  }
}

class TextScan implements EventScan {
  private readonly rows: TextRows;
  private readonly bodies: BodyReader;

  private readonly backing: () => TextBacking;

  constructor(backing: () => TextBacking) {
    this.backing = backing;

    this.rows = backing().rows;
    this.bodies = backing().context.bodies;
  }

  get names(): object {
    return this.bodies;
  }

  kindAt(index: number): number {
    const { rows, bodies } = this;
    const kind = rows.kind[index]!;
    if (kind === RowKind.OTHER || kind === RowKind.KERNEL_STACK || kind === RowKind.USER_STACK)
      return bodies.numbers.of(this.eventAt(index).name);
    const page = rows.pages[rows.page[index]!]!;
    return bodies.numberOf(kind, page, rows.body[index]!, rows.nameEnd[index]!);
  }

  nameOf(kind: number): string {
    return this.bodies.numbers.nameOf(kind);
  }

  tsAt(index: number): number {
    return this.rows.ts[index]!;
  }

  eventAt(index: number): TextEvent {
    return new TextEvent(this.backing, index);
  }
}
