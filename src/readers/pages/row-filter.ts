/** Looks at the few events of a batch that say what a task is called, or that somebody waits for. */
import type { EventTable } from './event-table';
import { learnNames, NAMING_EVENTS } from './learn-names';
import { RingEvent, type RingContext } from './ring-event';
import type { RingRows } from './row-merge';

/** Looks at events on their way, in order. False drops the event, for instance one of a foreign process. */
export interface RingWatch {
  /** Names of the events to look at. */
  readonly events: readonly string[];
  readonly see: (event: RingEvent) => boolean;
}

/** `common_type` is a u16. */
const EVENT_IDS = 2 ** 16;
/** What an event on its way is looked at for, as bits. */
const NAMES = 1;
const WATCHED = 2;

export class RowFilter {
  /** By event id. */
  readonly #looks = new Uint8Array(EVENT_IDS);

  readonly context: RingContext;
  readonly watch: RingWatch | undefined;

  constructor(context: RingContext, watch?: RingWatch) {
    this.context = context;
    this.watch = watch;

    this.#mark(NAMING_EVENTS, NAMES, context.table);
    if (watch !== undefined) this.#mark(watch.events, WATCHED, context.table);
  }

  #mark(events: readonly string[], bit: number, table: EventTable): void {
    for (const name of events) {
      const id = table.idOf(name);
      if (id !== undefined) this.#looks[id]! |= bit;
    }
  }

  /** Each event once, in order; what is dropped leaves no hole. The rows must not be used again. */
  learnAndFilter(rows: RingRows): RingRows {
    const looks = this.#looks;
    const { streams, stream, row } = rows;
    const ids = streams.map((columns) => columns.id);
    const backing = { rows, context: this.context };
    const ofThese = (): typeof backing => backing;
    let kept = 0;
    for (let i = 0; i < rows.length; i++) {
      const s = stream[i]!;
      const r = row[i]!;
      const look = looks[ids[s]![r]!]!;
      if (look !== 0) {
        const event = new RingEvent(ofThese, i);
        if ((look & WATCHED) !== 0 && this.watch?.see(event) === false) continue;
        // Only of what is kept: what an unfiltered instance says of everybody would grow for ever.
        if ((look & NAMES) !== 0) learnNames(event);
      }
      if (kept !== i) {
        stream[kept] = s;
        row[kept] = r;
      }
      kept++;
    }
    return kept === rows.length ? rows : { length: kept, streams, stream, row };
  }
}
