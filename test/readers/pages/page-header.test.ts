import assert from 'node:assert/strict';
import { isDamage, readPageHeader } from '../../../src/readers/pages/page-header';
import { parseHeaderPage, X86_64_LAYOUT, type PageLayout } from '../../../src/readers/pages/page-layout';
import { pageFrom } from '../compose-page';

const ARM_32: PageLayout = { ...X86_64_LAYOUT, commitBytes: 4, dataOffset: 12 };
const BIG_ENDIAN: PageLayout = { ...X86_64_LAYOUT, littleEndian: false };
const BIG_ENDIAN_32: PageLayout = { ...ARM_32, littleEndian: false };

describe('the header of a sub-buffer page', () => {
  it('tells the time of its first record and where the records are', () => {
    const page = pageFrom(`
      00 e4 0b 54 02 00 00 00    # base time: 10 s
      04 00 00 00 00 00 00 00    # commit: 4 bytes
      00 00 00 00                # one record
    `);
    assert.deepEqual(readPageHeader(page, X86_64_LAYOUT), {
      baseTime: 10_000_000_000n,
      baseSec: 10,
      baseNsec: 0,
      start: 16,
      end: 20,
      lost: 0,
    });
  });

  it('tells how many events the CPU lost when the kernel had room to store the number', () => {
    const page = pageFrom(`
      00 e4 0b 54 02 00 00 00    # base time: 10 s
      04 00 00 c0 00 00 00 00    # commit: 4 bytes | RB_MISSED_EVENTS | RB_MISSED_STORED
      00 00 00 00                # one record
      2a 00 00 00 00 00 00 00    # lost: 42
    `);
    assert.deepEqual(readPageHeader(page, X86_64_LAYOUT), {
      baseTime: 10_000_000_000n,
      baseSec: 10,
      baseNsec: 0,
      start: 16,
      end: 20,
      lost: 42,
    });
  });

  const uncounted = {
    'as 6.12 writes it': '04 00 00 80 00 00 00 00',
    'as 6.1 and 7.3 write it, with the sign of an int': '04 00 00 80 ff ff ff ff',
    'with a number that does not fit after the records': '04 00 00 c0 00 00 00 00',
  };
  for (const [how, commit] of Object.entries(uncounted)) {
    it(`tells that events were lost, but not how many, ${how}`, () => {
      const page = pageFrom(`00 e4 0b 54 02 00 00 00  ${commit}  00 00 00 00`);
      assert.deepEqual(readPageHeader(page, X86_64_LAYOUT), {
        baseTime: 10_000_000_000n,
        baseSec: 10,
        baseNsec: 0,
        start: 16,
        end: 20,
        lost: null,
      });
    });
  }

  it('has a commit of 4 bytes on 32-bit kernels, and a number of 4 bytes lost', () => {
    const page = pageFrom(`
      00 e4 0b 54 02 00 00 00    # base time: 10 s
      04 00 00 c0                # commit: 4 bytes | RB_MISSED_EVENTS | RB_MISSED_STORED
      00 00 00 00                # one record
      2a 00 00 00                # lost: 42
      ff ff ff ff
    `);
    assert.deepEqual(readPageHeader(page, ARM_32), {
      baseTime: 10_000_000_000n,
      baseSec: 10,
      baseNsec: 0,
      start: 12,
      end: 16,
      lost: 42,
    });
  });

  it('has its flags in the second half of the commit on big-endian 64-bit kernels', () => {
    const page = pageFrom(`
      00 00 00 02 54 0b e4 00    # base time: 10 s
      00 00 00 00 c0 00 00 04    # commit: 4 bytes | RB_MISSED_EVENTS | RB_MISSED_STORED
      00 00 00 00                # one record
      00 00 00 00 00 00 00 2a    # lost: 42
    `);
    assert.deepEqual(readPageHeader(page, BIG_ENDIAN), {
      baseTime: 10_000_000_000n,
      baseSec: 10,
      baseNsec: 0,
      start: 16,
      end: 20,
      lost: 42,
    });
  });

  it('has them in its only word on big-endian 32-bit kernels', () => {
    const page = pageFrom('00 00 00 02 54 0b e4 00  c0 00 00 04  00 00 00 00  00 00 00 2a');
    assert.deepEqual(readPageHeader(page, BIG_ENDIAN_32), {
      baseTime: 10_000_000_000n,
      baseSec: 10,
      baseNsec: 0,
      start: 12,
      end: 16,
      lost: 42,
    });
  });

  it('keeps a time that no double holds', () => {
    const page = pageFrom('01 00 00 00 00 00 20 00  00 00 00 00 00 00 00 00');
    const header = readPageHeader(page, X86_64_LAYOUT);
    assert.ok(!isDamage(header));
    assert.deepEqual([header.baseSec, header.baseNsec], [9_007_199, 254_740_993]);
    assert.equal(header.baseTime, 2n ** 53n + 1n);
  });

  it('may lead to more records than a 4 KiB page holds', () => {
    const page = pageFrom('00 00 00 00 00 00 00 00  f0 ff 00 00 00 00 00 00', 65536);
    assert.deepEqual(readPageHeader(page, { ...X86_64_LAYOUT, pageBytes: 65536 }), {
      baseTime: 0n,
      baseSec: 0,
      baseNsec: 0,
      start: 16,
      end: 65536,
      lost: 0,
    });
  });

  it('is damage when the page is shorter than a header', () => {
    for (const bytes of [0, 1, 8, 15]) {
      assert.deepEqual(readPageHeader(new DataView(new ArrayBuffer(bytes)), X86_64_LAYOUT), {
        code: 'PAGE_SHORT',
        atByte: 0,
      });
    }
  });

  it('is damage at the commit when that claims more than the page has', () => {
    const page = pageFrom('00 e4 0b 54 02 00 00 00  05 00 00 00 00 00 00 00  00 00 00 00');
    assert.deepEqual(readPageHeader(page, X86_64_LAYOUT), { code: 'PAGE_LENGTH', atByte: 8 });
  });
});

describe('events/header_page', () => {
  const header = (commit: string, data: string): string =>
    [
      '\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;',
      `\tfield: local_t commit;\t${commit}\tsigned:1;`,
      '\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;',
      `\tfield: char data;\t${data}\tsigned:0;`,
      '',
    ].join('\n');

  const layouts: [string, string, string, PageLayout][] = [
    ['a 64-bit kernel', 'offset:8;\tsize:8;', 'offset:16;\tsize:4080;', X86_64_LAYOUT],
    ['a 32-bit kernel', 'offset:8;\tsize:4;', 'offset:12;\tsize:4084;', { ...ARM_32, pageBytes: 4096 }],
    [
      'pages of 64 KiB',
      'offset:8;\tsize:8;',
      'offset:16;\tsize:65520;',
      { ...X86_64_LAYOUT, pageBytes: 65536 },
    ],
  ];
  for (const [kernel, commit, data, layout] of layouts) {
    it(`gives the layout of ${kernel}`, () => {
      assert.deepEqual(parseHeaderPage(header(commit, data), true), layout);
    });
  }

  it('may have blanks where others have tabs', () => {
    const text = header('offset:8;\tsize:8;', 'offset:16;\tsize:4080;').replaceAll('\t', ' ');
    assert.deepEqual(parseHeaderPage(text, true), X86_64_LAYOUT);
  });

  const refused: [string, string][] = [
    ['is empty', ''],
    ['has no data', '\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n'],
    ['has a commit of 2 bytes', header('offset:8;\tsize:2;', 'offset:16;\tsize:4080;')],
    ['has the commit over the time stamp', header('offset:4;\tsize:4;', 'offset:16;\tsize:4080;')],
    ['has the data over the commit', header('offset:8;\tsize:8;', 'offset:12;\tsize:4080;')],
    ['has its data between two words', header('offset:8;\tsize:8;', 'offset:17;\tsize:4079;')],
    [
      'has a page longer than the kernel can make one',
      header('offset:8;\tsize:8;', 'offset:16;\tsize:134217729;'),
    ],
  ];
  for (const [what, text] of refused) {
    it(`is refused when it ${what}`, () => {
      assert.equal(parseHeaderPage(text, true), null);
    });
  }
});
