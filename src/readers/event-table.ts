/** All that is needed to decode the pages of one kernel: its page layout, and a decoder for each event id. */
import { compileDecoder, type EventDecoder } from './event-decoder';
import { parseFormat, type EventFormat } from './event-format';
import type { PageLayout } from './page-layout';

export interface EventFormatText {
  /** The folder in `events/` that it is of, such as `sched`; '' where nobody knows. */
  readonly system: string;
  readonly text: string;
}

export class EventTable {
  readonly #decoders = new Map<number, EventDecoder>();
  readonly #ids = new Map<string, number>();
  /** The `format` texts, for a capture. */
  readonly formats: EventFormatText[] = [];
  /**
   * The id of `ftrace:kernel_stack`, the call trace that a `stacktrace` trigger puts behind an event, and where its
   * addresses start (kernel/trace/trace_entries.h, TRACE_STACK); -1 where the kernel has none. A `user_stack` has
   * addresses of the program, which no table of ours names: it stays an event.
   */
  stackId = -1;
  stackOffset = 16;

  constructor(readonly layout: PageLayout) {}

  /** Adds one `format` file. False where it is none. */
  add(formatText: string, system = ''): boolean {
    const format = parseFormat(formatText);
    if (format === null) return false;
    this.formats.push({ system, text: formatText });
    this.#decoders.set(format.id, compileDecoder(format, this.layout.littleEndian));
    this.#ids.set(format.name, format.id);
    if (format.name === 'kernel_stack') this.#setStack(format);
    return true;
  }

  #setStack(format: EventFormat): void {
    this.stackId = format.id;
    this.stackOffset = format.fields.find((field) => field.name === 'caller')?.offset ?? 16;
  }

  decoder(id: number): EventDecoder | undefined {
    return this.#decoders.get(id);
  }

  idOf(name: string): number | undefined {
    return this.#ids.get(name);
  }
}
