/** A trace.dat that is cut or broken gives what can be read, and says where it broke. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { openTraceDat } from '../../src/readers/trace-dat/trace-dat';
import { TraceError } from '../../src/trace-error';
import type { TraceEvent } from '../../src/trace-event';
import { seededRandom } from './compose-page';
import { composeDat, partsOf, type DatParts } from './compose-dat';
import { DatFolder, type ReadDat } from './read-dat';

const LAYOUTS: Readonly<Record<string, DatParts>> = {
  v6: partsOf('7.3', 6),
  v7: partsOf('7.3', 7),
  'v7 with zlib': { ...partsOf('7.3', 7), compressor: 'zlib' },
  'v7 with zstd': { ...partsOf('7.3', 7), compressor: 'zstd' },
};

function keyOf({ ts, cpu, pid, name }: TraceEvent): string {
  return `${ts} ${cpu} ${pid} ${name}`;
}

describe('a trace.dat that is broken', () => {
  const folder = new DatFolder();
  after(() => {
    folder.remove();
  });

  /** Null where there was not even a header. */
  async function readOrRefuse(bytes: Uint8Array): Promise<ReadDat | null> {
    try {
      return await folder.read(bytes);
    } catch (error) {
      assert.ok(error instanceof TraceError, String(error));
      assert.equal(error.code, 'TRACE_FORMAT');
      return null;
    }
  }

  for (const [name, parts] of Object.entries(LAYOUTS)) {
    it(`gives what is before a cut, and says that it is cut, wherever that is: ${name}`, async () => {
      const whole = composeDat(parts);
      const all = await folder.read(whole);
      const known = new Map(all.events.map((event) => [keyOf(event), event]));
      let most = 0;
      for (let length = 24; length < whole.length; length += 613) {
        const read = await readOrRefuse(whole.subarray(0, length));
        if (read === null) continue;
        assert.ok(read.damage.length > 0, `cut at ${length}`);
        assert.ok(read.damage.every(({ atByte }) => atByte >= 0 && atByte <= length));
        for (const event of read.events) assert.ok(known.has(keyOf(event)), `${length}: ${keyOf(event)}`);
        most = Math.max(most, read.events.length);
      }
      // v7 has its options after the pages: without them nobody knows where those are.
      if (parts.version === 6) assert.ok(most > 500, String(most));
    });

    it(`ends, and throws nothing, whatever bytes are wrong: ${name}`, async function () {
      this.timeout(60_000);
      const whole = composeDat(parts);
      const random = seededRandom(7);
      let read = 0;
      for (let round = 0; round < 150; round++) {
        const bytes = Buffer.from(whole);
        // Most of them in the tables: the file's first and last parts.
        for (let wrong = 0; wrong < 1 + round / 10; wrong++) {
          const place = random();
          const at = 12 + Math.floor((bytes.length - 12) * (round % 2 === 0 ? place : place ** 4));
          bytes[round % 3 === 0 ? bytes.length - 1 - (at % 400) : at] = Math.floor(random() * 256);
        }
        if ((await readOrRefuse(bytes)) !== null) read++;
      }
      assert.ok(read > 100, String(read));
    });
  }

  it('gives the whole records of a page that ends with the file', async () => {
    const bytes = composeDat(LAYOUTS['v6']!);
    const all = await folder.read(bytes);
    const lastPage = Math.floor((bytes.length - 1) / 4096) * 4096;
    const { events, damage } = await folder.read(bytes.subarray(0, lastPage + 1000));
    assert.deepEqual(
      damage.map(({ code }) => code),
      ['DAT_CUT', 'RECORD_LENGTH'],
    );
    assert.equal(damage[0]!.atByte, lastPage + 1000);
    const onPage = all.events.length - events.length;
    assert.ok(onPage > 0);
    const without = await folder.read(bytes.subarray(0, lastPage));
    assert.ok(events.length > without.events.length);
  });

  it('gives the CPUs before the cut, and of the one where it is what is before it', async () => {
    const { buffers, ...parts } = LAYOUTS['v6']!;
    const cpus = [0, 1, 2].map((cpu) => ({
      cpu,
      pages: Array.from({ length: 200 }, () => buffers[0]!.cpus[1]!.pages[0]!),
    }));
    const bytes = composeDat({ ...parts, buffers: [{ name: '', cpus }] });
    const onPage = (await folder.read(bytes)).events.length / 600;
    const { events, damage } = await folder.read(bytes.subarray(0, bytes.length - 300 * 4096));
    const of = (wanted: number): number => events.filter(({ cpu }) => cpu === wanted).length / onPage;
    assert.deepEqual([of(0), of(1), of(2)], [200, 100, 0]);
    assert.deepEqual(
      damage.filter(({ code }) => code !== 'TIME_BACKWARDS').map(({ code }) => code),
      ['DAT_CUT', 'DAT_CUT'],
    );
  });

  it('gives the other CPUs when the pieces of one cannot be decompressed', async () => {
    const bytes = composeDat(LAYOUTS['v7 with zstd']!);
    const all = await folder.read(bytes);
    const data = pieceAt(bytes);
    bytes.fill(0xff, data + 12, data + 40);
    const { events, damage } = await folder.read(bytes);
    assert.deepEqual(damage, [{ code: 'DAT_COMPRESSED', atByte: data + 4 }]);
    assert.deepEqual(events.map(keyOf), all.events.filter(({ cpu }) => cpu === 1).map(keyOf));
  });

  it('gives the pages around one whose length cannot be', async () => {
    const parts = LAYOUTS['v6']!;
    const bytes = composeDat(parts);
    const all = await folder.read(bytes);
    const page = bytes.indexOf(parts.buffers[0]!.cpus[1]!.pages[1]!);
    bytes.writeUInt32LE(5000, page + 8);
    const { events, damage } = await folder.read(bytes);
    assert.deepEqual(damage, [{ code: 'PAGE_LENGTH', atByte: page + 8 }]);
    const left = new Set(events.map(keyOf));
    assert.ok(events.length > 300 && events.length < all.events.length);
    assert.ok(left.has(keyOf(all.events.at(-1)!)) && left.has(keyOf(all.events[0]!)));
  });

  it('is read once where its options lead back to themselves', async () => {
    const bytes = composeDat(LAYOUTS['v7']!);
    const first = Number(bytes.readBigUInt64LE(bytes.indexOf('none\0\0') + 6));
    // The DONE option of the last section of options says where the next is.
    bytes.writeBigUInt64LE(BigInt(first), bytes.length - 8);
    const { events, damage } = await folder.read(bytes);
    assert.deepEqual([events.length, damage], [560, [{ code: 'DAT_SECTION', atByte: first }]]);
  });

  it('allocates nothing for sizes and numbers that are larger than itself', async () => {
    const huge = Buffer.alloc(8, 0xff);
    for (const [name, parts] of Object.entries(LAYOUTS)) {
      const whole = composeDat(parts);
      const before = process.memoryUsage().rss;
      for (let at = 18; at < whole.length; at += at < 1024 || at > whole.length - 512 ? 12 : 2003) {
        const bytes = Buffer.from(whole);
        huge.copy(bytes, at);
        await readOrRefuse(bytes);
      }
      const grown = process.memoryUsage().rss - before;
      assert.ok(grown < 300 * 2 ** 20, `${name}: ${grown} bytes more`);
    }
  }).timeout(60_000);

  it('says so where two CPUs claim the same bytes', async () => {
    const parts = LAYOUTS['v6']!;
    const bytes = composeDat(parts);
    const table = bytes.indexOf('flyrecord\0') + 10;
    bytes.writeBigUInt64LE(0n, table);
    bytes.writeBigUInt64LE(BigInt(bytes.length), table + 8);
    const { damage } = await folder.read(bytes);
    const second = bytes.readBigUInt64LE(table + 16);
    assert.ok(damage.some(({ code, atByte }) => code === 'DAT_SECTION' && BigInt(atByte) === second));
  });

  it('or not, gives its file back when its batches are given up, and keeps none open that nobody reads', async () => {
    const file = folder.write(composeDat(LAYOUTS['v7']!));
    const open = (): number => fs.readdirSync('/proc/self/fd').length;
    const before = open();
    openTraceDat(file);
    for await (const batch of openTraceDat(file)) {
      assert.equal(batch.length, 0);
      assert.equal(open(), before + 1);
      break;
    }
    assert.equal(open(), before);
  });
});

/** Where the trace data of the first CPU begin: at the first page after the header of the section of pages. */
function pieceAt(bytes: Buffer): number {
  const zstd = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
  for (let at = 4096; at < bytes.length; at += 4096) {
    if (bytes.subarray(at + 12, at + 16).equals(zstd)) return at;
  }
  throw new Error('there is no compressed data');
}
