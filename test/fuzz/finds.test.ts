/** What fuzzing found, each made on purpose. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { BATCH, CAPTURE_MAGIC, CHUNK_HEADER_BYTES, padded } from '../../src/readers/capture/capture-layout';
import { CaptureReader } from '../../src/readers/capture/capture-reader';
import { CaptureWriter } from '../../src/readers/capture/capture-writer';
import { KernelSymbols } from '../../src/readers/pages/kernel-symbols';
import { parseHeaderPage } from '../../src/readers/pages/page-layout';
import { RingReader } from '../../src/readers/pages/ring-reader';
import { openTraceDat } from '../../src/readers/trace-dat/trace-dat';
import { composeDat, partsOf } from '../readers/compose-dat';
import { composePage } from '../readers/compose-page';
import { smallKernel, tick } from '../readers/small-kernel';

describe('a capture whose columns were changed', () => {
  function captureWith(change: (columns: DataView) => void): Buffer {
    const context = smallKernel();
    const ring = new RingReader(context);
    ring.push(ring.addStream(0, 0), composePage(5n, [{ delta: 0, payload: tick(1) }]));
    const writer = new CaptureWriter(context);
    const batch = writer.batch(ring.flush(null));
    assert.equal(batch.readUInt32LE(0), BATCH);
    const columnsAt = CHUNK_HEADER_BYTES + padded(batch.readUInt32LE(4));
    change(new DataView(batch.buffer, batch.byteOffset + columnsAt, batch.length - columnsAt));
    return Buffer.concat([writer.head(), batch]);
  }

  const times: [string, number, number][] = [
    ['seconds that are no number', NaN, 0],
    ['endless seconds', Infinity, 0],
    ['seconds before the clock began', -1, 0],
    ['parts of a second among the seconds', 0.5, 0],
    ['more nanoseconds than a second', 0, 1_000_000_000],
  ];
  for (const [what, sec, nsec] of times) {
    it(`is damaged where a time has ${what}`, () => {
      const capture = captureWith((columns) => {
        columns.setFloat64(0, sec, true);
        columns.setUint32(8, nsec, true);
      });
      const batch = new CaptureReader().push(capture);
      assert.equal(batch.length, 0);
      assert.deepEqual(
        batch.damage.map((damage) => damage.code),
        ['CAPTURE_CHUNK'],
      );
    });
  }

  it('is none where nothing was changed', () => {
    const capture = captureWith(() => undefined);
    assert.ok(capture.toString('latin1').startsWith(CAPTURE_MAGIC));
    assert.deepEqual(
      [...new CaptureReader().push(capture)].map((event) => event.ts),
      [5e-9],
    );
  });
});

describe('events/header_page with digits that no page has', () => {
  it('is refused', () => {
    const text = (offset: string): string =>
      `\tfield: local_t commit;\toffset:8;\tsize:8;\n\tfield: char data;\toffset:${offset};\tsize:4080;\n`;
    assert.notEqual(parseHeaderPage(text('16'), true), null);
    assert.equal(parseHeaderPage(text('16'.repeat(20)), true), null);
    assert.equal(parseHeaderPage(text('4100'), true), null);
  });
});

describe('kallsyms with a symbol without a name', () => {
  it('gives its addresses the name before it, not none', () => {
    const symbols = new KernelSymbols(() => '1000 T schedule\n2000 T \n');
    assert.equal(symbols.nameOf(0x2008), 'schedule');
  });
});

describe('a trace.dat whose tables lead out of the file', () => {
  const file = path.join(os.tmpdir(), `ftrace-life-find-${process.pid}.dat`);

  after(() => {
    fs.rmSync(file);
  });

  it('is damaged at its end, and at no byte that it does not have', async () => {
    const bytes = composeDat(partsOf('6.12', 6));
    // For each CPU: where its pages are, and how many bytes of them.
    const table = bytes.lastIndexOf('flyrecord\0') + 10;
    for (const cpu of [0, 1]) {
      bytes.writeBigUInt64LE(1n << 62n, table + 16 * cpu);
      bytes.writeBigUInt64LE(BigInt(bytes.length), table + 16 * cpu + 8);
    }
    fs.writeFileSync(file, bytes);
    const damage = [];
    for await (const batch of openTraceDat(file)) damage.push(...batch.damage);
    assert.notEqual(damage.length, 0);
    for (const { atByte } of damage) assert.ok(atByte <= bytes.length, `byte ${atByte}`);
  });
});
