import { createWriteStream, statSync } from 'node:fs';
import { openTraceFile, RingBatch, type TraceFile } from '../index';
import { oneOf, TraceError } from '../trace-error';
import { shownValue } from '../words/shown-value';
import { onlyFile, readArguments, readOption } from './arguments';
import { EventCount } from './event-count';
import { ndjsonOf, textHead, textOf } from './event-formats';
import { Output } from './output';
import { isTraceDat, TraceDatFile } from './trace-dat-file';
import { UsageError } from './usage';

const TRACE_DAT = 'trace.dat';
const FORMATS = ['ndjson', 'text', 'count', TRACE_DAT] as const;
type EventsFormat = (typeof FORMATS)[number];

export const EVENTS_OPTIONS = {
  format: { type: 'string' },
  output: { type: 'string', short: 'o' },
} as const;

interface Request {
  readonly file: string;
  readonly format: EventsFormat;
  readonly output: string | undefined;
}

function readRequest(args: string[]): Request {
  const { values, positionals } = readArguments(args, EVENTS_OPTIONS);
  const file = onlyFile('events', positionals);
  const { output } = values;
  const usual = output !== undefined && isTraceDat(output) ? TRACE_DAT : 'ndjson';
  const format = readOption({}, () => oneOf('--format', values.format ?? usual, FORMATS));
  if (format === TRACE_DAT && output === undefined)
    throw new UsageError('--format trace.dat needs --output FILE');
  if (output !== undefined && isSameFile(file, output))
    throw new UsageError(`--output ${shownValue(output)} is the FILE to read`);
  return { file, format, output };
}

function isSameFile(a: string, b: string): boolean {
  const [first, second] = [a, b].map((file) => statSync(file, { throwIfNoEntry: false }));
  return first !== undefined && first.ino === second?.ino && first.dev === second.dev;
}

/** `ftrace-life events FILE`. What could not be read is counted on standard error. */
export async function events(args: string[], stdout: Output): Promise<number> {
  const request = readRequest(args);
  const trace = await openTraceFile(request.file);
  const count = new EventCount();
  if (request.format === TRACE_DAT) await writeTraceDat(trace, request, count);
  else await print(trace, request, count, stdout);
  if (request.format !== 'count' && (count.unexplained > 0 || count.lost !== 0)) {
    process.stderr.write(`ftrace-life: ${JSON.stringify(count)}\n`);
  }
  return 0;
}

async function print(trace: TraceFile, request: Request, count: EventCount, stdout: Output): Promise<void> {
  const { format, output } = request;
  const out = output === undefined ? stdout : new Output(createWriteStream(output), output);
  if (format === 'text') await out.write(textHead());
  for await (const batch of trace.batches) {
    count.add(batch);
    if (format === 'ndjson') await out.write(ndjsonOf(batch));
    else if (format === 'text') await out.write(textOf(batch));
    if (out.isUnread) return;
  }
  if (format === 'count') await out.write(`${JSON.stringify(count)}\n`);
  if (out !== stdout) await out.end();
}

/** @throws TraceError OUTPUT_FAILED where the trace is text: it has no records to write */
async function writeTraceDat(trace: TraceFile, { file, output }: Request, count: EventCount): Promise<void> {
  let written: TraceDatFile | null = null;
  try {
    for await (const batch of trace.batches) {
      if (trace.source === 'text') {
        throw new TraceError(
          'OUTPUT_FAILED',
          `${file} is text; a trace.dat is made of a capture of record -o`,
        );
      }
      count.add(batch);
      written ??= await TraceDatFile.open(output!);
      if (batch instanceof RingBatch) await written.take(batch);
    }
    await written?.end();
  } finally {
    await written?.close();
  }
}
