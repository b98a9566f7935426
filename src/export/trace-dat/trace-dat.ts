/**
 * Batches of ring-buffer events as a trace.dat (version 6), which trace-cmd and KernelShark open.
 *
 * The file has each CPU's pages in one piece, after tables that are known only at the end. So pages come out piece
 * by piece, for the caller to put by; at the end comes the head. The file is the first part of the head, the notes,
 * the second part, and the pages of one CPU after the other.
 *
 * A call trace follows its event at the same time: what our readers keep of its record has no time of its own. All
 * instances become the one buffer of the file. Notes are comment lines, as in text, among the statistics.
 */
import type { PageLayout } from '../../readers/pages/page-layout';
import type { RingBatch } from '../../readers/pages/ring-batch';
import type { RecordColumns } from '../../readers/pages/record-columns';
import type { RingContext } from '../../readers/pages/ring-event';
import type { Loss, TraceNote } from '../../trace-event';
import { formatNote } from '../ftrace-text';
import { traceDatHead, type TraceDatHead } from './head';
import { TraceDatPages } from './pages';
import { TraceDatStacks } from './stacks';

const BILLION = 1_000_000_000;
const SMALLEST_PAGE = 4096;
const LARGEST_PAGE = 1 << 20;
/** CONFIG_NR_CPUS of any kernel is far below. */
const MAX_CPUS = 2 ** 16;

/** Whole pages of one CPU, that follow those that came for it before. */
export interface CpuPages {
  readonly cpu: number;
  readonly pages: Uint8Array;
}

interface Cpu {
  readonly pages: TraceDatPages;
  /** Losses before an event that has not come yet. */
  readonly waiting: Loss[];
}

export class TraceDatWriter {
  /** Of the pages that are written. */
  readonly layout: PageLayout;
  readonly #cpus: Cpu[] = [];
  readonly #stacks: TraceDatStacks;
  #full: CpuPages[] = [];
  #trace: Extract<TraceNote, { kind: 'trace' }> | null = null;
  /** Records that no page can hold. */
  tooLong = 0;

  readonly context: RingContext;

  constructor(context: RingContext) {
    this.context = context;

    this.layout = pageLayout(context.table.layout);
    this.#stacks = new TraceDatStacks(this.layout, context.table);
  }

  /** The pages that became full by this batch, and its notes. */
  take(batch: RingBatch): { readonly full: CpuPages[]; readonly notes: string } {
    let notes = '';
    for (const note of batch.notes) {
      if (note.kind === 'trace') this.#trace ??= note;
      notes += `${formatNote(note)}\n`;
    }
    for (const loss of batch.lost) {
      if (loss.cpu >= 0 && loss.cpu < MAX_CPUS) this.#cpu(loss.cpu).waiting.push(loss);
    }
    const { rows } = batch.backing();
    const cpus = rows.streams.map((columns) => (columns.length === 0 ? null : this.#cpu(columns.cpu)));
    for (let i = 0; i < rows.length; i++) {
      const stream = rows.stream[i]!;
      this.#add(rows.streams[stream]!, rows.row[i]!, cpus[stream]!);
    }
    return { full: this.#takeFull(), notes };
  }

  #add(columns: RecordColumns, row: number, { pages, waiting }: Cpu): void {
    const sec = columns.sec[row]!;
    const nsec = columns.nsec[row]!;
    if (waiting.length > 0) {
      const ticks = sec * BILLION + nsec;
      passLosses(waiting, pages, this.context.clockInNs ? ticks / BILLION : ticks);
    }
    const buffer = columns.buffers[columns.buffer[row]!]!;
    const offset = columns.offset[row]!;
    this.#put(pages, sec, nsec, buffer, offset, columns.size[row]!);
    const stack = columns.stack[row]!;
    if (stack < 0) return;
    const trace = columns.stacks[stack]!;
    if ('buffer' in trace) {
      this.#put(pages, sec, nsec, columns.buffers[trace.buffer]!, trace.offset, trace.length);
    } else if (this.context.table.stackId >= 0) {
      const record = this.#stacks.recordOf(trace, buffer, offset);
      this.#put(pages, sec, nsec, record, 0, record.byteLength);
    }
  }

  #put(pages: TraceDatPages, sec: number, nsec: number, from: DataView, offset: number, size: number): void {
    if (!pages.add(sec, nsec, from, offset, size)) this.tooLong++;
  }

  /**
   * The pages that never became full, and the head.
   * @param noteBytes bytes of all notes that came
   */
  finish(noteBytes: number): { readonly rest: CpuPages[]; readonly head: TraceDatHead } {
    this.#cpu((this.#trace?.cpus ?? 1) - 1);
    for (const { pages, waiting } of this.#cpus) {
      // No event follows on this CPU: only the statistics say it.
      passLosses(waiting, pages, Infinity);
      pages.finish();
    }
    const { table, symbols, names } = this.context;
    const head = traceDatHead(
      {
        layout: this.layout,
        formats: table.formats,
        kallsyms: this.#stacks.symbols() + symbols.text(),
        comms: names.lastNames(),
        release: this.#trace?.kernel ?? '',
        clock: this.#trace?.clock ?? 'local',
        statistics: this.#cpus.map(({ pages }, cpu) => statistics(pages, cpu)).join(''),
        noteBytes,
      },
      this.#cpus.map(({ pages }) => pages.bytes),
    );
    return { rest: this.#takeFull(), head };
  }

  #takeFull(): CpuPages[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** None before it is left out: their numbers are their places in the file. */
  #cpu(wanted: number): Cpu {
    for (let cpu = this.#cpus.length; cpu <= wanted && cpu < MAX_CPUS; cpu++) {
      const pages = new TraceDatPages(this.layout, (pages) => {
        this.#full.push({ cpu, pages });
      });
      this.#cpus.push({ pages, waiting: [] });
    }
    return this.#cpus[wanted]!;
  }
}

/**
 * As the kernel lays a page out. A capture has no pages of its own to go by, and a sub-buffer that somebody made up
 * need not be any.
 */
function pageLayout({ commitBytes, littleEndian, pageBytes }: PageLayout): PageLayout {
  const isPossible =
    pageBytes >= SMALLEST_PAGE && pageBytes <= LARGEST_PAGE && pageBytes % SMALLEST_PAGE === 0;
  return {
    commitOffset: 8,
    commitBytes,
    dataOffset: 8 + commitBytes,
    pageBytes: isPossible ? pageBytes : SMALLEST_PAGE,
    littleEndian,
  };
}

/** Losses up to the time come before the next record. One without a time comes after all events. */
function passLosses(waiting: Loss[], pages: TraceDatPages, ts: number): void {
  while (waiting.length > 0 && (waiting[0]!.ts ?? Infinity) <= ts) pages.lose(waiting.shift()!.count);
}

/** As per_cpu/cpuN/stats has it, as far as it is known here. Entries are those that nobody read. */
function statistics(pages: TraceDatPages, cpu: number): string {
  const gaps = pages.uncountedGaps === 0 ? '' : `gaps of unknown length: ${pages.uncountedGaps}\n`;
  return `CPU: ${cpu}\nentries: 0\noverrun: ${pages.lost}\n${gaps}read events: ${pages.records}\n\n`;
}
