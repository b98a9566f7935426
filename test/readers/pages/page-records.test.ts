import assert from 'node:assert/strict';
import { isDamage, readPageHeader } from '../../../src/readers/pages/page-header';
import { X86_64_LAYOUT, type PageLayout } from '../../../src/readers/pages/page-layout';
import { appendRecords } from '../../../src/readers/pages/page-records';
import type { Damage } from '../../../src/trace-event';
import { composePage, pageFrom, recordOf, seededRandom } from '../compose-page';
import { RecordRows } from '../record-rows';

interface Seen {
  readonly ticks: bigint;
  readonly offset: number;
  readonly length: number;
}

function seenIn(rows: RecordRows, pageAt: number): Seen[] {
  const { length, nsec, offset, size } = rows.columns;
  return Array.from({ length }, (_, row) => {
    assert.ok(nsec[row]! < 1_000_000_000);
    return { ticks: rows.ticks(row), offset: offset[row]! - pageAt, length: size[row]! };
  });
}

function append(page: DataView, layout: PageLayout, rows: RecordRows): void {
  const header = readPageHeader(page, layout);
  if (isDamage(header)) rows.damage.push(header);
  else appendRecords(page, header, layout, rows);
}

function walk(page: DataView, layout = X86_64_LAYOUT): { records: Seen[]; damage: Damage[] } {
  const rows = new RecordRows();
  append(page, layout, rows);
  return { records: seenIn(rows, page.byteOffset), damage: rows.damage };
}

/** Records after a header with base time 1000 and so much committed. */
function page(committed: number, hex: string): DataView {
  const commit = Buffer.alloc(8);
  commit.writeUInt32LE(committed);
  return pageFrom(`e8 03 00 00 00 00 00 00 ${commit.toString('hex')}\n${hex}`, 4096);
}

const AN_EVENT = '42 01 00 00  aa bb cc dd ee ff 00 11';

describe('the records of a page', () => {
  it('have their length in words, and their time from the record before', () => {
    const { records, damage } = walk(
      page(
        28,
        `
        02 00 00 00              # length 2 words, delta 0
        05 00 00 01 28 70 00 00
        43 01 00 00              # length 3 words, delta 10
        05 00 00 01 28 70 00 00 00 00 00 00
        `,
      ),
    );
    assert.deepEqual(damage, []);
    assert.deepEqual(records, [
      { ticks: 1000n, offset: 20, length: 8 },
      { ticks: 1010n, offset: 32, length: 12 },
    ]);
  });

  it('have their length in bytes after the first word where it is none of 4 to 112, padded to a word', () => {
    const { records, damage } = walk(
      page(
        32,
        `
        60 00 00 00              # length 0: it is next; delta 3
        0d 00 00 00              # 13 bytes with this word: 9 of payload
        05 00 00 01 28 70 00 00 61 00 00 00
        ${AN_EVENT}              # length 2 words, delta 10
        `,
      ),
    );
    assert.deepEqual(damage, []);
    assert.deepEqual(records, [
      { ticks: 1003n, offset: 24, length: 9 },
      { ticks: 1013n, offset: 40, length: 8 },
    ]);
  });

  it('leave out a discarded event, but count its time, as libtraceevent does and the kernel’s own reader does not', () => {
    const { records, damage } = walk(
      page(
        28,
        `
        9d 00 00 00              # type 29, delta 4: discarded
        0c 00 00 00              # 12 bytes from here
        01 02 03 04 05 06 07 08
        ${AN_EVENT}              # delta 10
        `,
      ),
    );
    assert.deepEqual(damage, []);
    assert.deepEqual(records, [{ ticks: 1014n, offset: 36, length: 8 }]);
  });

  it('end at padding without a time', () => {
    const { records, damage } = walk(page(36, `${AN_EVENT}  1d 00 00 00  ff ff ff ff  ${AN_EVENT}`));
    assert.deepEqual(damage, []);
    assert.equal(records.length, 1);
  });

  it('end at such padding also in the last word', () => {
    assert.deepEqual(walk(page(16, `${AN_EVENT}  1d 00 00 00`)), {
      records: [{ ticks: 1010n, offset: 20, length: 8 }],
      damage: [],
    });
  });

  it('may be far apart by a time extend: its 59 bits are added', () => {
    const { records } = walk(
      page(
        20,
        `
        3e 00 00 00              # type 30, lower 27 bits: 1
        02 00 00 00              # upper 32 bits: 2
        ${AN_EVENT}              # delta 10
        `,
      ),
    );
    assert.deepEqual(records, [{ ticks: 1000n + 1n + (2n << 27n) + 10n, offset: 28, length: 8 }]);
  });

  it('may be hours apart', () => {
    const { records } = walk(page(20, `3e 00 00 00  00 00 01 00  ${AN_EVENT}`));
    assert.equal(records[0]?.ticks, 1000n + 1n + (0x10000n << 27n) + 10n);
  });

  it('stay exact after an extend of more ticks than a double counts', () => {
    const { records } = walk(page(20, `3e 00 00 00  01 00 00 f0  ${AN_EVENT}`));
    assert.equal(records[0]?.ticks, 1000n + 1n + (0xf0000001n << 27n) + 10n);
  });

  it('take an absolute time stamp, with the top bits of the time before it, which Perfetto leaves out', () => {
    const header = '01 00 00 00 00 00 00 88  14 00 00 00 00 00 00 00';
    const { records } = walk(
      pageFrom(`
        ${header}                # base time: bits 63 and 59, and 1
        bf 00 00 00              # type 31, lower 27 bits: 5
        03 00 00 00              # upper 32 bits: 3
        ${AN_EVENT}              # delta 10
      `),
    );
    assert.equal(records[0]?.ticks, (0x88n << 56n) + 5n + (3n << 27n) + 10n);
  });

  it('take an absolute time stamp of 59 bits before each record, as hist triggers on time stamps make them', () => {
    const stamps = [2n ** 27n + 5n, 2n ** 40n, 2n ** 58n + 2n ** 26n];
    const hex = stamps.map((stamp) => {
      const words = new DataView(new ArrayBuffer(8));
      words.setUint32(0, (31 | (Number(stamp & 0x7ff_ffffn) << 5)) >>> 0, true);
      words.setUint32(4, Number(stamp >> 27n), true);
      return `${Buffer.from(words.buffer).toString('hex')} 02 00 00 00 05 00 00 01 28 70 00 00`;
    });
    const { records, damage } = walk(page(60, hex.join('\n')));
    assert.deepEqual(damage, []);
    assert.deepEqual(
      records.map((record) => record.ticks),
      stamps,
    );
  });

  it('keep the time that they say when an absolute time stamp is earlier than the record before it, and say so', () => {
    const hex = `${AN_EVENT}  bf 00 00 00  00 00 00 00  ${AN_EVENT}  bf 00 00 00  00 00 00 00  ${AN_EVENT}`;
    const { records, damage } = walk(page(52, hex));
    assert.deepEqual(damage, [{ code: 'TIME_BACKWARDS', atByte: 28 }]);
    assert.deepEqual(
      records.map((record) => record.ticks),
      [1010n, 15n, 15n],
    );
  });

  it('say so, too, when a page begins before the record that its CPU had last', () => {
    const rows = new RecordRows();
    append(page(12, AN_EVENT), X86_64_LAYOUT, rows);
    append(page(12, AN_EVENT), X86_64_LAYOUT, rows);
    assert.deepEqual(rows.damage, [{ code: 'TIME_BACKWARDS', atByte: 0 }]);
    assert.equal(rows.columns.length, 2);
  });

  it('have their event id beside them, in either byte order', () => {
    const rows = new RecordRows();
    append(page(24, `${AN_EVENT} 42 01 00 00  02 01 00 00 00 00 00 00`), X86_64_LAYOUT, rows);
    const big: PageLayout = { ...X86_64_LAYOUT, littleEndian: false };
    const hex = '00 00 00 00 00 00 03 e8  00 00 00 00 00 00 00 0c  10 00 00 0a  01 02 00 00 00 00 00 00';
    append(pageFrom(hex), big, rows);
    assert.deepEqual([...rows.columns.id.subarray(0, 3)], [0xbbaa, 0x0102, 0x0102]);
  });

  it('are no row where they are a call trace that finds its event', () => {
    const trace = '02 00 00 00  04 00 00 00 01 00 00 00';
    const long = '20 00 00 00  0c 00 00 00  04 00 00 00 01 00 00 00';
    const rows = new RecordRows(4);
    append(page(12 + 12 + 12 + 16, `${trace} ${AN_EVENT} ${trace} ${long}`), X86_64_LAYOUT, rows);
    // The first has nothing before it.
    assert.deepEqual([...rows.columns.id.subarray(0, rows.columns.length)], [4, 0xbbaa]);
    assert.deepEqual(rows.stacks, [
      { row: 1, offset: 44, size: 8 },
      { row: 1, offset: 60, size: 8 },
    ]);
  });

  it('tell the bytes that they are in', () => {
    const rows = new RecordRows();
    const bytes = page(12, AN_EVENT);
    const header = readPageHeader(bytes, X86_64_LAYOUT);
    assert.ok(!isDamage(header));
    appendRecords(bytes, header, X86_64_LAYOUT, rows, 7);
    assert.deepEqual([rows.columns.buffer[0], rows.columns.stack[0]], [7, -1]);
  });

  it('that no event fits into are left out and named once a page', () => {
    const short = '01 00 00 00  01 02 03 04  20 00 00 00  0b 00 00 00  01 02 03 04 05 06 07 00';
    const { records, damage } = walk(page(24 + 12, `${short} ${AN_EVENT}`));
    assert.deepEqual(damage, [{ code: 'RECORD_SHORT', atByte: 16 }]);
    assert.deepEqual(records, [{ ticks: 1011n, offset: 44, length: 8 }]);
  });

  it('are the same in a page at an odd address', () => {
    const aligned = page(12, AN_EVENT);
    for (const shift of [1, 2, 3]) {
      const bytes = new Uint8Array(aligned.byteLength + shift);
      bytes.set(new Uint8Array(aligned.buffer), shift);
      assert.deepEqual(walk(new DataView(bytes.buffer, shift)), walk(aligned));
    }
  });

  it('cross the second without losing a nanosecond', () => {
    const base = 999_999_999n;
    const records = [0, 1, 2 ** 26].map((delta) => ({ delta, payload: recordOf(1, 1) }));
    const { records: seen } = walk(new DataView(composePage(base, records).buffer));
    assert.deepEqual(
      seen.map((record) => record.ticks),
      [base, base + 1n, base + 1n + 2n ** 26n],
    );
  });

  it('read the same of a big-endian kernel, whose type and length are in the upper bits', () => {
    const big: PageLayout = { ...X86_64_LAYOUT, littleEndian: false };
    const { records, damage } = walk(
      pageFrom(`
        00 00 00 00 00 00 03 e8
        00 00 00 00 00 00 00 38  # 56 bytes
        10 00 00 0a              # length 2 words, delta 10
        00 05 01 00 00 00 70 28
        00 00 00 03              # length 0, delta 3
        00 00 00 0c              # 12 bytes: 8 of payload
        00 05 01 00 00 00 70 28
        e8 00 00 04              # type 29, delta 4: discarded
        00 00 00 04              # 4 bytes
        f0 00 00 01              # type 30, lower 27 bits: 1
        00 00 00 02              # upper 32 bits: 2
        10 00 00 0a
        00 05 01 00 00 00 70 28
      `),
      big,
    );
    assert.deepEqual(damage, []);
    assert.deepEqual(records, [
      { ticks: 1010n, offset: 20, length: 8 },
      { ticks: 1013n, offset: 36, length: 8 },
      { ticks: 1013n + 4n + 1n + (2n << 27n) + 10n, offset: 64, length: 8 },
    ]);
  });

  it('fill sub-buffers that are larger than a page of memory', () => {
    const layout = { ...X86_64_LAYOUT, pageBytes: 65536 };
    const records = Array.from({ length: 3000 }, (_, pid) => ({ delta: 1, payload: recordOf(7, pid) }));
    const { records: seen, damage } = walk(new DataView(composePage(0n, records, layout).buffer), layout);
    assert.deepEqual(damage, []);
    assert.equal(seen.length, 3000);
    assert.deepEqual(seen[2999], { ticks: 3000n, offset: 16 + 12 * 2999 + 4, length: 8 });
  });

  it('may be none', () => {
    assert.deepEqual(walk(page(0, AN_EVENT)), { records: [], damage: [] });
  });

  it('end without damage at zeros that the kernel counted as committed', () => {
    const seen = { ticks: 1010n, offset: 20, length: 8 };
    for (const zeros of [4, 8, 400]) {
      assert.deepEqual(walk(page(12 + zeros, AN_EVENT)), { records: [seen], damage: [] });
    }
  });
});

describe('a damaged page', () => {
  /** After one good event of 12 bytes, so the damage is at byte 28. */
  const damaged: [string, string, number, string][] = [
    [
      'a record that goes on after the last committed byte',
      'RECORD_LENGTH',
      12 + 8,
      '02 00 00 00 01 02 03 04',
    ],
    ['a stated length after the last committed byte', 'RECORD_LENGTH', 12 + 8, '20 00 00 00 09 00 00 00'],
    [
      'a stated length that does not even count itself',
      'RECORD_LENGTH',
      12 + 12,
      '20 00 00 00 03 00 00 00 01 00 00 00',
    ],
    ['a stated length without payload', 'RECORD_LENGTH', 12 + 8, '20 00 00 00 04 00 00 00'],
    ['a stated length near 2^32', 'RECORD_LENGTH', 12 + 12, '20 00 00 00 ff ff ff ff 01 00 00 00'],
    ['zeros with something after them', 'RECORD_LENGTH', 12 + 12, '00 00 00 00 00 00 00 00 01 00 00 00'],
    ['a discarded record after the last committed byte', 'RECORD_LENGTH', 12 + 8, '3d 00 00 00 08 00 00 00'],
    ['a discarded record that would lead backwards', 'RECORD_LENGTH', 12 + 8, '3d 00 00 00 f0 ff ff ff'],
    ['a discarded record that would lead to itself', 'RECORD_LENGTH', 12 + 8, '3d 00 00 00 fc ff ff ff'],
    ['a discarded record without a length', 'RECORD_LENGTH', 12 + 8, '3d 00 00 00 00 00 00 00'],
    ['a stated length that is not there', 'RECORD_SHORT', 12 + 4, '20 00 00 00'],
    ['half a time extend', 'RECORD_SHORT', 12 + 4, '3e 00 00 00'],
    ['half a time stamp', 'RECORD_SHORT', 12 + 4, '3f 00 00 00'],
    ['half a discarded record', 'RECORD_SHORT', 12 + 4, '3d 00 00 00'],
    ['less than a word', 'RECORD_SHORT', 12 + 2, '02 00'],
  ];
  for (const [what, code, committed, hex] of damaged) {
    it(`keeps the events before ${what}, and says where it is`, () => {
      assert.deepEqual(walk(page(committed, `${AN_EVENT}\n${hex}`)), {
        records: [{ ticks: 1010n, offset: 20, length: 8 }],
        damage: [{ code, atByte: 28 }],
      });
    });
  }

  it('gives what a slow reading with bigints gives, whatever its bytes, and never leads out of the page', () => {
    const random = seededRandom(1);
    for (let turn = 0; turn < 20_000; turn++) {
      const bytes = new Uint8Array(16 + 4 * Math.floor(random() * 24));
      for (let at = 0; at < bytes.length; at++) bytes[at] = Math.floor(random() * 256);
      // Mostly a commit that matches, so that the records are looked at; types that are rare among random words.
      bytes.fill(0, 8, 16);
      bytes[8] = random() < 0.9 ? bytes.length - 16 : Math.floor(random() * 256);
      if (random() < 0.5) bytes[16] = 29 + Math.floor(random() * 3);
      if (random() < 0.5) bytes[24] = 29 + Math.floor(random() * 3);
      const little = new DataView(bytes.buffer);
      const seen = walk(little);
      const header = readPageHeader(little, X86_64_LAYOUT);
      assert.deepEqual(seen.records, isDamage(header) ? [] : slowly(little, header.baseTime, header.end));
      let last = 0;
      for (const { offset, length } of seen.records) {
        assert.ok(offset > last && length >= 8 && offset + length <= bytes.length);
        last = offset;
      }
      assert.deepEqual(walk(swapped(little), { ...X86_64_LAYOUT, littleEndian: false }), seen);
    }
  });
});

/** The same rules in the plainest arithmetic. */
function slowly(page: DataView, baseTime: bigint, end: number): Seen[] {
  const seen: Seen[] = [];
  let ticks = baseTime;
  let at = 16;
  while (at + 4 <= end) {
    const word = page.getUint32(at, true);
    const type = word & 31;
    const delta = BigInt(word >>> 5);
    if (type === 29 && delta === 0n) break;
    if (type >= 1 && type <= 28) {
      if (at + 4 + type * 4 > end) break;
      ticks += delta;
      if (type >= 2) seen.push({ ticks, offset: at + 4, length: type * 4 });
      at += 4 + type * 4;
      continue;
    }
    if (at + 8 > end) break;
    const second = page.getUint32(at + 4, true);
    const wide = delta + (BigInt(second) << 27n);
    if (type >= 30) {
      ticks = type === 30 ? ticks + wide : wide | (ticks & 0xf800_0000_0000_0000n);
      at += 8;
      continue;
    }
    if (second < (type === 0 ? 5 : 4) || at + 4 + second > end) break;
    ticks += delta;
    if (type === 0 && second >= 12) seen.push({ ticks, offset: at + 8, length: second - 4 });
    at += 4 + Math.ceil(second / 4) * 4;
  }
  return seen;
}

/** The page as a big-endian kernel would have written it: header, and the two words that each record may begin with. */
function swapped(page: DataView): DataView {
  const out = new DataView(new ArrayBuffer(page.byteLength));
  out.setBigUint64(0, page.getBigUint64(0, true));
  out.setBigUint64(8, page.getBigUint64(8, true));
  for (let at = 16; at + 4 <= page.byteLength; at += 4) out.setUint32(at, page.getUint32(at, true));
  let at = 16;
  while (at + 4 <= page.byteLength) {
    const word = page.getUint32(at, true);
    const type = word & 31;
    out.setUint32(at, ((type << 27) | (word >>> 5)) >>> 0);
    if (type >= 1 && type <= 28) at += 4 + type * 4;
    else if (type >= 30) at += 8;
    else if (at + 8 <= page.byteLength) at += 4 + Math.ceil(page.getUint32(at + 4, true) / 4) * 4;
    else break;
  }
  return out;
}
