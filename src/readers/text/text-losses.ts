/**
 * Events that the kernel lost, as a text reports them. A LOST line comes before the next event of its CPU, so a
 * loss waits for that event, which gives it its time, and leaves the reader together with it.
 */
import type { Loss } from '../../trace-event';
import type { OpenRows } from './open-rows';

/** A CPU of -1: the header counts overwritten events of all CPUs together. */
export const ANY_CPU = -1;

/** Gaps that wait for the next event of their CPU. More of them are added up. */
const MAX_GAPS_OF_CPU = 16;
const MAX_CPUS_WITH_GAPS = 4096;

/**
 * `CPU:2 [LOST 130 EVENTS]` of the kernel, `CPU:2 [130 EVENTS DROPPED]` of trace-cmd report, which puts the name of
 * an instance, or blanks of that length, before it.
 */
const LOST =
  /^( *(?:[^\s:]{1,128}: )?)CPU:(-?[0-9]{1,6}) \[(?:LOST(?: ([0-9]{1,15}))? EVENTS|(?:([0-9]{1,15}) )?EVENTS DROPPED)\]\s*$/;
const ENTRIES = /^# entries-in-buffer\/entries-written: ([0-9]{1,15})\/([0-9]{1,15})\s/;

export interface LostEvents {
  readonly cpu: number;
  /** Null where the line has no number. */
  readonly count: number | null;
}

/**
 * What a LOST line says; null where the line is none.
 * @param indent how far trace-cmd report indents lines without the name of an instance
 */
export function readLostLine(text: string, indent: number): LostEvents | null {
  const match = LOST.exec(text);
  if (match === null) return null;
  const [, before = '', cpu, lost, dropped] = match;
  if (before !== '' && before.trim() === '' && before.length !== indent) return null;
  const digits = lost ?? dropped;
  return { cpu: Number(cpu), count: digits === undefined ? null : Number(digits) };
}

/** `# entries-in-buffer/entries-written: 100/130`: what was overwritten before the file was read. Null for none. */
export function readEntriesLine(text: string): LostEvents | null {
  const entries = ENTRIES.exec(text);
  const overwritten = entries === null ? 0 : Number(entries[2]) - Number(entries[1]);
  return overwritten > 0 ? { cpu: ANY_CPU, count: overwritten } : null;
}

export class TextLosses {
  readonly #rows: OpenRows;
  /** Losses whose next event has not come, by CPU. */
  readonly #pending = new Map<number, Loss[]>();
  /** Losses that leave together with the event after them, by its index among all events. */
  #dated: { readonly loss: Loss; readonly index: number }[] = [];

  constructor(rows: OpenRows) {
    this.#rows = rows;
  }

  /** Whether the next event of some CPU ends a gap. */
  get isPending(): boolean {
    return this.#pending.size > 0;
  }

  add({ cpu: ofCpu, count }: LostEvents): void {
    const hasRoom = this.#pending.size < MAX_CPUS_WITH_GAPS || this.#pending.has(ofCpu);
    const cpu = hasRoom ? ofCpu : ANY_CPU;
    const losses = this.#pending.get(cpu) ?? [];
    const last = losses.at(-1);
    if (last !== undefined && losses.length >= MAX_GAPS_OF_CPU) {
      const sum = last.count === null || count === null ? null : last.count + count;
      losses[losses.length - 1] = { ...last, count: sum };
    } else {
      losses.push({ cpu, ts: null, count });
    }
    this.#pending.set(cpu, losses);
  }

  /** The event of this row ends the gaps of its CPU. */
  endGaps(row: number): void {
    const ts = this.#rows.ts[row]!;
    for (const cpu of [ANY_CPU, this.#rows.cpu[row]!]) {
      const losses = this.#pending.get(cpu);
      if (losses === undefined) continue;
      for (const loss of losses)
        this.#dated.push({ loss: { ...loss, ts }, index: this.#rows.released + row });
      this.#pending.delete(cpu);
    }
  }

  /** Whether this CPU lost events between this row and now. */
  isAfter(row: number, cpu: number): boolean {
    if (this.#pending.has(cpu)) return true;
    const index = this.#rows.released + row;
    return this.#dated.some((dated) => dated.loss.cpu === cpu && dated.index > index);
  }

  /** The losses before events that the reader has released. */
  takeReleased(): Loss[] {
    if (this.#dated.length === 0) return [];
    const isReleased = (dated: { readonly index: number }): boolean => dated.index < this.#rows.released;
    const due = this.#dated.filter(isReleased);
    this.#dated = this.#dated.filter((dated) => !isReleased(dated));
    return due.map(({ loss }) => loss);
  }

  /** All that is left at the end of the text: gaps that no event ended have no time. */
  takeAll(): Loss[] {
    const losses = [...this.#dated.map(({ loss }) => loss), ...[...this.#pending.values()].flat()];
    this.#dated = [];
    this.#pending.clear();
    return losses;
  }
}
