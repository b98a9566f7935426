/** What fuzzing found, each made on purpose. */
import assert from 'node:assert/strict';
import { BATCH, CAPTURE_MAGIC, CHUNK_HEADER_BYTES, padded } from '../../src/readers/capture-layout';
import { CaptureReader } from '../../src/readers/capture-reader';
import { CaptureWriter } from '../../src/readers/capture-writer';
import { KernelSymbols } from '../../src/readers/kernel-symbols';
import { parseHeaderPage } from '../../src/readers/page-layout';
import { RingReader } from '../../src/readers/ring-reader';
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
