import { parseArgs } from 'node:util';
import { openTraceFile } from '../index';
import { EventCount } from './event-count';
import { ndjsonOf, textHead, textOf } from './event-formats';
import type { Output } from './output';
import { oneOf, UsageError } from './usage';

/** `ftrace-life events FILE`. What could not be read is counted on standard error. */
export async function events(args: string[], out: Output): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { format: { type: 'string', default: 'ndjson' } },
  });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new UsageError('events takes one FILE, or -');
  const format = oneOf('--format', values.format, ['ndjson', 'text', 'count']);
  const trace = await openTraceFile(file);
  const count = new EventCount();
  if (format === 'text') await out.write(textHead());
  for await (const batch of trace.batches) {
    count.add(batch);
    if (format === 'ndjson') await out.write(ndjsonOf(batch));
    else if (format === 'text') await out.write(textOf(batch));
    if (out.isUnread) return 0;
  }
  if (format === 'count') await out.write(`${JSON.stringify(count)}\n`);
  else if (count.unexplained > 0 || count.lost !== 0) {
    process.stderr.write(`ftrace-life: ${JSON.stringify(count)}\n`);
  }
  return 0;
}
