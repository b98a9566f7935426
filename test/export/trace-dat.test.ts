import assert from 'node:assert/strict';
import { TraceDatPages } from '../../src/export/trace-dat/pages';
import { TraceDatWriter } from '../../src/export/trace-dat/trace-dat';
import { CaptureReader } from '../../src/readers/capture/capture-reader';
import { CaptureWriter } from '../../src/readers/capture/capture-writer';
import { EventTable } from '../../src/readers/pages/event-table';
import { X86_64_LAYOUT, type PageLayout } from '../../src/readers/pages/page-layout';
import { RingBatch } from '../../src/readers/pages/ring-batch';
import type { RingContext } from '../../src/readers/pages/ring-event';
import { RingReader } from '../../src/readers/pages/ring-reader';
import type { Loss, TraceEvent, TraceNote } from '../../src/trace-event';
import { composePage, type ComposedRecord } from '../readers/compose-page';
import { DatFolder } from '../readers/read-dat';
import { kernelStack, schedProcessFork, signalGenerate, smallKernel, tick } from '../readers/small-kernel';

const SECOND = 1_000_000_000n;
const MISSED_EVENTS = 0x8000_0000;

function datOf(batches: readonly RingBatch[]): Buffer {
  const writer = new TraceDatWriter(batches[0]!.backing().context);
  const pages = new Map<number, Uint8Array[]>();
  const putBy = (pieces: ReturnType<TraceDatWriter['take']>['full']): void => {
    for (const { cpu, pages: bytes } of pieces) pages.set(cpu, [...(pages.get(cpu) ?? []), bytes]);
  };
  let notes = '';
  for (const batch of batches) {
    const taken = writer.take(batch);
    putBy(taken.full);
    notes += taken.notes;
  }
  const { rest, head } = writer.finish(Buffer.byteLength(notes));
  putBy(rest);
  const inOrder = [...pages].sort(([a], [b]) => a - b).flatMap(([, bytes]) => bytes);
  return Buffer.concat([head.beforeNotes, Buffer.from(notes), head.afterNotes, ...inOrder]);
}

/** A batch of pages: one list of records for each CPU, each CPU's first at 10 s. */
function batchOf(cpus: readonly (readonly ComposedRecord[])[], context = smallKernel()): RingBatch {
  const ring = new RingReader(context);
  cpus.forEach((records, cpu) => {
    ring.push(ring.addStream(cpu, 0), composePage(10n * SECOND, records));
  });
  return ring.flush(null);
}

/** What a record of a trace.dat says: names of tasks are those that they had last. */
function recorded({ ts, cpu, pid, name, fields, stack, flags }: TraceEvent): object {
  return { ts, cpu, pid, name, fields, stack, flags };
}

/** The events of packed pages. */
function eventsIn(
  pages: readonly Uint8Array[],
  context: RingContext,
): { events: TraceEvent[]; lost: readonly Loss[] } {
  const ring = new RingReader(context);
  const stream = ring.addStream(0, 0);
  for (const chunk of pages) {
    for (let at = 0; at < chunk.length; at += 4096) ring.push(stream, chunk.subarray(at, at + 4096), at);
  }
  const batch = ring.flush(null);
  assert.deepEqual(batch.damage, []);
  return { events: batch.toArray(), lost: batch.lost };
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

describe('a trace.dat that we write', () => {
  const folder = new DatFolder();
  after(() => {
    folder.remove();
  });

  it('gives back the events of all CPUs with their times, fields and call traces', async () => {
    const batch = batchOf([
      [
        { delta: 0, payload: tick(1) },
        { delta: 200, payload: signalGenerate(9) },
        { delta: 1, payload: kernelStack([0, 1]) },
      ],
      [
        { delta: 100, payload: schedProcessFork(100, 101, 'child') },
        { delta: 200, payload: tick(2, 101) },
      ],
    ]);
    const { events, damage } = await folder.read(datOf([batch]));
    assert.deepEqual(damage, []);
    assert.deepEqual(events.map(recorded), batch.toArray().map(recorded));
    assert.deepEqual(events[2]!.stack, ['send_signal_locked', 'do_send_sig_info']);
  });

  it('names the functions of a capture, which keeps no addresses but of those without a name', async () => {
    const batch = batchOf([
      [
        { delta: 0, payload: signalGenerate(9) },
        { delta: 1, payload: kernelStack([1, 0, -1]) },
      ],
    ]);
    const writer = new CaptureWriter(batch.backing().context);
    const capture = new CaptureReader().push(Buffer.concat([writer.head(), writer.batch(batch)]));
    assert.ok(capture instanceof RingBatch);
    const { events } = await folder.read(datOf([capture]));
    assert.deepEqual(
      events.map((event) => event.stack),
      [['do_send_sig_info', 'send_signal_locked', '0xffffffff80ffff10']],
    );
  });

  it('says how many events were lost, and before which', async () => {
    const all = batchOf([[{ delta: 0, payload: tick(1) }], []]);
    const { rows, context } = all.backing();
    const loss = (ts: number, count: number | null): Loss => ({ cpu: 0, ts, count });
    const counted = new RingBatch({ rows, context }, [loss(10, 42)], [], []);
    const uncounted = new RingBatch({ rows, context }, [loss(9, 1), loss(10, null)], [], []);
    assert.deepEqual((await folder.read(datOf([counted]))).lost, [loss(10, 42)]);
    assert.deepEqual((await folder.read(datOf([uncounted]))).lost, [loss(10, null)]);
  });

  it('keeps a loss of one batch for the first event after it in another', async () => {
    const context = smallKernel();
    const empty = new RingBatch(batchOf([[]], context).backing(), [{ cpu: 0, ts: 10, count: 7 }], [], []);
    const { lost } = await folder.read(datOf([empty, batchOf([[{ delta: 0, payload: tick(1) }]], context)]));
    assert.deepEqual(lost, [{ cpu: 0, ts: 10, count: 7 }]);
  });

  it('has the kernel, its clock and what was noted as comment lines', () => {
    const notes: TraceNote[] = [
      { kind: 'trace', kernel: '7.3.4', clock: 'mono', cpus: 4 },
      { kind: 'inode', dev: 1, ino: 42, path: '/usr/bin/ä' },
    ];
    const text = datOf([batchOf([[{ delta: 0, payload: tick(1) }]]).withNotes(notes)]).toString();
    assert.match(text, /Linux \(none\) 7\.3\.4\0/);
    assert.match(text, /\[mono\]/);
    for (const note of notes) assert.ok(text.includes(`# ftrace-life: ${JSON.stringify(note)}\n`));
    for (const cpu of [0, 1, 2, 3]) assert.ok(text.includes(`CPU: ${cpu}\n`));
  });

  it('has no task whose name forges the line of another', () => {
    const context = smallKernel();
    context.names.seed(100, 'a\n1 b');
    const text = datOf([batchOf([[{ delta: 0, payload: tick(1) }]], context)]).toString();
    assert.ok(text.includes('100 a.1 b\n'));
  });
});

describe('the pages of a trace.dat', () => {
  const context = smallKernel();
  const packed = (fill: (pages: TraceDatPages) => void, layout: PageLayout = X86_64_LAYOUT): Uint8Array[] => {
    const chunks: Uint8Array[] = [];
    const pages = new TraceDatPages(layout, (chunk) => chunks.push(chunk));
    fill(pages);
    pages.finish();
    assert.equal(
      chunks.reduce((sum, chunk) => sum + chunk.length, 0),
      pages.bytes,
    );
    return chunks;
  };
  const add = (pages: TraceDatPages, sec: number, nsec: number, record: Uint8Array): boolean =>
    pages.add(sec, nsec, view(record), 0, record.length);

  it('hold any number of events, in order', () => {
    const count = 100_000;
    const chunks = packed((pages) => {
      for (let i = 0; i < count; i++) add(pages, i, i, tick(i));
    });
    const { events } = eventsIn(chunks, context);
    assert.equal(events.length, count);
    assert.ok(events.every((event, i) => event.fields['number'] === i && event.ts === (i * 1e9 + i) / 1e9));
    assert.ok(chunks.every((chunk) => chunk.length % 4096 === 0));
  });

  it('keep times apart by a nanosecond, by hours and by years', () => {
    const times = [
      [10, 0],
      [10, 1],
      [10, 134_217_728],
      [10, 134_217_728],
      [20_000, 999_999_999],
      [400_000_000, 3],
    ] as const;
    const { events } = eventsIn(
      packed((pages) => {
        for (const [sec, nsec] of times) add(pages, sec, nsec, tick(1));
      }),
      context,
    );
    assert.deepEqual(
      events.map((event) => event.ts),
      times.map(([sec, nsec]) => (sec * 1e9 + nsec) / 1e9),
    );
  });

  it('have a time of their own, so that it may go back', () => {
    const [chunk, more] = packed((pages) => {
      add(pages, 5, 7, tick(1));
      add(pages, 5, 6, tick(2));
    });
    assert.deepEqual(
      [view(chunk!).getBigUint64(0, true), view(more!).getBigUint64(0, true)],
      [5_000_000_007n, 5_000_000_006n],
    );
  });

  it('keep records of every length, byte for byte', () => {
    const lengths = Array.from({ length: 300 }, (_, i) => 8 + i).concat(4072);
    const records = lengths.map((length) => {
      const record = new Uint8Array(length).fill(length & 0xff, 8);
      record.set(tick(1).subarray(0, 8));
      return record;
    });
    const chunks = packed((pages) => {
      for (const record of records) add(pages, 1, 0, record);
    });
    const ring = new RingReader(context);
    const stream = ring.addStream(0, 0);
    for (const chunk of chunks)
      for (let at = 0; at < chunk.length; at += 4096) ring.push(stream, chunk.subarray(at, at + 4096));
    const read = [...ring.flush(null)].map(({ record }) =>
      Buffer.from(record.buffer, record.byteOffset, record.byteLength).toString('hex'),
    );
    assert.deepEqual(
      read,
      records.map((record) => Buffer.from(record).toString('hex')),
    );
  });

  it('count a record as lost that is longer than a page', () => {
    const tooLong = new Uint8Array(4096);
    const { events, lost } = eventsIn(
      packed((pages) => {
        assert.ok(add(pages, 1, 0, tick(1)));
        assert.equal(add(pages, 2, 0, tooLong), false);
        assert.ok(add(pages, 3, 0, tick(3)));
      }),
      context,
    );
    assert.deepEqual(
      events.map((event) => event.ts),
      [1, 3],
    );
    assert.deepEqual(lost, [{ cpu: 0, ts: 3, count: 1 }]);
  });

  it('say that something was lost where the number has no room', () => {
    const [page] = packed((pages) => {
      pages.lose(5);
      add(pages, 1, 0, new Uint8Array(4072));
    });
    assert.equal(view(page!).getUint32(8, true), 4080 + MISSED_EVENTS);
  });

  for (const commitBytes of [4, 8] as const) {
    it(`are those of a big-endian machine with ${commitBytes * 8} bits for one`, () => {
      const layout = { ...X86_64_LAYOUT, commitBytes, dataOffset: 8 + commitBytes, littleEndian: false };
      const swapped = new EventTable(layout);
      for (const { text, system } of context.table.formats) swapped.add(text, system);
      const record = Buffer.alloc(12);
      record.writeUInt16BE(30, 0);
      record.writeInt32BE(100, 4);
      record.writeUInt32BE(77, 8);
      const chunks = packed((pages) => {
        add(pages, 1, 0, record);
        add(pages, 1, 5, record);
        pages.lose(3);
        add(pages, 2, 0, record);
      }, layout);
      const { events, lost } = eventsIn(chunks, { ...context, table: swapped });
      assert.deepEqual(
        events.map(({ ts, pid, fields }) => [ts, pid, fields['number']]),
        [
          [1, 100, 77],
          [1.000000005, 100, 77],
          [2, 100, 77],
        ],
      );
      assert.deepEqual(lost, [{ cpu: 0, ts: 2, count: 3 }]);
    });
  }
});
