/**
 * The tables of a trace.dat v7: sections, found by the options of a chain of sections of options.
 *
 * Format: trace-cmd.dat.v7(5); `handle_options()` and `handle_buffer_option()` in lib/trace-cmd/trace-input.c.
 */
import type { Damage } from '../../trace-event';
import type { ByteCursor } from './byte-cursor';
import type { Decompress } from './compression';
import type { DatBytes } from './dat-bytes';
import type { CpuData, DatContents } from './dat-contents';
import type { DatHeader } from './dat-header';
import { MAX_BUFFERS, MAX_CPUS, OPTION, readOption } from './dat-options';
import { openSection, readSectionHeader } from './dat-section';
import { readEventFormats, readFtraceFormats, readHeaderInfo, readSavedCmdlines } from './dat-tables';

type ReadTable = (body: ByteCursor, contents: DatContents) => boolean;

const TABLES = new Map<number, ReadTable>([
  [OPTION.HEADER_INFO, readHeaderInfo],
  [OPTION.FTRACE_EVENTS, readFtraceFormats],
  [OPTION.EVENT_FORMATS, readEventFormats],
  [OPTION.CMDLINES, readSavedCmdlines],
]);

export function readV7(
  bytes: DatBytes,
  header: DatHeader,
  decompress: Decompress,
  contents: DatContents,
): void {
  const { littleEndian } = header;
  /** The section of each table; of several the last, as trace-cmd has it. */
  const places = new Map<number, number>();

  readOptions();
  for (const [id, read] of TABLES) {
    const at = places.get(id);
    if (at === undefined) continue;
    const body = open(bytes, id, at);
    if ('code' in body) contents.damage.push(body);
    else if (!read(body, contents)) contents.broken(body.isCut() ? 'DAT_CUT' : 'DAT_SECTION', at);
  }
  const kallsymsAt = places.get(OPTION.KALLSYMS);
  if (kallsymsAt !== undefined) {
    contents.kallsyms = (file) => {
      const body = open(file, OPTION.KALLSYMS, kallsymsAt);
      return 'code' in body ? '' : body.text(body.u32());
    };
  }

  function readOptions(): void {
    // It is written last: a recording that was broken off has none.
    if (header.tablesAt === 0) contents.broken('DAT_CUT', bytes.size);
    const seen = new Set<number>();
    for (let at = header.tablesAt; at !== 0;) {
      // A chain that comes back to where it was has no end.
      if (seen.has(at)) {
        contents.broken('DAT_SECTION', at);
        return;
      }
      seen.add(at);
      const options = open(bytes, OPTION.DONE, at);
      if ('code' in options) {
        contents.damage.push(options);
        return;
      }
      at = readSection(options, at);
    }
  }

  /** Returns where the next section of options is; 0 after the last. */
  function readSection(options: ByteCursor, sectionAt: number): number {
    for (;;) {
      const id = options.u16();
      const data = options.part(options.u32());
      if (options.isCut()) {
        contents.broken('DAT_CUT', sectionAt);
        return 0;
      }
      if (id === OPTION.DONE) return data.u64();
      if (id === OPTION.BUFFER || id === OPTION.BUFFER_TEXT) readBuffer(id, data, sectionAt);
      else if (TABLES.has(id) || id === OPTION.KALLSYMS) places.set(id, data.u64());
      else readOption(id, data, contents);
    }
  }

  function readBuffer(id: number, data: ByteCursor, optionsAt: number): void {
    if (contents.buffers.length >= MAX_BUFFERS) return;
    const at = data.u64();
    const name = data.name();
    const clock = data.name();
    const section = readSectionHeader(bytes, littleEndian, at);
    if (data.isCut() || section === null) {
      contents.broken('DAT_CUT', data.isCut() ? optionsAt : bytes.size);
      return;
    }
    if (section.id !== id) {
      contents.broken('DAT_SECTION', at);
      return;
    }
    const { isCompressed, bodyAt, bodyBytes } = section;
    if (name === '') contents.clock ??= clock;
    if (id === OPTION.BUFFER_TEXT) {
      contents.texts.push({ at: bodyAt, size: bodyBytes, isCompressed });
      return;
    }
    const pageBytes = data.u32();
    const count = Math.min(data.u32(), MAX_CPUS);
    const cpus: CpuData[] = [];
    while (cpus.length < count && !data.isCut()) {
      const cpu = data.u32();
      const cpuAt = data.u64();
      const size = data.u64();
      if (!data.isCut()) cpus.push({ cpu, at: cpuAt, size, isCompressed });
    }
    if (data.isCut()) contents.broken('DAT_CUT', optionsAt);
    contents.buffers.push({ name, clock, pageBytes, cpus });
  }

  function open(file: DatBytes, id: number, at: number): ByteCursor | Damage {
    const section = readSectionHeader(file, littleEndian, at);
    if (section === null) return { code: 'DAT_CUT', atByte: Math.min(at, file.size) };
    if (section.id !== id) return { code: 'DAT_SECTION', atByte: at };
    return openSection(file, littleEndian, section, decompress) ?? { code: 'DAT_COMPRESSED', atByte: at };
  }
}
