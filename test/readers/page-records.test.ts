import assert from 'node:assert/strict';
import { isDamage, readPageHeader } from '../../src/readers/page-header';
import { X86_64_LAYOUT, type PageLayout } from '../../src/readers/page-layout';
import { walkRecords } from '../../src/readers/page-records';
import { ticksOf } from '../../src/readers/trace-time';
import type { Damage } from '../../src/trace-event';
import { composePage, pageFrom, recordOf, seededRandom } from './compose-page';

interface Seen {
  readonly ticks: bigint;
  readonly offset: number;
  readonly length: number;
}

function walk(page: DataView, layout = X86_64_LAYOUT): { records: Seen[]; damage: Damage | null } {
  const header = readPageHeader(page, layout);
  if (isDamage(header)) return { records: [], damage: header };
  const records: Seen[] = [];
  const damage = walkRecords(page, header, layout, (time, offset, length) => {
    assert.ok(time.nsec < 1_000_000_000);
    records.push({ ticks: ticksOf(time), offset, length });
  });
  return { records, damage };
}

/** Records behind a header with base time 1000 and so much committed. */
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
    assert.equal(damage, null);
    assert.deepEqual(records, [
      { ticks: 1000n, offset: 20, length: 8 },
      { ticks: 1010n, offset: 32, length: 12 },
    ]);
  });

  it('have their length in bytes behind the first word where it is none of 4 to 112, padded to a word', () => {
    const { records, damage } = walk(
      page(
        32,
        `
        60 00 00 00              # length 0: it stands next; delta 3
        0d 00 00 00              # 13 bytes with this word: 9 of payload
        05 00 00 01 28 70 00 00 61 00 00 00
        ${AN_EVENT}              # length 2 words, delta 10
        `,
      ),
    );
    assert.equal(damage, null);
    assert.deepEqual(records, [
      { ticks: 1003n, offset: 24, length: 9 },
      { ticks: 1013n, offset: 40, length: 8 },
    ]);
  });

  it('leave out a discarded event, but count its time', () => {
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
    assert.equal(damage, null);
    assert.deepEqual(records, [{ ticks: 1014n, offset: 36, length: 8 }]);
  });

  it('end at padding without a time', () => {
    const { records, damage } = walk(page(36, `${AN_EVENT}  1d 00 00 00  ff ff ff ff  ${AN_EVENT}`));
    assert.equal(damage, null);
    assert.equal(records.length, 1);
  });

  it('end at such padding also in the last word', () => {
    assert.deepEqual(walk(page(16, `${AN_EVENT}  1d 00 00 00`)), {
      records: [{ ticks: 1010n, offset: 20, length: 8 }],
      damage: null,
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

  it('stay exact behind an extend of more ticks than a double counts', () => {
    const { records } = walk(page(20, `3e 00 00 00  01 00 00 f0  ${AN_EVENT}`));
    assert.equal(records[0]?.ticks, 1000n + 1n + (0xf0000001n << 27n) + 10n);
  });

  it('take an absolute time stamp, with the top bits of the time before it', () => {
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

  it('cross the second without losing a nanosecond', () => {
    const base = 999_999_999n;
    const records = [0, 1, 2 ** 26].map((delta) => ({ delta, payload: recordOf(1, 1) }));
    const { records: seen } = walk(new DataView(composePage(base, records).buffer));
    assert.deepEqual(
      seen.map((record) => record.ticks),
      [base, base + 1n, base + 1n + 2n ** 26n],
    );
  });

  it('read the same of a big-endian kernel, whose type and length stand in the upper bits', () => {
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
    assert.equal(damage, null);
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
    assert.equal(damage, null);
    assert.equal(seen.length, 3000);
    assert.deepEqual(seen[2999], { ticks: 3000n, offset: 16 + 12 * 2999 + 4, length: 8 });
  });

  it('may be none', () => {
    assert.deepEqual(walk(page(0, AN_EVENT)), { records: [], damage: null });
  });

  it('end without damage at zeros that the kernel counted as committed', () => {
    const seen = { ticks: 1010n, offset: 20, length: 8 };
    for (const zeros of [4, 8, 400]) {
      assert.deepEqual(walk(page(12 + zeros, AN_EVENT)), { records: [seen], damage: null });
    }
  });
});

describe('a damaged page', () => {
  /** Behind one good event of 12 bytes, so the damage stands at byte 28. */
  const damaged: [string, string, number, string][] = [
    [
      'a record that goes on behind the last committed byte',
      'RECORD_LENGTH',
      12 + 8,
      '02 00 00 00 01 02 03 04',
    ],
    ['a stated length behind the last committed byte', 'RECORD_LENGTH', 12 + 8, '20 00 00 00 09 00 00 00'],
    [
      'a stated length that does not even count itself',
      'RECORD_LENGTH',
      12 + 12,
      '20 00 00 00 03 00 00 00 01 00 00 00',
    ],
    ['a stated length without payload', 'RECORD_LENGTH', 12 + 8, '20 00 00 00 04 00 00 00'],
    ['a stated length near 2^32', 'RECORD_LENGTH', 12 + 12, '20 00 00 00 ff ff ff ff 01 00 00 00'],
    ['zeros with something behind them', 'RECORD_LENGTH', 12 + 12, '00 00 00 00 00 00 00 00 01 00 00 00'],
    ['a discarded record behind the last committed byte', 'RECORD_LENGTH', 12 + 8, '3d 00 00 00 08 00 00 00'],
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
        damage: { code, atByte: 28 },
      });
    });
  }

  it('never leads out of the page, whatever its bytes', () => {
    const random = seededRandom(1);
    for (let turn = 0; turn < 20_000; turn++) {
      const bytes = new Uint8Array(16 + 4 * Math.floor(random() * 24));
      for (let at = 0; at < bytes.length; at++) bytes[at] = Math.floor(random() * 256);
      // Mostly a commit that fits, so that the records are looked at; types that are rare among random words.
      bytes.fill(0, 8, 16);
      bytes[8] = random() < 0.9 ? bytes.length - 16 : Math.floor(random() * 256);
      if (random() < 0.5) bytes[16] = 29 + Math.floor(random() * 3);
      const view = new DataView(bytes.buffer);
      for (const littleEndian of [true, false]) {
        let last = 0;
        const { records } = walk(view, { ...X86_64_LAYOUT, littleEndian });
        for (const { offset, length } of records) {
          assert.ok(offset > last && length > 0 && offset + length <= bytes.length);
          last = offset;
        }
      }
    }
  });
});
