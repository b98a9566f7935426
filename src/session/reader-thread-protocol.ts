/** What the main thread and the reading thread say to each other. */
import type { MergedPages } from '../readers/pages/page-merger';
import type { PageKind } from '../readers/pages/record-queue';

export interface Pipe {
  /** An open `trace_pipe_raw`, O_NONBLOCK. Descriptors are the process's, whichever thread opened them. */
  readonly fd: number;
  readonly cpu: number;
  readonly instance: number;
}

/** `workerData`. */
export interface ReaderTask {
  readonly pipes: readonly Pipe[];
  readonly kind: PageKind;
  readonly clock: string;
  /** The file that tells the time of clocks that Node cannot read. */
  readonly statistics: string;
  readonly control: SharedArrayBuffer;
}

/** What the thread sends: its arrays are handed over, not copied. */
export interface ReaderPart extends MergedPages {
  /** All that was recorded has been sent. */
  readonly isLast: boolean;
}

/** Words of `control`, an Int32Array. */
export const STATE = 0;
/** How many more parts may be sent; the main thread adds one for each that it took. */
export const CREDIT = 1;
export const CONTROL_BYTES = 8;

/** Values of STATE. */
export const READING = 0;
/** The recording has ended: read what is left, and end. */
export const FINISHING = 1;
export const CLOSING = 2;
