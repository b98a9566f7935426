/**
 * What can go wrong, as two closed sets of codes: `REASONS`, for which the environment refuses something and an error
 * is thrown, and `DAMAGE`, input that a reader reports and passes over. A bug of our own just throws.
 *
 * The codes are public: flows compare them in Catch. Add one, never rename one; docs/errors.md explains each.
 */

import { didYouMean } from './words/nearest-name';
import { shownValue } from './words/shown-value';

export const REASONS = {
  TRACEFS_MISSING: 'tracefs is not mounted',
  TRACEFS_DENIED: 'no permission to use tracefs',
  TRACEFS_WRITE: 'the kernel refused a write to tracefs',
  PID_NAMESPACE: 'this process does not see the pids of the machine',
  EVENT_UNKNOWN: 'this kernel does not have the event',
  SESSION_UNKNOWN: 'there is no such session',
  SESSION_STATE: 'the session is in another state',
  SESSION_BUSY: 'the session already runs a workload',
  SESSION_ENDED: 'the session ended while it was read',
  PROCESS_MISSING: 'there is no such process',
  PROCESS_REPLACED: 'the pid is another process now',
  KILL_DENIED: 'this process may not be signalled from here',
  ENOENT: 'the command does not exist',
  EACCES: 'the command may not be run',
  WORKLOAD_DENIED: 'an administrator does not allow this command',
  ATTACH_DENIED: 'an administrator does not let flows attach to processes or watch them',
  FILE_DENIED: 'an administrator does not let flows read this file',
  LIMIT_REACHED: 'an administrator does not allow more',
  WORKLOAD_FAILED: 'the command could not be started',
  TRACE_MISSING: 'the trace file cannot be read',
  TRACE_FORMAT: 'this is not a trace',
  OUTPUT_FAILED: 'the output could not be written',
  CONFIG_INVALID: 'invalid configuration',
  MESSAGE_INVALID: 'invalid message',
} as const;

export type TraceErrorCode = keyof typeof REASONS;

interface DamageKind {
  /** The kind of input it is found in. */
  readonly input: 'text' | 'page' | 'capture' | 'trace.dat' | 'message';
  /** What was found, without its place. */
  readonly text: string;
  /** The event itself is there, but it may be another, or have another time. Else input was passed over. */
  readonly isDelivered?: true;
}

/** Why input could not be read, by code. */
export const DAMAGE = {
  LINE_UNEXPLAINED: { input: 'text', text: 'a line that ftrace does not print' },
  LINE_CUT: { input: 'text', text: 'the text ends in the middle of a line' },
  LINE_NUL: { input: 'text', text: 'NUL bytes in a line: a hole in the file' },
  LINE_TOO_BIG: { input: 'text', text: 'the kernel printed [LINE TOO BIG] instead of an event' },
  LINE_AMBIGUOUS: { input: 'text', text: 'a line that can be read in two ways', isDelivered: true },
  NOTE_INVALID: { input: 'text', text: 'an invalid "# ftrace-life:" comment' },
  HTML_EMPTY: { input: 'text', text: 'an HTML page without ftrace text' },
  LOG_EMPTY: { input: 'text', text: 'a kernel log without a dump of the ftrace buffer' },
  PAGE_SHORT: { input: 'page', text: 'fewer bytes than a page header' },
  PAGE_LENGTH: { input: 'page', text: 'a page whose header says more than the page holds' },
  RECORD_SHORT: { input: 'page', text: 'a record for which the page has no room' },
  RECORD_LENGTH: { input: 'page', text: 'a record longer than the page, or shorter than itself' },
  TIME_BACKWARDS: { input: 'page', text: 'a time before that of the record before it', isDelivered: true },
  CAPTURE_MAGIC: { input: 'capture', text: 'a capture that does not begin like one' },
  CAPTURE_CHUNK: { input: 'capture', text: 'a chunk that contradicts itself' },
  CAPTURE_CUT: { input: 'capture', text: 'the capture ends in the middle of a chunk' },
  DAT_CUT: { input: 'trace.dat', text: 'the file or a table ends before what it announces' },
  DAT_SECTION: { input: 'trace.dat', text: 'something else than what the file announces there' },
  DAT_COMPRESSED: { input: 'trace.dat', text: 'compressed data that cannot be decompressed' },
  EVENT_UNEXPLAINED: { input: 'message', text: 'an element of the payload that is not an event' },
  DAMAGE_UNKNOWN: { input: 'capture', text: 'damage with a code of a later version' },
} as const satisfies Readonly<Record<string, DamageKind>>;

export type DamageCode = keyof typeof DAMAGE;

/** Whether a reader of this version reports that code. */
export function isDamageCode(code: string): code is DamageCode {
  return Object.hasOwn(DAMAGE, code);
}

/** Whether damage with this code means that input was passed over; else only the event's place or value is in doubt. */
export function isPassedOver(code: string): boolean {
  return !(isDamageCode(code) && 'isDelivered' in DAMAGE[code]);
}

export class TraceError extends Error {
  override readonly name = 'TraceError';

  readonly code: TraceErrorCode;
  /** The message without the code's own text. */
  readonly detail: string;

  /** @param detail what was tried, on what, and the way out: "mkdir instances/web as uid 1000; see Permissions" */
  constructor(code: TraceErrorCode, detail: string, options?: ErrorOptions) {
    super(`${REASONS[code]}: ${detail}`, options);
    this.code = code;
    this.detail = detail;
  }
}

/** What refuses a setting is CONFIG_INVALID, what refuses a message MESSAGE_INVALID. */
export type InvalidCode = 'CONFIG_INVALID' | 'MESSAGE_INVALID';

/** A setting, an option or a property that has a wrong value: `bufferKb: expected 4 to 1048576, found 1`. */
export class InvalidValue extends TraceError {
  /** `bufferKb`, `msg.pid`, `args[1]`, as the message names it. */
  readonly place: string;
  /** `0 to 2000000 seconds` */
  readonly expected: string;
  readonly found: unknown;
  /** ` (did you mean "SIGTERM"?)`, or nothing. */
  readonly hint: string;
  readonly #names: readonly string[];

  /**
   * @param names of which one was probably meant
   */
  constructor(
    place: string,
    expected: string,
    found: unknown,
    { code = 'CONFIG_INVALID', names = [] }: { code?: InvalidCode; names?: readonly string[] } = {},
  ) {
    const hint = didYouMean(found, names);
    super(code, `${place}: expected ${expected}, found ${shownValue(found)}${hint}`);
    this.place = place;
    this.expected = expected;
    this.found = found;
    this.hint = hint;
    this.#names = names;
  }

  /** The same refusal, for a reader that knows the value by another name. */
  renamed(place: string): InvalidValue {
    const code = this.code === 'MESSAGE_INVALID' ? 'MESSAGE_INVALID' : 'CONFIG_INVALID';
    return new InvalidValue(place, this.expected, this.found, { code, names: this.#names });
  }
}

/** One of the allowed words. @throws InvalidValue */
export function oneOf<Word extends string>(
  place: string,
  given: unknown,
  allowed: readonly Word[],
  code: InvalidCode = 'CONFIG_INVALID',
): Word {
  const found = allowed.find((word) => word === given);
  if (found !== undefined) return found;
  throw new InvalidValue(place, allowed.join(', ').replace(/, ([^,]*)$/, ' or $1'), given, {
    code,
    names: allowed,
  });
}

/** The errno name of a failed system call ('ENOENT'), or '' for any other error. */
export function errnoOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return '';
}
