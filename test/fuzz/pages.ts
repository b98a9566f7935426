import assert from 'node:assert/strict';
import { isDamage, readPageHeader } from '../../src/readers/pages/page-header';
import { X86_64_LAYOUT, type PageLayout } from '../../src/readers/pages/page-layout';
import { appendRecords } from '../../src/readers/pages/page-records';
import type { RingContext } from '../../src/readers/pages/ring-event';
import { RingReader } from '../../src/readers/pages/ring-reader';
import { TaskNames } from '../../src/readers/pages/task-names';
import type { EventBatch } from '../../src/trace-event';
import { composePage } from '../readers/compose-page';
import { contextOf, pagesOf, RAW_KERNELS, rawFile } from '../readers/raw-run';
import { RecordRows } from '../readers/record-rows';
import { kernelStack, signalGenerate, tick } from '../readers/small-kernel';
import { checkBatch, type FuzzTarget } from './fuzz-target';
import type { Random } from './random';

const LAYOUTS: readonly PageLayout[] = [
  X86_64_LAYOUT,
  X86_64_LAYOUT,
  { ...X86_64_LAYOUT, littleEndian: false },
  { ...X86_64_LAYOUT, commitBytes: 4, dataOffset: 12 },
  { ...X86_64_LAYOUT, commitBytes: 4, dataOffset: 12, littleEndian: false },
];

let context: RingContext | null = null;

/** Rows inside the page, one after the other, in order of time but where it says otherwise. */
function checkRows(page: DataView, layout: PageLayout): RecordRows {
  const rows = new RecordRows();
  const header = readPageHeader(page, layout);
  if (isDamage(header)) return rows;
  appendRecords(page, header, layout, rows);
  const { length, sec, nsec, offset, size } = rows.columns;
  const isBackwards = rows.damage.some((damage) => damage.code === 'TIME_BACKWARDS');
  let end = page.byteOffset + header.start;
  for (let row = 0; row < length; row++) {
    assert.ok(offset[row]! >= end + 4 && size[row]! >= 8, `row ${row}`);
    end = offset[row]! + size[row]!;
    assert.ok(nsec[row]! < 1_000_000_000 && Number.isSafeInteger(sec[row]));
    if (row > 0 && !isBackwards) {
      const before = sec[row - 1]! - sec[row]! || nsec[row - 1]! - nsec[row]!;
      assert.ok(before <= 0, `row ${row} is earlier than the one before`);
    }
  }
  assert.ok(end <= page.byteOffset + header.end);
  assert.ok(rows.damage.length <= 4, `${rows.damage.length} damages in one page`);
  return rows;
}

function read(input: Buffer, random: Random): void {
  // At any address, as a piece of a file may be.
  const bytes = new Uint8Array(input.length + 4).subarray(random.below(5), -1).subarray(0, input.length);
  bytes.set(input.subarray(0, bytes.length));
  const layout = random.pick(LAYOUTS);
  const pages: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += layout.pageBytes)
    pages.push(bytes.subarray(at, at + layout.pageBytes));
  for (const page of pages) checkRows(new DataView(page.buffer, page.byteOffset, page.byteLength), layout);
  context ??= contextOf('6.12');
  const ring = new RingReader({ ...context, names: new TaskNames() });
  const streams = [ring.addStream(0, 0), ring.addStream(1, 0)];
  let isBackwards = false;
  const check = (batch: EventBatch): void => {
    checkBatch(batch, input.length);
    isBackwards ||= batch.damage.some((damage) => damage.code === 'TIME_BACKWARDS');
    if (!isBackwards) checkOrder(batch);
  };
  pages.forEach((page, index) => {
    ring.push(random.pick(streams), page, index * layout.pageBytes);
    if (random.oneIn(4)) check(ring.flush(ring.lastTime(0)));
  });
  check(ring.flush(null));
}

function checkOrder(batch: EventBatch): void {
  let last = -1;
  for (const { ts } of batch) {
    assert.ok(ts >= last, `${ts} after ${last}`);
    last = ts;
  }
}

export const PAGES: FuzzTarget = {
  name: 'pages',
  good: () => [
    ...RAW_KERNELS.flatMap((kernel) => pagesOf(rawFile(kernel, 'cpu0.raw')).slice(0, 3)),
    ...RAW_KERNELS.flatMap((kernel) => pagesOf(rawFile(kernel, 'cpu1.raw')).slice(0, 1)),
    composePage(
      2n ** 59n - 5n,
      [tick(1), signalGenerate(9), kernelStack([0, 1]), tick(2)].map((payload) => ({ delta: 3, payload })),
    ).subarray(0, 512),
  ],
  read,
};
