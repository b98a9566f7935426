/** What the tables of a trace.dat say, v6 and v7 alike, gathered while they are read. */
import type { Damage } from '../../trace-event';
import type { EventFormatText } from '../pages/event-table';
import { ClockConversion } from './clock-conversion';
import type { DatBytes } from './dat-bytes';

/** The trace data of one CPU of one buffer: whole pages, or in v7 pieces that are compressed. */
export interface CpuData {
  readonly cpu: number;
  /** Bytes from the start of the file. */
  readonly at: number;
  readonly size: number;
  readonly isCompressed: boolean;
}

/** The ring buffer of one ftrace instance. */
export interface DatBuffer {
  /** '' for the top one. */
  readonly name: string;
  /** Only v7 says it for each. */
  readonly clock: string | null;
  /** Of its sub-buffers; v7 says it for each. Null where the file's own is to be used. */
  readonly pageBytes: number | null;
  readonly cpus: readonly CpuData[];
}

/** A latency tracer's `trace` file as text: one piece, or in v7 pieces that are compressed. */
export interface DatText {
  readonly at: number;
  readonly size: number;
  readonly isCompressed: boolean;
}

export class DatContents {
  /** The text of events/header_page, '' where the file has none. */
  headerPage = '';
  readonly formats: EventFormatText[] = [];
  /**
   * /proc/kallsyms of the traced machine, read out of the file when a call trace is first looked at: it is the largest
   * table, and most traces do without.
   */
  kallsyms: (file: DatBytes) => string = () => '';
  /** `PID COMM` a line. */
  savedCmdlines = '';
  /** `PID TGID` a line. */
  savedTgids = '';
  /** `Linux HOST RELEASE VERSION MACHINE`; null where the file does not say. */
  uname: string | null = null;
  clock: string | null = null;
  /** More than the buffers have data of, where the last CPUs were empty; null where the file does not say. */
  cpus: number | null = null;
  /** The texts of per_cpu/cpuN/stats, one for each CPU of each buffer. */
  readonly cpuStats: string[] = [];
  readonly conversion = new ClockConversion();
  readonly buffers: DatBuffer[] = [];
  readonly texts: DatText[] = [];
  readonly damage: Damage[] = [];

  /**
   * `DAT_CUT`: the file ends, or the table ends, before what it announces. `DAT_SECTION`: there is something else than
   * what the place is for.
   */
  broken(code: 'DAT_CUT' | 'DAT_SECTION', atByte: number): void {
    this.damage.push({ code, atByte });
  }
}
