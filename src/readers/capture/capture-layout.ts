/**
 * Our own capture of a live session: the records as the kernel wrote them, merged and narrowed to the tree, with
 * all that is needed to decode them elsewhere.
 *
 *     file   := MAGIC chunk*
 *     chunk  := u32 kind, u32 bytes of JSON, u32 bytes of columns, u32 0; JSON; columns   (little-endian)
 *     tables := JSON { layout, flagStyle, clockInNs, formats[] }, no columns               first
 *     batch  := JSON BatchMeta; for each stream sec, nsec, offset, size, stack, id, each padded to 8 bytes;
 *               then u16 stream of each event, in order, padded; then the records, one after the other
 *
 * A stream is one CPU of one instance; an event is the next row of its stream. JSON and columns are each padded with
 * zeros to 8 bytes; the sizes are without padding. A capture that was cut off is read up to its last whole chunk.
 */
import type { Damage, Loss, Tid, TraceNote } from '../../trace-event';
import type { EventFormatText } from '../pages/event-table';
import type { PageLayout } from '../pages/page-layout';
import type { FlagStyle } from '../pages/record-flags';
import type { NameSeed } from '../pages/task-names';

export const CAPTURE_MAGIC = 'ftrace-life capture 1\n\0\0';
export const CHUNK_HEADER_BYTES = 16;
export const TABLES = 1;
export const BATCH = 2;

export interface TablesMeta {
  readonly layout: PageLayout;
  readonly flagStyle: FlagStyle;
  readonly clockInNs: boolean;
  readonly formats: readonly EventFormatText[];
}

export interface StreamMeta {
  readonly cpu: number;
  readonly instance: number;
  readonly rows: number;
}

export interface BatchMeta {
  readonly streams: readonly StreamMeta[];
  readonly lost: readonly Loss[];
  readonly damage: readonly Damage[];
  readonly notes: readonly TraceNote[];
  /** Call traces by name: kernel symbols mean nothing on another machine. The rows of all streams point into this list. */
  readonly stacks: readonly (readonly string[])[];
  /**
   * Names that no event of the trace says, and thread groups, as far as no earlier chunk had them. A name holds from the
   * beginning, or from the second and nanosecond after it.
   */
  readonly names: readonly NameSeed[];
  readonly groups: readonly (readonly [Tid, number])[];
}

export function padded(bytes: number): number {
  return (bytes + 7) & ~7;
}
