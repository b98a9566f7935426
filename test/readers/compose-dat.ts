/**
 * Writes a trace.dat from its parts, as trace-cmd lays it out: v6 or v7, in either byte order, compressed or not.
 *
 * Format: trace-cmd.dat.v6(5), trace-cmd.dat.v7(5).
 */
import zlib from 'node:zlib';
import { rawFile, pagesOf, splitFormats, type RawKernel } from './raw-run';
import fs from 'node:fs';

export interface DatCpu {
  readonly cpu: number;
  readonly pages: readonly Uint8Array[];
}

export interface DatParts {
  readonly version: 6 | 7;
  readonly bigEndian?: boolean;
  readonly compressor?: 'none' | 'zlib' | 'zstd';
  readonly headerPage: string;
  readonly formats: readonly string[];
  readonly kallsyms?: string;
  readonly savedCmdlines?: string;
  /** Beside those that name the buffers, the sections and the clock. */
  readonly options?: readonly (readonly [id: number, data: Buffer])[];
  readonly clock?: string;
  readonly userLongBytes?: number;
  readonly pageBytes?: number;
  /** The first is the top one. */
  readonly buffers: readonly {
    readonly name: string;
    readonly cpus: readonly DatCpu[];
    readonly pageBytes?: number;
  }[];
  /** Of a latency tracer; then there are no pages. */
  readonly text?: string;
  /** v6: what the table's own number of CPUs says, where an option raised it. */
  readonly statedCpus?: number;
}

const ALIGNMENT = 4096;
/** trace-cmd's. */
const PAGES_IN_A_PIECE = 10;
const SECTION_HEADER_BYTES = 16;

class DatWriter {
  #bytes: Buffer = Buffer.alloc(1 << 16);
  at = 0;

  readonly bigEndian: boolean;

  constructor(bigEndian: boolean) {
    this.bigEndian = bigEndian;
  }

  raw(bytes: Uint8Array | string): this {
    const added = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    while (this.at + added.length > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length)]);
    this.#bytes.set(added, this.at);
    this.at += added.length;
    return this;
  }

  /** A string with its NUL. */
  name(text: string): this {
    return this.raw(`${text}\0`);
  }

  number(value: number | bigint, bytes: 1 | 2 | 4 | 8): this {
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(BigInt.asUintN(64, BigInt(value)));
    const digits = number.subarray(8 - bytes);
    return this.raw(this.bigEndian ? digits : digits.reverse());
  }

  align(): this {
    return this.raw(Buffer.alloc((ALIGNMENT - (this.at % ALIGNMENT)) % ALIGNMENT));
  }

  /** Writes a u64 where room was left for it. */
  patch(at: number, value: number): void {
    const end = this.at;
    this.at = at;
    this.number(value, 8);
    this.at = end;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.at);
  }

  /** Another one, for a part that is written before it is known where it goes. */
  other(): DatWriter {
    return new DatWriter(this.bigEndian);
  }
}

/** The parts of a recorded run: all CPUs in one buffer. */
export function partsOf(kernel: RawKernel, version: 6 | 7): DatParts {
  const read = (file: string): string => fs.readFileSync(rawFile(kernel, file), 'utf8');
  return {
    version,
    headerPage: read('header_page'),
    formats: splitFormats(read('formats')),
    kallsyms: read('kallsyms'),
    savedCmdlines: read('saved_cmdlines'),
    options: [[5, Buffer.from(`Linux guest ${kernel}.0-test #1 SMP x86_64\0`)]],
    buffers: [
      { name: '', cpus: [0, 1].map((cpu) => ({ cpu, pages: pagesOf(rawFile(kernel, `cpu${cpu}.raw`)) })) },
    ],
  };
}

export function composeDat(parts: DatParts): Buffer {
  const out = new DatWriter(parts.bigEndian === true);
  out.raw('\x17\x08\x44tracing').name(String(parts.version));
  out
    .number(out.bigEndian ? 1 : 0, 1)
    .number(parts.userLongBytes ?? 8, 1)
    .number(parts.pageBytes ?? 4096, 4);
  if (parts.version === 6) composeV6(parts, out);
  else composeV7(parts, out);
  return Buffer.from(out.bytes);
}

function headerInfo(parts: DatParts, out: DatWriter): DatWriter {
  const headerEvent = '# compressed entry header\n';
  out.name('header_page').number(parts.headerPage.length, 8).raw(parts.headerPage);
  return out.name('header_event').number(headerEvent.length, 8).raw(headerEvent);
}

/** All formats of `ftrace`, or all of one other system. */
function formats(texts: readonly string[], out: DatWriter): DatWriter {
  out.number(texts.length, 4);
  for (const text of texts) out.number(Buffer.byteLength(text), 8).raw(text);
  return out;
}

function sized(text: string, bytes: 4 | 8, out: DatWriter): DatWriter {
  return out.number(Buffer.byteLength(text), bytes).raw(text);
}

function composeV6(parts: DatParts, out: DatWriter): void {
  headerInfo(parts, out);
  formats([], out);
  formats(parts.formats, out.number(1, 4).name('all'));
  sized(parts.kallsyms ?? '', 4, out);
  sized('', 4, out);
  sized(parts.savedCmdlines ?? '', 8, out);
  const cpus = Math.max(0, ...parts.buffers.flatMap((buffer) => buffer.cpus.map(({ cpu }) => cpu + 1)));
  out.number(parts.statedCpus ?? cpus, 4);
  out.raw('options  \0');
  const [top, ...others] = parts.buffers;
  if (parts.clock !== undefined) out.number(4, 2).number(0, 4);
  for (const [id, data] of parts.options ?? []) out.number(id, 2).number(data.length, 4).raw(data);
  const places = others.map(({ name }) => {
    out.number(3, 2).number(8 + name.length + 1, 4);
    const at = out.at;
    out.number(0, 8).name(name);
    return at;
  });
  out.number(0, 2);
  if (parts.text !== undefined) {
    out.raw('latency  \0').raw(parts.text);
    return;
  }
  const table = (): number => {
    out.raw('flyrecord\0');
    const at = out.at;
    out.raw(Buffer.alloc(cpus * 16));
    return at;
  };
  const tables = [table()];
  if (parts.statedCpus !== undefined && parts.statedCpus < cpus) out.raw(Buffer.alloc(16));
  if (parts.clock !== undefined) sized(parts.clock, 8, out);
  for (const place of places) {
    out.patch(place, out.at);
    tables.push(table());
  }
  [top!, ...others].forEach((buffer, i) => {
    for (const { cpu, pages } of buffer.cpus) {
      const at = out.align().at;
      for (const page of pages) out.raw(page);
      out.patch(tables[i]! + cpu * 16, at);
      out.patch(tables[i]! + cpu * 16 + 8, out.at - at);
    }
  });
}

function compress(bytes: Uint8Array, compressor: string): Buffer {
  return compressor === 'zlib' ? zlib.deflateSync(bytes) : zlib.zstdCompressSync(bytes);
}

function composeV7(parts: DatParts, out: DatWriter): void {
  const compressor = parts.compressor ?? 'none';
  const isCompressed = compressor !== 'none';
  out.name(compressor).name(isCompressed ? '1.0' : '');
  const firstOptions = out.at;
  out.number(0, 8);
  const options: [id: number, data: Buffer][] = [];
  const header = (id: number, bytes: number, flags: number): number => {
    const at = out.at;
    out.number(id, 2).number(flags, 2).number(0, 4).number(bytes, 8);
    return at;
  };
  const section = (id: number, body: DatWriter): void => {
    let bytes: Uint8Array = body.bytes;
    if (isCompressed) {
      const piece = compress(bytes, compressor);
      bytes = body.other().number(piece.length, 4).number(bytes.length, 4).raw(piece).bytes;
    }
    const at = header(id, bytes.length, isCompressed ? 1 : 0);
    out.raw(bytes);
    options.push([id, out.other().number(at, 8).bytes]);
  };
  section(16, headerInfo(parts, out.other()));
  section(17, formats([], out.other()));
  section(18, formats(parts.formats, out.other().number(1, 4).name('all')));
  section(19, sized(parts.kallsyms ?? '', 4, out.other()));
  section(20, sized('', 4, out.other()));
  section(21, sized(parts.savedCmdlines ?? '', 8, out.other()));
  if (parts.text !== undefined) {
    const at = header(22, Buffer.byteLength(parts.text), 0);
    out.raw(parts.text);
    options.push([
      22,
      out
        .other()
        .number(at, 8)
        .name('')
        .name(parts.clock ?? 'local').bytes,
    ]);
  }
  for (const buffer of parts.text === undefined ? parts.buffers : []) {
    const start = header(3, 0, isCompressed ? 1 : 0);
    const pageBytes = buffer.pageBytes ?? parts.pageBytes ?? 4096;
    const data = out
      .other()
      .number(start, 8)
      .name(buffer.name)
      .name(parts.clock ?? 'local');
    data.number(pageBytes, 4).number(buffer.cpus.length, 4);
    for (const { cpu, pages } of buffer.cpus) {
      const at = out.align().at;
      if (isCompressed) {
        out.number(Math.ceil(pages.length / PAGES_IN_A_PIECE), 4);
        for (let page = 0; page < pages.length; page += PAGES_IN_A_PIECE) {
          const bytes = Buffer.concat(pages.slice(page, page + PAGES_IN_A_PIECE));
          const piece = compress(bytes, compressor);
          out.number(piece.length, 4).number(bytes.length, 4).raw(piece);
        }
      } else {
        for (const page of pages) out.raw(page);
      }
      // The number of pieces is not counted, as trace-cmd 3.1.6 has it.
      data
        .number(cpu, 4)
        .number(at, 8)
        .number(out.at - at - (isCompressed ? 4 : 0), 8);
    }
    out.patch(start + 8, out.at - start - SECTION_HEADER_BYTES);
    options.push([3, data.bytes]);
  }
  // In two sections of options, each of which says where the next is.
  out.patch(firstOptions, out.at);
  const half = Math.ceil(options.length / 2);
  const parted = [[...(parts.options ?? []), ...options.slice(0, half)], options.slice(half)];
  parted.forEach((group, i) => {
    const body = out.other();
    for (const [id, data] of group) body.number(id, 2).number(data.length, 4).raw(data);
    body.number(0, 2).number(8, 4);
    const end = out.at + SECTION_HEADER_BYTES + body.at + 8;
    body.number(i === parted.length - 1 ? 0 : end, 8);
    header(0, body.at, 0);
    out.raw(body.bytes);
  });
}
