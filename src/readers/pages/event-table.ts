/**
 * All that is needed to decode the pages of one kernel: its page layout, and a decoder for each event id. A kernel
 * has some 2,000 events and a trace a few of them: a `format` is only read when a record of it comes.
 */
import { compileDecoder, type EventDecoder } from './event-decoder';
import { parseFormat, readFormatHead } from './event-format';
import type { PageLayout } from './page-layout';

/** One `format` file, as it was read. */
export interface EventFormatText {
  /** `sched`, `syscalls`, ...; '' where it is not known. */
  readonly system: string;
  readonly text: string;
}

interface KnownEvent extends EventFormatText {
  readonly name: string;
  decoder: EventDecoder | undefined;
}

export class EventTable {
  readonly #byId = new Map<number, KnownEvent>();
  readonly #ids = new Map<string, number>();
  readonly #formats: EventFormatText[] = [];
  /**
   * The id of `ftrace:kernel_stack`, the call trace that a `stacktrace` trigger puts after an event, and where its
   * addresses start (kernel/trace/trace_entries.h, TRACE_STACK); -1 where the kernel has none. A `user_stack` has
   * addresses of the program, which no table of ours names: it stays an event.
   */
  stackId = -1;
  stackOffset = 16;

  readonly layout: PageLayout;

  constructor(layout: PageLayout) {
    this.layout = layout;
  }

  /**
   * Adds one `format` file; of two with the same id the later counts.
   *
   * @param system the folder that it was in: `events/SYSTEM/NAME/format`
   * @returns false where it is none
   */
  add(formatText: string, system = ''): boolean {
    const head = readFormatHead(formatText);
    if (head === null) return false;
    this.#formats.push({ system, text: formatText });
    this.#byId.set(head.id, { name: head.name, system, text: formatText, decoder: undefined });
    this.#ids.set(head.name, head.id);
    if (head.name === 'kernel_stack') this.#setStack(head.id, formatText);
    return true;
  }

  #setStack(id: number, formatText: string): void {
    this.stackId = id;
    const fields = parseFormat(formatText, this.layout.commitBytes)?.fields ?? [];
    this.stackOffset = fields.find((field) => field.name === 'caller')?.offset ?? 16;
  }

  /** The `format` files in the order they were added, for a capture. */
  get formats(): readonly EventFormatText[] {
    return this.#formats;
  }

  /** Undefined for an id that no `format` has. */
  decoder(id: number): EventDecoder | undefined {
    const event = this.#byId.get(id);
    if (event === undefined) return undefined;
    return (event.decoder ??= this.#compile(event));
  }

  #compile({ name, text }: KnownEvent): EventDecoder {
    const { commitBytes, littleEndian } = this.layout;
    const format = parseFormat(text, commitBytes) ?? { name, id: 0, common: [], fields: [] };
    return compileDecoder(format, littleEndian);
  }

  /** The event's name, without making its decoder. */
  nameOf(id: number): string | undefined {
    return this.#byId.get(id)?.name;
  }

  /** The system that it was added with. */
  systemOf(id: number): string | undefined {
    return this.#byId.get(id)?.system;
  }

  idOf(name: string): number | undefined {
    return this.#ids.get(name);
  }
}
