/**
 * The tables of a trace.dat v6: one after the other, then options, then where each CPU's pages are.
 *
 * Format: trace-cmd.dat.v6(5); `read_cpu_data()` and `tracecmd_buffer_instance_handle()` in
 * lib/trace-cmd/trace-input.c.
 */
import { ByteCursor } from './byte-cursor';
import type { DatBytes } from './dat-bytes';
import type { CpuData, DatContents } from './dat-contents';
import type { DatHeader } from './dat-header';
import { MAX_BUFFERS, MAX_CPUS, OPTION, readOption } from './dat-options';
import { readEventFormats, readFtraceFormats, readHeaderInfo, readSavedCmdlines } from './dat-tables';

/** "options  \0", "latency  \0" and "flyrecord\0". */
const TAG_BYTES = 10;

const TABLES = [
  readHeaderInfo,
  readFtraceFormats,
  readEventFormats,
  placeKallsyms,
  skipPrintkFormats,
  readSavedCmdlines,
];

/** Reads all tables. What is after a broken one cannot be found. */
export function readV6(bytes: DatBytes, header: DatHeader, contents: DatContents): void {
  const cursor = new ByteCursor(bytes, header.littleEndian, header.tablesAt);
  for (const read of TABLES) {
    const at = cursor.at;
    if (!read(cursor, contents)) {
      contents.broken(cursor.isCut() ? 'DAT_CUT' : 'DAT_SECTION', at);
      return;
    }
  }
  const cpus = Math.min(cursor.u32(), MAX_CPUS);
  const top = readBuffer(cursor, '', cpus, contents);
  // There are files whose clock never got written; trace-cmd takes the default for them, the local clock.
  if (top.hasClock) contents.clock = /\[([^\]]+)\]/.exec(cursor.text(cursor.u64()))?.[1] ?? 'local';
  for (const { name, at } of top.others) {
    readBuffer(new ByteCursor(bytes, header.littleEndian, at), name, cpus, contents);
  }
}

function placeKallsyms(cursor: ByteCursor, contents: DatContents): boolean {
  const size = cursor.u32();
  const { at, littleEndian } = cursor;
  contents.kallsyms = (file) => new ByteCursor(file, littleEndian, at).text(size);
  cursor.skip(size);
  return !cursor.isCut();
}

function skipPrintkFormats(cursor: ByteCursor): boolean {
  cursor.skip(cursor.u32());
  return !cursor.isCut();
}

interface BufferEnd {
  /** Whether the clock's text is after the buffer's table. */
  readonly hasClock: boolean;
  /** The other buffers that options named: each begins with a tag of its own. */
  readonly others: readonly { readonly name: string; readonly at: number }[];
}

/** What a tag begins: options perhaps, then the table of the CPUs' pages, or a text. */
function readBuffer(cursor: ByteCursor, name: string, cpus: number, contents: DatContents): BufferEnd {
  let hasClock = false;
  const others: { name: string; at: number }[] = [];
  let tagAt = cursor.at;
  let tag = cursor.text(TAG_BYTES);
  if (tag.startsWith('options')) {
    for (let id = cursor.u16(); id !== OPTION.DONE && !cursor.isCut(); id = cursor.u16()) {
      const data = cursor.part(cursor.u32());
      if (id === OPTION.TRACECLOCK) hasClock = true;
      else if (id === OPTION.BUFFER && others.length < MAX_BUFFERS)
        others.push({ at: data.u64(), name: data.name() });
      else readOption(id, data, contents);
    }
    tagAt = cursor.at;
    tag = cursor.text(TAG_BYTES);
  }
  if (tag.startsWith('flyrecord')) {
    const table = readTable(cursor, contents.cpus ?? cpus);
    // Where an option raised the number of CPUs, a pair for those that do not know it is after the table.
    if ((contents.cpus ?? cpus) > cpus && name === '') cursor.skip(16);
    contents.buffers.push({ name, clock: null, pageBytes: null, cpus: table });
    if (cursor.isCut()) contents.broken('DAT_CUT', tagAt);
  } else if (tag.startsWith('latency')) {
    contents.texts.push({ at: cursor.at, size: cursor.left, isCompressed: false });
  } else {
    contents.broken(cursor.isCut() ? 'DAT_CUT' : 'DAT_SECTION', tagAt);
  }
  return { hasClock, others };
}

function readTable(cursor: ByteCursor, cpus: number): CpuData[] {
  const table: CpuData[] = [];
  for (let cpu = 0; cpu < cpus && !cursor.isCut(); cpu++) {
    const at = cursor.u64();
    const size = cursor.u64();
    if (!cursor.isCut()) table.push({ cpu, at, size, isCompressed: false });
  }
  return table;
}
