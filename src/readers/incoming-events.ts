/**
 * Events as they come in a message of a flow: in a batch, as an array, one by one, as lines of text, as the whole
 * text of a trace, or as a file's bytes.
 */
import { inspect } from 'node:util';
import { EventList, isBatch } from '../event-list';
import type { Damage, EventBatch, EventFields, Loss, TraceEvent, TraceNote } from '../trace-event';
import { TextReader } from './text/text-reader';

const EXCERPT_LENGTH = 200;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** What `EventBatch.toJSON` gives, for batches that went through JSON. */
function isPlainBatch(value: unknown): value is Readonly<Record<string, unknown>> & { events: unknown[] } {
  return isObject(value) && Array.isArray(value['events']);
}

/** An event, its absent parts filled in; null where it is none. */
function asEvent(value: unknown): TraceEvent | null {
  if (!isObject(value)) return null;
  const { ts, cpu, pid, tgid, comm, name, fields, stack, flags } = value;
  if (typeof ts !== 'number' || typeof pid !== 'number' || typeof name !== 'string') return null;
  if (typeof cpu !== 'number' || !isObject(fields)) return null;
  return {
    ts,
    cpu,
    pid,
    tgid: typeof tgid === 'number' ? tgid : null,
    comm: typeof comm === 'string' ? comm : null,
    name,
    fields: fields as EventFields,
    ...(Array.isArray(stack) && { stack: stack.map(String) }),
    flags: typeof flags === 'string' ? flags : '',
  };
}

/** Not by JSON: a value may hold itself, or be nothing that JSON has. */
function excerptOf(value: unknown): string {
  return inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY }).slice(0, EXCERPT_LENGTH);
}

/** The events of one trace, whose payloads may each have another form. What is no event becomes `damage`. */
export class IncomingEvents {
  #text: TextReader | null = null;

  push(payload: unknown): EventBatch {
    if (isBatch(payload)) return payload;
    if (payload instanceof Uint8Array) return this.#reader().push(payload);
    if (typeof payload === 'string') return this.#pushText(payload);
    if (Array.isArray(payload)) return this.#pushList(payload as unknown[]);
    if (isPlainBatch(payload)) {
      const list = this.#pushList(payload.events);
      const { lost, damage, notes } = payload as Partial<EventBatch>;
      return new EventList(
        list.toArray(),
        [...list.lost, ...(lost ?? [])],
        [...list.damage, ...(damage ?? [])],
        [...list.notes, ...(notes ?? [])],
      );
    }
    return this.#pushList([payload]);
  }

  /** What was still open in text: a last line without its newline. */
  end(): EventBatch {
    const rest = this.#text?.end() ?? new EventList([]);
    this.#text = null;
    return rest;
  }

  #reader(): TextReader {
    this.#text ??= new TextReader();
    return this.#text;
  }

  /** Whoever splits a text into lines takes their newlines away: text without any is one line. */
  #pushText(text: string): EventBatch {
    if (text === '') return new EventList([]);
    return this.#reader().push(Buffer.from(text.includes('\n') ? text : `${text}\n`));
  }

  #pushList(list: readonly unknown[]): EventBatch {
    const events: TraceEvent[] = [];
    const damage: Damage[] = [];
    const lost: Loss[] = [];
    const notes: TraceNote[] = [];
    for (const value of list) {
      const event = asEvent(value);
      if (event !== null) {
        events.push(event);
      } else if (typeof value === 'string' || isBatch(value)) {
        const batch = this.push(value);
        // Plain ones: a list is cloned with all that its events refer to.
        for (const each of batch.toArray()) events.push(each);
        for (const loss of batch.lost) lost.push(loss);
        for (const found of batch.damage) damage.push(found);
        for (const note of batch.notes) notes.push(note);
      } else {
        damage.push({ code: 'EVENT_UNEXPLAINED', atByte: 0, excerpt: excerptOf(value) });
      }
    }
    return new EventList(events, lost, damage, notes);
  }
}
