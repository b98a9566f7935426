/**
 * The options of a trace.dat: what trace-cmd recorded beside the trace.
 *
 * Format: trace-cmd.dat.v6(5), trace-cmd.dat.v7(5), "Options"; `handle_options()` in lib/trace-cmd/trace-input.c.
 */
import type { ByteCursor } from './byte-cursor';
import type { DatContents } from './dat-contents';

/** Under trace-cmd's names (TRACECMD_OPTION_*). Ids that are not here are passed over. */
export const OPTION = {
  DONE: 0,
  DATE: 1,
  CPUSTAT: 2,
  BUFFER: 3,
  TRACECLOCK: 4,
  UNAME: 5,
  OFFSET: 7,
  CPUCOUNT: 8,
  TIME_SHIFT: 12,
  TSC2NSEC: 14,
  HEADER_INFO: 16,
  FTRACE_EVENTS: 17,
  EVENT_FORMATS: 18,
  KALLSYMS: 19,
  CMDLINES: 21,
  BUFFER_TEXT: 22,
} as const;

/** The largest that kernels are built for: CONFIG_NR_CPUS of x86 with MAXSMP. */
export const MAX_CPUS = 8192;
/** An instance's number is a u8 in our columns. */
export const MAX_BUFFERS = 255;

/** A number as `strtoll(..., 0)` reads it; 0 where there is none. */
function readNumber(text: string): bigint {
  const found = /^\s*([+-]?)(0x[\da-f]+|\d+)/i.exec(text);
  if (found === null) return 0n;
  const value = BigInt(found[2]!);
  return found[1] === '-' ? -value : value;
}

function textOf(data: ByteCursor): string {
  const text = data.text(data.left);
  const nul = text.indexOf('\0');
  return nul < 0 ? text : text.slice(0, nul);
}

function readTimeShift(data: ByteCursor, contents: DatContents): void {
  data.skip(8);
  const flags = data.u32();
  const cpus = Math.min(data.u32(), MAX_CPUS);
  const columns: { times: bigint[]; offsets: bigint[]; scalings: bigint[] }[] = [];
  const column = (length: number): bigint[] => {
    const values: bigint[] = [];
    while (values.length < length && !data.isCut()) values.push(BigInt.asIntN(64, data.bigU64()));
    return values;
  };
  for (let cpu = 0; cpu < cpus && !data.isCut(); cpu++) {
    const samples = data.u32();
    columns.push({ times: column(samples), offsets: column(samples), scalings: column(samples) });
  }
  if (data.isCut()) return;
  // Files from before trace-cmd 3 end here: they scale by whole numbers.
  const hasFractions = data.left > 0;
  contents.conversion.setShifts(
    flags,
    columns.map(({ times, offsets, scalings }) => {
      const fractions = hasFractions ? column(times.length) : [];
      return times.map((time, i) => ({
        time,
        offset: offsets[i]!,
        scaling: scalings[i]!,
        // More would shift everything away.
        fraction: BigInt.asUintN(6, fractions[i] ?? 0n),
      }));
    }),
  );
}

/**
 * Takes what v6 and v7 say in the same way. The options that name a place in the file (buffers, sections) are left to
 * the version's own reader.
 */
export function readOption(id: number, data: ByteCursor, contents: DatContents): void {
  const { conversion } = contents;
  switch (id) {
    case OPTION.DATE:
      // In microseconds, where everything else is in nanoseconds.
      conversion.offset += readNumber(textOf(data)) * 1000n;
      conversion.isWallTime = true;
      break;
    case OPTION.OFFSET:
      conversion.offset += readNumber(textOf(data));
      break;
    case OPTION.CPUSTAT:
      contents.cpuStats.push(textOf(data));
      break;
    case OPTION.TRACECLOCK:
      // The text of trace_clock. In v6 it is elsewhere, and here is nothing.
      contents.clock ??= /\[([^\]]+)\]/.exec(textOf(data))?.[1] ?? null;
      break;
    case OPTION.UNAME:
      contents.uname = textOf(data);
      break;
    case OPTION.CPUCOUNT:
      // Trees of 2018 used the number for what saved_tgids said.
      if (data.left === 4) contents.cpus = Math.min(data.u32(), MAX_CPUS);
      else contents.savedTgids = textOf(data);
      break;
    case OPTION.TIME_SHIFT:
      if (data.left >= 16) readTimeShift(data, contents);
      break;
    case OPTION.TSC2NSEC:
      if (data.left >= 16) conversion.setScale(data.u32(), data.u32());
      break;
  }
}
