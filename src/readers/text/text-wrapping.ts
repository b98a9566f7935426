import type { DamageCode } from '../../trace-error';

/** Which part of a line is trace, in bytes of its buffer. */
export interface TracePart {
  readonly start: number;
  readonly end: number;
}

/** A text that has ftrace text inside: a page of HTML, a kernel log. */
export interface TextWrapping {
  /** Lines are as they would be without what is around them, until one comes that may be the end of the trace. */
  readonly isPlain: boolean;
  /** Whether a trace was in it so far, even one without events. */
  readonly hasTrace: boolean;
  /** What it is where no trace is in it. */
  readonly emptyCode: DamageCode;
  /** Null for a line of the wrapping. */
  read(bytes: Buffer, start: number, end: number): TracePart | null;
}
