/**
 * Waits in the kernel for an event of the bell instance, and says that there was one. A blocked read cannot be cancelled from
 * outside: whoever ends the thread sets STATE and writes to the instance's trace_marker, which is an event.
 */
import { readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { errnoOf } from '../trace-error';
import { LISTENING, STATE, type DoorbellTask } from './doorbell-protocol';

/** In a storm it rings so often, and the rest is read at once. */
const PAUSE_MS = 20;
/** A read of trace_pipe gives less than a page. */
const TEXT_BYTES = 4096;

function listen({ fd, control }: DoorbellTask): void {
  const words = new Int32Array(control);
  const text = new Uint8Array(TEXT_BYTES);
  while (Atomics.load(words, STATE) === LISTENING) {
    try {
      readSync(fd, text, 0, TEXT_BYTES, null);
    } catch (error) {
      // A signal to the process may be handled in this thread.
      if (errnoOf(error) !== 'EINTR') throw error;
      continue;
    }
    parentPort?.postMessage(null);
    Atomics.wait(words, STATE, LISTENING, PAUSE_MS);
  }
}

listen(workerData as DoorbellTask);
