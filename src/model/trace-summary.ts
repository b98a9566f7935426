/** The trace as a whole: how long, how many events, what was lost or could not be read. */
import { isUnexplained, type Damage, type Loss, type TraceNote } from '../trace-event';
import type { Report } from './report';
import type { WallClock } from './wall-clock';

/** Kept for the report, each; the sums go on. */
const MAX_LISTED = 10_000;

export class TraceSummary {
  events = 0;
  start: number | null = null;
  end: number | null = null;
  readonly lost: Loss[] = [];
  readonly damage: Damage[] = [];
  readonly incomplete: string[] = [];
  #trace: Extract<TraceNote, { kind: 'trace' }> | null = null;
  #end: Extract<TraceNote, { kind: 'end' }> | null = null;
  #lostEvents = 0;
  #lostUncounted = 0;
  #unexplained = 0;
  #doubtful = 0;

  readonly #source: Report['trace']['source'];
  readonly #clock: WallClock;

  constructor(source: Report['trace']['source'], clock: WallClock) {
    this.#source = source;
    this.#clock = clock;
  }

  applyNote(note: TraceNote): void {
    if (note.kind === 'end') this.#end = note;
    if (note.kind !== 'trace') return;
    this.#trace = note;
    if (note.wall) this.#clock.set(note.wall);
  }

  addLoss(loss: Loss): void {
    if (loss.count === null) this.#lostUncounted++;
    else this.#lostEvents += loss.count;
    if (this.lost.length < MAX_LISTED) this.lost.push(loss);
  }

  addDamage(damage: Damage): void {
    if (isUnexplained(damage)) this.#unexplained++;
    else this.#doubtful++;
    if (this.damage.length < MAX_LISTED) this.damage.push(damage);
  }

  /** Its name, and what names its boot, where the trace says them. */
  get machine(): { host?: string; boot?: string } {
    const { host, boot } = this.#trace ?? {};
    return { ...(host === undefined ? {} : { host }), ...(boot === undefined ? {} : { boot }) };
  }

  report(): Report['trace'] {
    const known = this.#end ? this.#end.overrun + this.#end.dropped : 0;
    const counted = Math.max(this.#lostEvents, known);
    const incomplete = [...this.incomplete];
    if (counted > 0) incomplete.push(`${counted} events were lost`);
    if (this.#lostUncounted > 0) incomplete.push(`${this.#lostUncounted} gaps of unknown size`);
    if (known > this.#lostEvents) {
      incomplete.push(
        `the kernel counts ${known} lost events, of which ${this.#lostEvents} have a place in the trace`,
      );
    }
    if (this.#doubtful > 0) incomplete.push(`${this.#doubtful} events may be others, or have another time`);
    if (this.#unexplained > 0) incomplete.push(`${this.#unexplained} lines or records could not be read`);
    return {
      source: this.#source,
      kernel: this.#trace?.kernel ?? null,
      clock: this.#trace?.clock ?? null,
      cpus: this.#trace?.cpus ?? null,
      start: this.start,
      end: this.end,
      time: this.#clock.timeOf(this.start),
      ...this.machine,
      events: this.events,
      lost: this.#lostUncounted > 0 && known === 0 ? null : counted,
      unexplained: this.#unexplained,
      incomplete,
    };
  }
}
