/** What is read from tracefs to decode a session's pages: page layout, formats, names, symbols. */
import { readdirSync, readFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { EventTable } from '../readers/pages/event-table';
import { KernelSymbols } from '../readers/pages/kernel-symbols';
import { parseHeaderPage } from '../readers/pages/page-layout';
import { flagStyle } from '../readers/pages/record-flags';
import type { RingContext } from '../readers/pages/ring-event';
import { parseSavedCmdlines, TaskNames } from '../readers/pages/task-names';
import { isInNs } from '../readers/pages/trace-time';
import { TraceError } from '../trace-error';
import type { Tid } from '../trace-event';
import type { Instance } from '../tracefs/instance';

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/**
 * @param events `system/event` or whole systems, as armed
 * @throws TraceError TRACE_FORMAT where the kernel's page header is of no known shape
 */
export function readKernelTables(instance: Instance, events: readonly string[], clock: string): RingContext {
  const { tracefs } = instance;
  const layout = parseHeaderPage(
    readText(path.join(instance.directory, 'events/header_page')) ||
      readText(path.join(tracefs, 'events/header_page')),
    os.endianness() === 'LE',
  );
  if (layout === null)
    throw new TraceError('TRACE_FORMAT', `${tracefs}/events/header_page is of an unknown shape`);
  const pageBytes = subBufferBytes(instance) ?? layout.pageBytes;
  const table = new EventTable({ ...layout, pageBytes });
  for (const event of new Set([...events, 'ftrace/kernel_stack', 'ftrace/user_stack'])) {
    for (const directory of eventDirectories(path.join(tracefs, 'events', event)))
      table.add(readText(path.join(directory, 'format')), path.basename(path.dirname(directory)));
  }
  return {
    table,
    names: new TaskNames(),
    symbols: new KernelSymbols(() => readText('/proc/kallsyms')),
    flagStyle: flagStyle(os.release()),
    clockInNs: isInNs(clock),
    // A session's two instances are one trace.
    instances: ['', ''],
  };
}

/** Sub-buffers are larger than a page where `buffer_subbuf_size_kb` (6.8) says so. */
function subBufferBytes(instance: Instance): number | null {
  const kb = Number(readText(path.join(instance.directory, 'buffer_subbuf_size_kb')));
  return kb > 0 ? kb * 1024 : null;
}

function eventDirectories(directory: string): string[] {
  if (path.basename(path.dirname(directory)) !== 'events') return [directory];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [path.join(directory, entry.name)] : [],
  );
}

/** What the kernel calls the last tasks that ran while something was traced, each by its name at that time. */
export function readSavedNames(tracefs: string): Map<Tid, string> {
  return new Map(parseSavedCmdlines(readText(path.join(tracefs, 'saved_cmdlines'))));
}

/** Names of tasks from before the trace, where nothing better is known: an earlier one may have had the tid. */
export function seedSavedNames(tracefs: string, names: TaskNames): void {
  for (const [tid, comm] of readSavedNames(tracefs)) if (!names.knows(tid)) names.seed(tid, comm);
}
