/** One run of stock kernel 7.3, laid out in each way that trace-cmd has. */
import assert from 'node:assert/strict';
import { parseHeaderPage } from '../../src/readers/pages/page-layout';
import type { TraceEvent } from '../../src/trace-event';
import { composeDat, partsOf, type DatParts } from './compose-dat';
import { readerOf } from './raw-run';
import { DatFolder, type ReadDat } from './read-dat';
import { swapPage } from './swap-page';

/** The same run on a big-endian machine: its pages turned, and the whole file with them. */
function turned(parts: DatParts): DatParts {
  const layout = parseHeaderPage(parts.headerPage, true)!;
  const buffers = parts.buffers.map((buffer) => ({
    ...buffer,
    cpus: buffer.cpus.map(({ cpu, pages }) => ({
      cpu,
      pages: pages.map((page) => swapPage(page, layout, parts.formats)),
    })),
  }));
  return { ...parts, bigEndian: true, buffers };
}

describe('a trace.dat, however it is laid out', () => {
  const folder = new DatFolder();
  let expected: TraceEvent[] = [];

  before(() => {
    expected = readerOf('7.3').flush(null).toArray();
  });
  after(() => {
    folder.remove();
  });

  function assertWhole(read: ReadDat): void {
    assert.deepEqual({ damage: read.damage, lost: read.lost }, { damage: [], lost: [] });
    assert.equal(read.events.length, 560);
    // The names are those that were saved; that a task belongs to a group only saved_tgids says.
    const plain = (event: TraceEvent): object => ({ ...event, tgid: null });
    read.events.forEach((event, i) => {
      assert.deepEqual(plain(event), plain(expected[i]!));
    });
  }

  const layouts: [string, DatParts][] = [
    ['v6', partsOf('7.3', 6)],
    ['v7', partsOf('7.3', 7)],
    ['v7, compressed with zlib', { ...partsOf('7.3', 7), compressor: 'zlib' }],
    ['v7, compressed with zstd', { ...partsOf('7.3', 7), compressor: 'zstd' }],
    ['v6 of a big-endian machine', turned(partsOf('7.3', 6))],
    [
      'v7 of a big-endian machine, compressed with zlib',
      { ...turned(partsOf('7.3', 7)), compressor: 'zlib' },
    ],
    // FORMATS 2.6.5: trace-cmd 3.1.6 converts with the size of a long of the machine it runs on.
    [
      'v6 that says its longs have 4 bytes, where header_page says 8',
      { ...partsOf('7.3', 6), userLongBytes: 4 },
    ],
  ];
  for (const [name, parts] of layouts) {
    it(`gives the same events, fields and call traces: ${name}`, async () => {
      assertWhole(await folder.read(composeDat(parts)));
    });
  }

  it('names the functions of a call trace by the kallsyms that were saved with it', async () => {
    const { events } = await folder.read(composeDat({ ...partsOf('7.3', 7), compressor: 'zstd' }));
    const generated = events.find((event) => event.name === 'signal_generate' && event.stack !== undefined);
    assert.match(generated?.stack?.join(' ') ?? '', /\w+_signal\w*/);
  });

  it('gives events of several instances in order of time, those of the top one first', async () => {
    const { buffers, ...parts } = partsOf('7.3', 7);
    const cpus = buffers[0]!.cpus;
    const read = await folder.read(
      composeDat({
        ...parts,
        buffers: [
          { name: 'again', cpus },
          { name: '', cpus },
        ],
      }),
    );
    assert.deepEqual(read.damage, []);
    assert.equal(read.events.length, 1120);
    assert.deepEqual(
      read.events.slice(0, 4).map(({ ts, instance }) => ({ ts, instance })),
      expected.slice(0, 2).flatMap(({ ts }) => [
        { ts, instance: undefined },
        { ts, instance: 'again' },
      ]),
    );
  });

  it('may leave out CPUs that have nothing, and number the others as it likes', async () => {
    const { buffers, ...parts } = partsOf('7.3', 7);
    const [first, second] = buffers[0]!.cpus;
    const cpus = [
      { cpu: 3, pages: [] },
      { cpu: 5, pages: first!.pages },
      { cpu: 70, pages: second!.pages },
    ];
    const { events, damage } = await folder.read(composeDat({ ...parts, buffers: [{ name: '', cpus }] }));
    assert.deepEqual(damage, []);
    assert.deepEqual(
      events.map(({ cpu }) => cpu),
      expected.map(({ cpu }) => (cpu === 0 ? 5 : 70)),
    );
  });

  it('of v6 may have more CPUs than its first number says, by an option', async () => {
    const count = Buffer.from([2, 0, 0, 0]);
    assertWhole(
      await folder.read(
        composeDat({
          ...partsOf('7.3', 6),
          statedCpus: 1,
          clock: '[local] global counter\n',
          options: [
            [5, Buffer.from('Linux guest 7.3.0-test #1 SMP x86_64\0')],
            [8, count],
          ],
        }),
      ),
    );
  });

  // FORMATS 2.6.6: trace-cmd takes the size in header_page for the top buffer.
  it('of v7 has pages of the size that its buffer states, whatever the file’s own', async () => {
    const { buffers, ...parts } = partsOf('7.3', 7);
    const joined = buffers[0]!.cpus.map(({ cpu, pages }) => ({
      cpu,
      pages: pages.map((page) => Buffer.concat([page, Buffer.alloc(4096)])),
    }));
    assertWhole(
      await folder.read(composeDat({ ...parts, buffers: [{ name: '', cpus: joined, pageBytes: 8192 }] })),
    );
  });

  it('larger than what is read ahead comes in order, in bounded batches', async () => {
    const { buffers, ...parts } = partsOf('7.3', 6);
    const repeated = buffers[0]!.cpus.map(({ cpu, pages }) => ({
      cpu,
      pages: Array.from({ length: 600 }, (_, i) =>
        later(pages[i % pages.length]!, BigInt(Math.floor(i / pages.length))),
      ),
    }));
    const { events, damage } = await folder.read(
      composeDat({ ...parts, buffers: [{ name: '', cpus: repeated }] }),
    );
    assert.deepEqual(damage, []);
    assert.ok(events.length > 50_000, String(events.length));
    for (let i = 1; i < events.length; i++) assert.ok(events[i - 1]!.ts <= events[i]!.ts, `event ${i}`);
  });
});

/** The same page, so many times 100 s later. */
function later(page: Uint8Array, times: bigint): Uint8Array {
  const moved = new Uint8Array(page);
  const view = new DataView(moved.buffer);
  view.setBigUint64(0, view.getBigUint64(0, true) + times * 100_000_000_000n, true);
  return moved;
}
