/**
 * Where the events of a text are in its bytes: columns of numbers, one row for each event. What a row says is
 * read from the bytes when somebody looks at it (text-batch.ts).
 */
import type { TextBody } from './body-reader';

/** A tgid column that is not there, or says nothing. */
export const NO_GROUP = -1;

/** A frame of a call trace, where it is. */
export interface FramePlace {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** What few rows have: lines of their own after the first. */
export interface RowExtra {
  /** The call trace, innermost first. */
  stack: FramePlace[] | undefined;
  /** The body together with the lines that it went on in. */
  body: TextBody | undefined;
}

export interface TextRows {
  readonly length: number;
  readonly ts: Float64Array;
  readonly pid: Int32Array;
  readonly tgid: Int32Array;
  readonly cpu: Int32Array;
  /** Index into `pages`. */
  readonly page: Int32Array;
  /** Where the line starts, after the name of an instance. */
  readonly line: Int32Array;
  /** How many bytes of the name of an instance are before the line, with its colon and blank; 0 for none. */
  readonly origin: Uint8Array;
  /** How long the comm is, with the blanks before it. */
  readonly comm: Uint8Array;
  readonly flags: Int32Array;
  readonly flagsLength: Uint8Array;
  readonly body: Int32Array;
  /** Where the event's name ends, for the kinds that start with it. */
  readonly nameEnd: Int32Array;
  /** Where the line ends, without its newline. */
  readonly end: Int32Array;
  readonly kind: Uint8Array;
  /** One more than an index into `extras`; 0 for none. */
  readonly extra: Int32Array;
  readonly pages: readonly Buffer[];
  readonly extras: readonly RowExtra[];
}

const INITIAL_ROWS = 64;

/** Rows that are still being filled, from the front; the first of them leave as `TextRows`. */
export class OpenRows implements TextRows {
  /** How many rows left before: added to a row, the index of its event among all of the text. */
  released = 0;
  length = 0;
  capacity = INITIAL_ROWS;
  ts = new Float64Array(INITIAL_ROWS);
  pid = new Int32Array(INITIAL_ROWS);
  tgid = new Int32Array(INITIAL_ROWS);
  cpu = new Int32Array(INITIAL_ROWS);
  page = new Int32Array(INITIAL_ROWS);
  line = new Int32Array(INITIAL_ROWS);
  origin = new Uint8Array(INITIAL_ROWS);
  comm = new Uint8Array(INITIAL_ROWS);
  flags = new Int32Array(INITIAL_ROWS);
  flagsLength = new Uint8Array(INITIAL_ROWS);
  body = new Int32Array(INITIAL_ROWS);
  nameEnd = new Int32Array(INITIAL_ROWS);
  end = new Int32Array(INITIAL_ROWS);
  kind = new Uint8Array(INITIAL_ROWS);
  extra = new Int32Array(INITIAL_ROWS);
  pages: Buffer[] = [];
  extras: RowExtra[] = [];

  grow(): void {
    const capacity = this.capacity * 2;
    const wider = <Column extends Float64Array | Int32Array | Uint8Array>(
      from: Column,
      to: Column,
    ): Column => {
      to.set(from);
      return to;
    };
    this.ts = wider(this.ts, new Float64Array(capacity));
    this.pid = wider(this.pid, new Int32Array(capacity));
    this.tgid = wider(this.tgid, new Int32Array(capacity));
    this.cpu = wider(this.cpu, new Int32Array(capacity));
    this.page = wider(this.page, new Int32Array(capacity));
    this.line = wider(this.line, new Int32Array(capacity));
    this.origin = wider(this.origin, new Uint8Array(capacity));
    this.comm = wider(this.comm, new Uint8Array(capacity));
    this.flags = wider(this.flags, new Int32Array(capacity));
    this.flagsLength = wider(this.flagsLength, new Uint8Array(capacity));
    this.body = wider(this.body, new Int32Array(capacity));
    this.nameEnd = wider(this.nameEnd, new Int32Array(capacity));
    this.end = wider(this.end, new Int32Array(capacity));
    this.kind = wider(this.kind, new Uint8Array(capacity));
    this.extra = wider(this.extra, new Int32Array(capacity));
    this.capacity = capacity;
  }

  /** What a row has beyond its line; made when it is first asked for. */
  extraOf(row: number): RowExtra {
    const index = this.extra[row]!;
    if (index > 0) return this.extras[index - 1]!;
    const extra: RowExtra = { stack: undefined, body: undefined };
    this.extra[row] = this.extras.push(extra);
    return extra;
  }

  /** Takes the first `count` rows away; the others move to the front. */
  release(count: number): TextRows {
    const released: TextRows = {
      length: count,
      ts: this.ts.slice(0, count),
      pid: this.pid.slice(0, count),
      tgid: this.tgid.slice(0, count),
      cpu: this.cpu.slice(0, count),
      page: this.page.slice(0, count),
      line: this.line.slice(0, count),
      origin: this.origin.slice(0, count),
      comm: this.comm.slice(0, count),
      flags: this.flags.slice(0, count),
      flagsLength: this.flagsLength.slice(0, count),
      body: this.body.slice(0, count),
      nameEnd: this.nameEnd.slice(0, count),
      end: this.end.slice(0, count),
      kind: this.kind.slice(0, count),
      extra: this.extra.slice(0, count),
      pages: this.pages,
      extras: this.extras,
    };
    this.#keepFrom(count);
    this.released += count;
    return released;
  }

  #keepFrom(first: number): void {
    const kept = this.length - first;
    for (const column of [
      this.ts,
      this.pid,
      this.tgid,
      this.cpu,
      this.page,
      this.line,
      this.origin,
      this.comm,
      this.flags,
      this.flagsLength,
      this.body,
      this.nameEnd,
      this.end,
      this.kind,
      this.extra,
    ]) {
      column.copyWithin(0, first, this.length);
    }
    this.length = kept;
    // New lists, because the rows that left go on using the old ones.
    const { extras } = this;
    const firstPage = kept > 0 ? this.page[0]! : this.pages.length;
    this.pages = this.pages.slice(firstPage);
    this.extras = [];
    for (let row = 0; row < kept; row++) {
      this.page[row]! -= firstPage;
      const index = this.extra[row]!;
      if (index > 0) this.extra[row] = this.extras.push(extras[index - 1]!);
    }
  }
}
