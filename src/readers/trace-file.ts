/** Reads a saved trace, whatever its format, in flat memory: the file is recognised by its first bytes. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { DAMAGE, errnoOf, TraceError } from '../trace-error';
import type { Damage, EventBatch } from '../trace-event';
import { CAPTURE_MAGIC } from './capture/capture-layout';
import { CaptureReader } from './capture/capture-reader';
import { TextReader } from './text/text-reader';
import { TRACE_DAT_MAGIC } from './trace-dat/dat-header';
import { openTraceDat } from './trace-dat/trace-dat';
import { adviceOnOtherFormat } from './other-formats';
import type { TraceReader } from './trace-reader';

const CHUNK_BYTES = 1 << 18;
/** What is looked at to tell the format. */
const HEAD_BYTES = 1024;

export type TraceSource = 'text' | 'raw' | 'trace.dat';

export interface TraceFile {
  readonly source: TraceSource;
  readonly batches: AsyncIterable<EventBatch>;
}

/**
 * Opens a trace; `-` is standard input.
 * @throws TraceError TRACE_MISSING where it cannot be read, TRACE_FORMAT where it is no trace that we read; while
 *   it is read, TRACE_FORMAT where no line of a text was an event, or TRACE_MISSING where reading failed
 */
export async function openTraceFile(file: string): Promise<TraceFile> {
  const stream: Readable =
    file === '-' ? process.stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES });
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  const first = await firstBytes(chunks, file);
  if (first.length === 0) throw new TraceError('TRACE_FORMAT', `${file} is empty`);
  const head = first.toString('latin1', 0, HEAD_BYTES);
  if (head.startsWith(TRACE_DAT_MAGIC)) {
    stream.destroy();
    if (file === '-') {
      // Its tables and pages are all over the file, in no order.
      throw new TraceError(
        'TRACE_FORMAT',
        'standard input is a trace.dat, which cannot be read from a pipe; give the name of the file',
      );
    }
    return { source: 'trace.dat', batches: orRefuse(file, openTraceDat(file)) };
  }
  const isCapture = head.startsWith(CAPTURE_MAGIC);
  const advice = isCapture ? null : adviceOnOtherFormat(head);
  if (advice !== null) {
    stream.destroy();
    throw new TraceError('TRACE_FORMAT', `${file === '-' ? 'standard input' : file} ${advice}`);
  }
  const reader = isCapture ? new CaptureReader() : new TextReader();
  const batches = readAll(file, first, chunks, reader);
  return { source: isCapture ? 'raw' : 'text', batches: orRefuse(file, batches) };
}

/** Enough to tell the format; a pipe may give less than that at once. */
async function firstBytes(chunks: AsyncIterator<Buffer, undefined>, file: string): Promise<Buffer> {
  let first: Buffer = Buffer.alloc(0);
  while (first.length < CAPTURE_MAGIC.length) {
    const chunk = await nextChunk(chunks, file);
    if (chunk === null) break;
    first = Buffer.concat([first, chunk]);
  }
  return first;
}

async function nextChunk(chunks: AsyncIterator<Buffer, undefined>, file: string): Promise<Buffer | null> {
  try {
    const next = await chunks.next();
    return next.done === true ? null : next.value;
  } catch (error) {
    const errno = errnoOf(error);
    throw new TraceError('TRACE_MISSING', `${file}: ${errno === '' ? String(error) : errno}`, {
      cause: error,
    });
  }
}

/** The batches of a trace, whatever its format. Throws, when it is first asked, as `openTraceFile` does. */
export async function* readTraceFile(file: string): AsyncIterable<EventBatch> {
  yield* (await openTraceFile(file)).batches;
}

async function* readAll(
  file: string,
  first: Buffer,
  chunks: AsyncIterator<Buffer, undefined>,
  reader: TraceReader,
): AsyncIterable<EventBatch> {
  try {
    for (let chunk: Buffer | null = first; chunk !== null; chunk = await nextChunk(chunks, file)) {
      yield reader.push(chunk);
    }
    yield reader.end();
  } finally {
    await chunks.return?.();
  }
}

/** Passes the batches on; a trace that turns out to have damage and not one event is refused at its end. */
async function* orRefuse(file: string, batches: AsyncIterable<EventBatch>): AsyncIterable<EventBatch> {
  let events = 0;
  let broken: Damage | undefined;
  for await (const batch of batches) {
    events += batch.length;
    broken ??= batch.damage[0];
    yield batch;
  }
  if (events === 0 && broken !== undefined) {
    const { code, line, atByte } = broken;
    const place = line === undefined ? `byte ${atByte}` : `line ${line}`;
    // Without the line itself: it is a line of a file that is no trace, and whoever reads the error may not read the file.
    throw new TraceError('TRACE_FORMAT', `${file} has no event; ${place}: ${DAMAGE[code].text}`);
  }
}
