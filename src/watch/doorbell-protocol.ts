/** What a watch and the thread that waits for it in the kernel say to each other. */

/** `workerData`. */
export interface DoorbellTask {
  /** The bell instance's `trace_pipe`, open for blocking reads. Descriptors are the process's. */
  readonly fd: number;
  readonly control: SharedArrayBuffer;
}

/** The word of `control`, an Int32Array, and its values. */
export const STATE = 0;
export const LISTENING = 0;
export const CLOSING = 1;
export const CONTROL_BYTES = 4;
