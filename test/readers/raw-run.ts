import fs from 'node:fs';
import path from 'node:path';
import { EventTable } from '../../src/readers/pages/event-table';
import { KernelSymbols } from '../../src/readers/pages/kernel-symbols';
import { parseHeaderPage } from '../../src/readers/pages/page-layout';
import type { RingContext } from '../../src/readers/pages/ring-event';
import { RingReader } from '../../src/readers/pages/ring-reader';
import { parseSavedCmdlines, TaskNames } from '../../src/readers/pages/task-names';

/** The stock kernels whose raw pages are recorded beside the text of the same run. */
export const RAW_KERNELS = ['6.1', '6.12', '7.3'] as const;
export type RawKernel = (typeof RAW_KERNELS)[number];

export function rawFile(kernel: RawKernel, file: string): string {
  return path.join(process.cwd(), 'test/fixtures/raw', kernel, file);
}

/** `format` files one after the other. */
export function splitFormats(text: string): string[] {
  return text.split(/^(?=name: )/m);
}

/** All that a machine's tracefs says beside the pages of the run. */
export function contextOf(kernel: RawKernel): RingContext {
  const read = (file: string): string => fs.readFileSync(rawFile(kernel, file), 'utf8');
  const layout = parseHeaderPage(read('header_page'), true);
  if (layout === null) throw new Error(`the header_page of ${kernel} is not understood`);
  const table = new EventTable(layout);
  for (const format of splitFormats(read('formats'))) table.add(format);
  const names = new TaskNames();
  for (const [tid, comm] of parseSavedCmdlines(read('saved_cmdlines'))) names.seed(tid, comm);
  for (const line of read('saved_tgids').split('\n')) {
    const [tid, tgid] = line.split(' ').map(Number);
    if (tid !== undefined && tgid !== undefined) names.seedGroup(tid, tgid);
  }
  return {
    table,
    names,
    symbols: new KernelSymbols(() => read('kallsyms')),
    flagStyle: { columns: 5, lazyReschedule: true },
    clockInNs: true,
    instances: ['', ''],
  };
}

/** The pages of one file of trace_pipe_raw. */
export function pagesOf(file: string, pageBytes = 4096): Uint8Array[] {
  const bytes = fs.readFileSync(file);
  const pages: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += pageBytes) pages.push(bytes.subarray(at, at + pageBytes));
  return pages;
}

/** A reader that holds all pages of the run, one stream for each CPU. */
export function readerOf(kernel: RawKernel, folder = '', context = contextOf(kernel)): RingReader {
  const ring = new RingReader(context);
  for (const cpu of [0, 1]) {
    const stream = ring.addStream(cpu, 0);
    pagesOf(rawFile(kernel, path.join(folder, `cpu${cpu}.raw`))).forEach((page, index) => {
      ring.push(stream, page, index * 4096);
    });
  }
  return ring;
}
