/**
 * The thread that reads a live session, so that the main thread does not wait for the kernel: it reads, walks and
 * merges pages, and hands the events' places over. It never turns its own event loop: it waits on the control words.
 */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { traceClock } from '../tracefs/trace-clock';
import type { MergedPages } from '../readers/pages/page-merger';
import { PipePoll } from './pipe-poll';
import {
  CLOSING,
  CREDIT,
  FINISHING,
  READING,
  STATE,
  type ReaderPart,
  type ReaderTask,
} from './reader-thread-protocol';

/** With nothing to read, look again after this: it is most of an event's delay on its way. */
const POLL_MS = 20;

/** A nice value of this thread alone: what is traced runs flat out, and fills the kernel's buffer when we do not run. */
const NICE = -5;

/** Where that is not allowed, it reads as fast as anybody. */
function preferReading(): void {
  try {
    // Linux has a nice value for each thread; 0 is the one that calls.
    setPriority(0, NICE);
  } catch {
    // EACCES, EPERM: not root.
  }
}

function handOver(part: ReaderPart): void {
  const buffers = new Set<ArrayBufferLike>();
  const { streams, stream, row } = part.rows;
  for (const columns of streams) {
    if (columns.sec.length === 0) continue;
    buffers.add(columns.sec.buffer);
    for (const { buffer } of columns.buffers) buffers.add(buffer);
  }
  buffers.add(stream.buffer).add(row.buffer);
  parentPort?.postMessage(part, [...buffers] as ArrayBuffer[]);
}

function isEmpty({ rows, lost, damage }: MergedPages): boolean {
  return rows.length === 0 && lost.length === 0 && damage.length === 0;
}

function read({ pipes, kind, clock, statistics, control }: ReaderTask): void {
  const words = new Int32Array(control);
  const reading = new PipePoll(pipes, kind, traceClock(clock, statistics));
  for (;;) {
    const state = Atomics.load(words, STATE);
    if (state === CLOSING) return;
    // Nobody takes what was sent: the kernel's ring buffer holds the rest, and counts what it overwrites.
    if (Atomics.load(words, CREDIT) === 0) {
      Atomics.wait(words, CREDIT, 0, POLL_MS);
      continue;
    }
    const isDrained = reading.poll();
    const isLast = isDrained && state === FINISHING;
    const merged = reading.flush(isLast);
    if (isLast || !isEmpty(merged)) {
      Atomics.sub(words, CREDIT, 1);
      handOver({ ...merged, isLast });
    }
    if (isLast) return;
    if (isDrained) Atomics.wait(words, STATE, READING, POLL_MS);
  }
}

preferReading();
read(workerData as ReaderTask);
