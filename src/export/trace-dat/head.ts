/**
 * What is in a trace.dat before the CPUs' pages: the tables that decode them, and where they are.
 *
 * Format: version 6, Documentation/trace-cmd/trace-cmd.dat.v6.5.txt of trace-cmd. All numbers are in the byte order
 * of the traced machine. Version 6 is the one that every trace-cmd and every KernelShark opens.
 */
import type { EventFormatText } from '../../readers/pages/event-table';
import type { PageLayout } from '../../readers/pages/page-layout';

export interface TraceDatTables {
  readonly layout: PageLayout;
  readonly formats: readonly EventFormatText[];
  /** `ADDRESS TYPE NAME` a line, as in /proc/kallsyms. */
  readonly kallsyms: string;
  /** The last name of each task. */
  readonly comms: Iterable<readonly [number, string]>;
  /** Of the traced kernel; '' where nobody said. */
  readonly release: string;
  readonly clock: string;
  /** What `trace-cmd report --stat` shows: how it went on each CPU. */
  readonly statistics: string;
  /** Bytes of the notes, which go between the two parts of the head and belong to the statistics. */
  readonly noteBytes: number;
}

const MAGIC = '\x17\x08\x44tracing';
const TAG_BYTES = 10;
/** `enum` of trace-cmd's options. */
const OPTION_DONE = 0;
const OPTION_CPUSTAT = 2;
const OPTION_TRACECLOCK = 4;
const OPTION_UNAME = 5;
const OPTION_CPUCOUNT = 8;

/** As `events/header_event` of every kernel says since 2.6.31: trace-cmd keeps it, and reads nothing of it. */
const HEADER_EVENT = [
  '# compressed entry header',
  '\ttype_len    :    5 bits',
  '\ttime_delta  :   27 bits',
  '\tarray       :   32 bits',
  '',
  '\tpadding     : type == 29',
  '\ttime_extend : type == 30',
  '\ttime_stamp : type == 31',
  '\tdata max type_len  == 28',
  '',
].join('\n');

/** What `parseHeaderPage` reads back. */
function headerPage({ commitOffset, commitBytes, dataOffset, pageBytes }: PageLayout): string {
  const field = (declared: string, offset: number, size: number, signed: number): string =>
    `\tfield: ${declared};\toffset:${offset};\tsize:${size};\tsigned:${signed};\n`;
  return (
    field('u64 timestamp', 0, 8, 0) +
    field('local_t commit', commitOffset, commitBytes, 1) +
    field('int overwrite', commitOffset, 1, 1) +
    field('char data', dataOffset, pageBytes - dataOffset, 1)
  );
}

/** The pieces of a file in the byte order of one machine. */
class Pieces {
  readonly all: Buffer[] = [];

  readonly littleEndian: boolean;

  constructor(littleEndian: boolean) {
    this.littleEndian = littleEndian;
  }

  get bytes(): number {
    return this.all.reduce((sum, piece) => sum + piece.length, 0);
  }

  text(text: string): this {
    this.all.push(Buffer.from(text));
    return this;
  }

  cstring(text: string): this {
    return this.text(`${text}\0`);
  }

  u8(value: number): this {
    this.all.push(Buffer.from([value]));
    return this;
  }

  u16(value: number): this {
    const piece = Buffer.alloc(2);
    if (this.littleEndian) piece.writeUInt16LE(value);
    else piece.writeUInt16BE(value);
    this.all.push(piece);
    return this;
  }

  u32(value: number): this {
    const piece = Buffer.alloc(4);
    if (this.littleEndian) piece.writeUInt32LE(value);
    else piece.writeUInt32BE(value);
    this.all.push(piece);
    return this;
  }

  u64(value: number): this {
    const piece = Buffer.alloc(8);
    if (this.littleEndian) piece.writeBigUInt64LE(BigInt(value));
    else piece.writeBigUInt64BE(BigInt(value));
    this.all.push(piece);
    return this;
  }

  /** A text after its size. */
  sized32(text: string): this {
    return this.u32(Buffer.byteLength(text)).text(text);
  }

  sized64(text: string): this {
    return this.u64(Buffer.byteLength(text)).text(text);
  }

  tag(name: string): this {
    return this.text(name.padEnd(TAG_BYTES - 1)).u8(0);
  }
}

/** One task a line: a name with a newline would forge another's. */
function savedCmdlines(comms: TraceDatTables['comms']): string {
  let lines = '';
  for (const [tid, comm] of comms) {
    // eslint-disable-next-line no-control-regex -- control characters are what this is about
    lines += `${tid} ${comm.replaceAll(/[\u0000-\u001f\u007f]/g, '.')}\n`;
  }
  return lines;
}

/** Formats of ftrace's own entries are separate, the others by their system. */
function putFormats(pieces: Pieces, formats: readonly EventFormatText[]): void {
  const systems = new Map<string, string[]>([['ftrace', []]]);
  for (const { system, text } of formats) {
    const texts = systems.get(system);
    if (texts === undefined) systems.set(system, [text]);
    else texts.push(text);
  }
  const own = systems.get('ftrace')!;
  systems.delete('ftrace');
  pieces.u32(own.length);
  for (const text of own) pieces.sized64(text);
  pieces.u32(systems.size);
  for (const [system, texts] of systems) {
    pieces.cstring(system === '' ? 'unknown' : system).u32(texts.length);
    for (const text of texts) pieces.sized64(text);
  }
}

export interface TraceDatHead {
  readonly beforeNotes: Buffer;
  /** To the page's boundary: the pages follow. */
  readonly afterNotes: Buffer;
}

/**
 * All before the pages.
 *
 * There is no DATE: trace-cmd would add it to every time that it prints, and then no time of the report would be
 * one of the trace.
 *
 * @param bytesOfCpus bytes of each CPU's pages, which follow in this order
 */
export function traceDatHead(tables: TraceDatTables, bytesOfCpus: readonly number[]): TraceDatHead {
  const { layout, formats, kallsyms, comms, release, clock, statistics, noteBytes } = tables;
  const before = new Pieces(layout.littleEndian)
    .text(MAGIC)
    .cstring('6')
    .u8(layout.littleEndian ? 0 : 1)
    .u8(layout.commitBytes)
    .u32(layout.pageBytes)
    .cstring('header_page')
    .sized64(headerPage(layout))
    .cstring('header_event')
    .sized64(HEADER_EVENT);
  putFormats(before, formats);
  // printk_formats are of trace_printk(), whose records never get into an instance of ours.
  before.sized32(kallsyms).sized32('').sized64(savedCmdlines(comms));
  before.u32(bytesOfCpus.length).tag('options');
  before.u16(OPTION_CPUCOUNT).u32(4).u32(bytesOfCpus.length);
  before.u16(OPTION_TRACECLOCK).sized32('');
  if (release !== '') before.u16(OPTION_UNAME).sized32(`Linux (none) ${release}\0`);
  before.u16(OPTION_CPUSTAT).u32(Buffer.byteLength(statistics) + noteBytes + 1);
  before.text(statistics);
  // Of a text in an option trace-cmd takes the last byte for its end.
  const after = new Pieces(layout.littleEndian).cstring('').u16(OPTION_DONE).tag('flyrecord');
  const clocks = new Pieces(layout.littleEndian).sized64(`[${clock}]\n`);
  const headBytes = before.bytes + noteBytes + after.bytes + bytesOfCpus.length * 16 + clocks.bytes;
  const padding = (layout.pageBytes - (headBytes % layout.pageBytes)) % layout.pageBytes;
  let offset = headBytes + padding;
  for (const bytes of bytesOfCpus) {
    after.u64(offset).u64(bytes);
    offset += bytes;
  }
  after.all.push(...clocks.all, Buffer.alloc(padding));
  return { beforeNotes: Buffer.concat(before.all), afterNotes: Buffer.concat(after.all) };
}
