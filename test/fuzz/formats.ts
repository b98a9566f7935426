import assert from 'node:assert/strict';
import fs from 'node:fs';
import { compileDecoder } from '../../src/readers/pages/event-decoder';
import { parseFormat, readFormatHead } from '../../src/readers/pages/event-format';
import { EventTable } from '../../src/readers/pages/event-table';
import { parseHeaderPage, X86_64_LAYOUT } from '../../src/readers/pages/page-layout';
import type { FieldValue } from '../../src/trace-event';
import { RAW_KERNELS, rawFile, splitFormats } from '../readers/raw-run';
import type { FuzzTarget } from './fuzz-target';
import type { Random } from './random';

const RECORD_BYTES = 96;

function isPlain(value: FieldValue): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'boolean' || typeof value === 'string') return true;
  return value.length <= RECORD_BYTES && value.every((element) => isPlain(element));
}

/** Whatever the text, a record of any bytes decodes to plain values, one field as all. */
function readFormat(input: Buffer, random: Random): void {
  const text = input.toString('latin1');
  const head = readFormatHead(text);
  const longBytes = random.pick([4, 8] as const);
  const littleEndian = random.oneIn(2);
  const format = parseFormat(text, longBytes);
  assert.equal(format === null, head === null);
  const table = new EventTable({ ...X86_64_LAYOUT, commitBytes: longBytes, littleEndian });
  assert.equal(table.add(text, 'a'), format !== null);
  if (format === null) return;
  assert.equal(table.decoder(format.id)?.name, format.name);
  assert.ok(table.stackOffset >= 0);
  const page = new DataView(new ArrayBuffer(4096));
  for (let at = 0; at < 256; at++) page.setUint8(at, random.below(256));
  const offset = random.below(64);
  const size = random.below(RECORD_BYTES);
  const decoder = compileDecoder(format, littleEndian);
  const fields = decoder.fieldsAt(page, offset, size);
  for (const [name, value] of Object.entries(fields)) {
    assert.ok(isPlain(value), `${name} is ${String(value)}`);
    assert.deepEqual(decoder.fieldAt(page, offset, size, name), value);
  }
  assert.deepEqual(decoder.fields(new DataView(page.buffer, offset, size)), fields);
}

export const FORMATS: FuzzTarget = {
  name: 'formats',
  good: () =>
    RAW_KERNELS.flatMap((kernel) => splitFormats(fs.readFileSync(rawFile(kernel, 'formats'), 'utf8'))).map(
      (text) => Buffer.from(text),
    ),
  read: readFormat,
};

export const HEADER_PAGES: FuzzTarget = {
  name: 'header_page',
  good: () => RAW_KERNELS.map((kernel) => fs.readFileSync(rawFile(kernel, 'header_page'))),
  read: (input) => {
    const layout = parseHeaderPage(input.toString('latin1'), true);
    if (layout === null) return;
    assert.ok(layout.commitOffset >= 8 && layout.dataOffset >= layout.commitOffset + layout.commitBytes);
    assert.ok(layout.pageBytes >= layout.dataOffset && layout.dataOffset % 4 === 0);
    assert.ok(Number.isSafeInteger(layout.pageBytes));
  },
};
