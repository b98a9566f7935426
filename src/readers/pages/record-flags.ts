/**
 * `common_flags` and `common_preempt_count` of a record, printed as the kernel that wrote it prints them.
 *
 * Source: TRACE_FLAG_* of include/linux/trace_events.h and `trace_print_lat_fmt()` in
 * kernel/trace/trace_output.c. Bit 0x02 was "irq flags not supported" up to 6.12 and is "lazy reschedule" since.
 */

export interface FlagStyle {
  /** 5 since 5.15 (migrate-disable), 4 before. */
  readonly columns: 4 | 5;
  /** Whether bit 0x02 means a lazy reschedule (6.13 and later). */
  readonly lazyReschedule: boolean;
}

/** Of a kernel release, such as `6.12.48+deb13-amd64`; unknown ones print as the newest do. */
export function flagStyle(release: string | null): FlagStyle {
  const [major = NaN, minor = 0] = (release ?? '').split('.', 2).map((part) => parseInt(part, 10));
  if (Number.isNaN(major)) return { columns: 5, lazyReschedule: true };
  const isSince = (since: number, sinceMinor: number): boolean =>
    major > since || (major === since && minor >= sinceMinor);
  return { columns: isSince(5, 15) ? 5 : 4, lazyReschedule: isSince(6, 13) };
}

export function printFlags(flags: number, counts: number, style: FlagStyle): string {
  const irqsOff = (flags & 0x01) !== 0;
  const bhOff = (flags & 0x80) !== 0;
  const second = (flags & 0x02) !== 0;
  const isUnsupported = second && !style.lazyReschedule;
  const first = irqsOff ? (bhOff ? 'D' : 'd') : bhOff ? 'b' : isUnsupported ? 'X' : '.';
  const lazy = second && style.lazyReschedule ? 2 : 0;
  const resched = '.nlbpNLB'.charAt(((flags >> 2) & 1) | lazy | ((flags >> 3) & 4));
  const hard = (flags & 0x08) !== 0;
  const soft = (flags & 0x10) !== 0;
  const nmi = (flags & 0x40) !== 0;
  const irq = nmi ? (hard ? 'Z' : 'z') : hard ? (soft ? 'H' : 'h') : soft ? 's' : '.';
  const depth = (nibble: number): string => (nibble === 0 ? '.' : nibble.toString(16));
  const four = first + resched + irq + depth(counts & 15);
  return style.columns === 5 ? four + depth(counts >> 4) : four;
}
