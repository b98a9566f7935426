/** A batch of events in the form that the user asked for. */
import { formatEvent, formatHeader, formatLoss, formatNote } from '../../src/index';
import { EventList } from '../../src/event-list';
import type { EventBatch } from '../../src/trace-event';
import { oneOf } from '../../src/trace-error';
import { plainEvent } from '../../src/lazy-batch';
import type { BesideEvents } from '../messages/beside-events';
import { SentBatch } from '../messages/sent-batch';
import { sliceBatch } from './slice-batch';

export const OUTPUT_FORMS = ['batch', 'array', 'event', 'text'] as const;
export type OutputFormName = (typeof OUTPUT_FORMS)[number];

export interface FormedPayload {
  readonly payload: unknown;
  /** How many events are in it. */
  readonly events: number;
  /** For forms without room for them: losses, damage and notes of the batch, so that nothing is lost on the way. */
  readonly beside: Partial<BesideEvents>;
}

export interface OutputForm {
  /** None where the batch gives no payload of its own; what is beside its events then goes with the next one. */
  payloads(batch: EventBatch): Iterable<FormedPayload>;
  /** For the last message: an empty payload of this form where there is one, and what was not sent yet beside events. */
  rest(): { readonly payload?: unknown; readonly beside: Partial<BesideEvents> };
}

function besideOf({ lost, damage, notes }: EventBatch): Partial<BesideEvents> {
  return {
    ...(lost.length > 0 && { losses: lost }),
    ...(damage.length > 0 && { damage }),
    ...(notes.length > 0 && { notes }),
  };
}

function isSilent({ length, lost, damage, notes }: EventBatch): boolean {
  return length + lost.length + damage.length + notes.length === 0;
}

/** What is decoded for one message is decoded in one turn of the event loop, so it is not much. */
const MAX_EVENTS_A_MESSAGE = 500;

function* slicesOf(batch: EventBatch): Iterable<EventBatch> {
  if (batch.length <= MAX_EVENTS_A_MESSAGE) {
    yield batch;
    return;
  }
  for (let from = 0; from < batch.length; from += MAX_EVENTS_A_MESSAGE) {
    yield sliceBatch(batch, from, Math.min(from + MAX_EVENTS_A_MESSAGE, batch.length));
  }
}

const asBatches: OutputForm = {
  *payloads(batch) {
    if (!isSilent(batch)) yield { payload: new SentBatch(batch), events: batch.length, beside: {} };
  },
  rest: () => ({ payload: new SentBatch(new EventList([])), beside: {} }),
};

const asArrays: OutputForm = {
  *payloads(batch) {
    for (const slice of slicesOf(batch)) {
      if (!isSilent(slice)) yield { payload: slice.toArray(), events: slice.length, beside: besideOf(slice) };
    }
  },
  rest: () => ({ payload: [], beside: {} }),
};

/** One message an event. What came beside events goes with the first event after it. */
class SingleEvents implements OutputForm {
  #waiting: BesideEvents = { losses: [], damage: [], notes: [] };

  *payloads(batch: EventBatch): Iterable<FormedPayload> {
    this.#waiting = {
      losses: [...this.#waiting.losses, ...batch.lost],
      damage: [...this.#waiting.damage, ...batch.damage],
      notes: [...this.#waiting.notes, ...batch.notes],
    };
    for (const event of batch) yield { payload: plainEvent(event), events: 1, beside: this.rest().beside };
  }

  rest(): { beside: Partial<BesideEvents> } {
    const { losses, damage, notes } = this.#waiting;
    this.#waiting = { losses: [], damage: [], notes: [] };
    return {
      beside: {
        ...(losses.length > 0 && { losses }),
        ...(damage.length > 0 && { damage }),
        ...(notes.length > 0 && { notes }),
      },
    };
  }
}

/** Whole lines of ftrace text, each with its newline, so that a file node can append them as they are. */
class TextLines implements OutputForm {
  #headerDue = true;

  *payloads(batch: EventBatch): Iterable<FormedPayload> {
    for (const slice of slicesOf(batch)) if (!isSilent(slice)) yield this.#textOf(slice);
  }

  #textOf(batch: EventBatch): FormedPayload {
    const lines = this.#headerDue ? [formatHeader()] : [];
    this.#headerDue = false;
    lines.push(...batch.notes.map(formatNote));
    // A loss is written before the first event after its gap, as in the kernel's own text; at the end where it has no time.
    const losses = [...batch.lost];
    for (const event of batch) {
      while (losses[0]?.ts !== undefined && losses[0].ts !== null && losses[0].ts <= event.ts) {
        lines.push(formatLoss(losses[0]));
        losses.shift();
      }
      lines.push(formatEvent(event));
    }
    lines.push(...losses.map(formatLoss));
    // What could not be read cannot be written either: it goes beside the text.
    const beside = batch.damage.length > 0 ? { damage: batch.damage } : {};
    const payload = lines.map((line) => (line.endsWith('\n') ? line : `${line}\n`)).join('');
    return { payload, events: batch.length, beside };
  }

  rest(): { payload: string; beside: Partial<BesideEvents> } {
    return { payload: '', beside: {} };
  }
}

/** @throws TraceError CONFIG_INVALID */
export function readOutputForm(given: unknown): OutputFormName {
  return oneOf('form', given ?? 'batch', OUTPUT_FORMS);
}

/** A form for one stream: some remember what the stream still owes. */
export function outputForm(name: OutputFormName): OutputForm {
  switch (name) {
    case 'batch':
      return asBatches;
    case 'array':
      return asArrays;
    case 'event':
      return new SingleEvents();
    case 'text':
      return new TextLines();
  }
}
