import assert from 'node:assert/strict';
import { compileDecoder, type EventDecoder } from '../../../src/readers/pages/event-decoder';
import { parseFormat } from '../../../src/readers/pages/event-format';
import type { FieldValue } from '../../../src/trace-event';
import { pageFrom, seededRandom } from '../compose-page';

function decoderOf(fields: readonly string[], littleEndian = true): EventDecoder {
  const lines = fields.map((field) => `\tfield:${field}\n`).join('');
  const format = parseFormat(`name: an_event\nID: 42\nformat:\n${lines}\nprint fmt: "x"\n`);
  assert.ok(format !== null);
  return compileDecoder(format, littleEndian);
}

/** One field after the eight bytes that every record begins with. */
function decode(declaration: string, hex: string, littleEndian = true): FieldValue | undefined {
  const name = /([\w]+)(?:\[[^\]]*\])?;/.exec(declaration)![1]!;
  const record = pageFrom(`2a 00 00 01 28 70 00 00  ${hex}`);
  const decoder = decoderOf([declaration], littleEndian);
  const value = decoder.field(record, name);
  assert.deepEqual(decoder.fields(record), { [name]: value });
  return value;
}

const at8 = (size: number, signed = 0): string => `offset:8;	size:${size};	signed:${signed};`;

describe('a field of a record', () => {
  const integers: [string, string, FieldValue, boolean?][] = [
    [`u8 x;	${at8(1)}`, 'ff', 255],
    [`s8 x;	${at8(1, 1)}`, 'ff', -1],
    [`unsigned short x;	${at8(2)}`, 'fe ff', 65534],
    [`short x;	${at8(2, 1)}`, 'fe ff', -2],
    [`unsigned int x;	${at8(4)}`, 'ff ff ff ff', 4294967295],
    [`int x;	${at8(4, 1)}`, 'fe ff ff ff', -2],
    [`u64 x;	${at8(8)}`, 'ff ff ff ff ff ff 1f 00', Number.MAX_SAFE_INTEGER],
    [`u64 x;	${at8(8)}`, '00 00 00 00 00 00 20 00', '0x20000000000000'],
    [`u64 x;	${at8(8)}`, '9c ff ff ff ff ff ff ff', '0xffffffffffffff9c'],
    [`long x;	${at8(8, 1)}`, 'fe ff ff ff ff ff ff ff', -2],
    [`long x;	${at8(8, 1)}`, '00 00 00 00 00 00 e0 ff', -(2 ** 53)],
    [`long x;	${at8(8, 1)}`, 'ff ff ff ff ff ff df ff', '0xffdfffffffffffff'],
    [`long x;	${at8(8, 1)}`, '00 00 00 00 00 00 00 80', '0x8000000000000000'],
    [`int x;	${at8(4, 1)}`, 'ff ff ff fe', -2, false],
    [`u64 x;	${at8(8)}`, '00 00 00 01 00 00 00 02', 2 ** 32 + 2, false],
    [`long x;	${at8(8, 1)}`, 'ff ff ff ff ff ff ff fe', -2, false],
    [`u64 x;	${at8(8)}`, 'ff ff ff ff ff ff ff 9c', '0xffffffffffffff9c', false],
    [`bool x;	${at8(1)}`, '01', true],
    [`bool x;	${at8(1)}`, '00', false],
    [`const char * x;	${at8(8)}`, '41 30 5a f7 aa 7f 00 00', 0x7faaf75a3041],
  ];
  for (const [declaration, hex, value, littleEndian] of integers) {
    const order = littleEndian === false ? ', big-endian' : '';
    it(`${declaration.split(';')[0]!}: ${hex}${order} is ${JSON.stringify(value)}`, () => {
      assert.equal(decode(declaration, hex, littleEndian), value);
    });
  }

  it('of 16 chars ends at its NUL, whatever an older name left behind it', () => {
    assert.equal(
      decode(`char comm[16];	${at8(16)}`, '73 6c 65 65 70 00 72 2f 30 00 00 00 00 00 00 00'),
      'sleep',
    );
  });

  it('of 16 chars without a NUL is all 16', () => {
    assert.equal(decode(`char comm[16];	${at8(16)}`, '61'.repeat(16)), 'a'.repeat(16));
  });

  it('keeps UTF-8, and shows what is none as the replacement character', () => {
    assert.equal(decode(`char comm[16];	${at8(16)}`, `c3 a4 ff ${'00'.repeat(13)}`), 'ä\ufffd');
  });

  it('of several integers is a list', () => {
    assert.deepEqual(decode(`int x[3];	${at8(12, 1)}`, '01 00 00 00 ff ff ff ff 03 00 00 00'), [1, -1, 3]);
    assert.deepEqual(decode(`u8 x[6];	${at8(6)}`, '01 02 03 04 05 ff'), [1, 2, 3, 4, 5, 255]);
  });

  it('of several longs is as wide as its kernel makes them', () => {
    const record = pageFrom('2a 00 00 01 28 70 00 00 01 00 00 00 02 00 00 00');
    const wide = decoderOf([`unsigned long x[1];	${at8(8)}`, `unsigned long y[2];	${at8(8)}`]);
    assert.deepEqual(wide.fields(record), { x: [2 * 2 ** 32 + 1], y: [1, 2] });
  });

  it('without a size is the rest of the record', () => {
    assert.equal(decode(`char buf[];	${at8(0)}`, '48 65 6c 6c 6f 0a 00 51'), 'Hello\n');
    assert.equal(decode(`char buf[];	${at8(0)}`, '48 65 6c 6c'), 'Hell');
    assert.deepEqual(decode(`u16 x[];	${at8(0)}`, '01 00 02 00 03 00'), [1, 2, 3]);
  });

  it('that says where its text is, is that text', () => {
    const declaration = `__data_loc char[] x;	${at8(4, 1)}`;
    assert.equal(decode(declaration, '0c 00 06 00  68 65 6c 6c 6f 00'), 'hello');
    assert.equal(decode(declaration, '00 06 00 0c  68 65 6c 6c 6f 00', false), 'hello');
  });

  it('that says so from its own end, too', () => {
    assert.equal(decode(`__rel_loc char[] x;	${at8(4, 1)}`, '01 00 06 00  ff 68 65 6c 6c 6f 00'), 'hello');
  });

  it('that says only where its text begins, has it up to the end', () => {
    assert.equal(decode(`__data_loc char[] x;	${at8(2)}`, '0a 00  68 65 6c 6c 6f 00'), 'hello');
  });

  it('that says where its bytes are, is a list of them', () => {
    assert.deepEqual(decode(`__data_loc cpumask_t x;	${at8(4)}`, '0c 00 02 00  03 80'), [3, 128]);
  });

  it('is empty where it says a place outside the record', () => {
    const declaration = `__data_loc char[] x;	${at8(4, 1)}`;
    assert.equal(decode(declaration, 'ff ff 06 00  68 65 6c 6c 6f 00'), '');
    // As much of it as there is.
    assert.equal(decode(declaration, '0c 00 ff ff  68 65 6c 6c 6f'), 'hello');
    assert.deepEqual(decode(`__rel_loc u8[] x;	${at8(4)}`, 'ff ff ff ff'), []);
  });

  it('is 0 or empty where the record ends before it', () => {
    const decoder = decoderOf([
      'int sig;	offset:8;	size:4;	signed:1;',
      'long state;	offset:16;	size:8;	signed:1;',
      'char comm[16];	offset:24;	size:16;	signed:0;',
      'int list[2];	offset:40;	size:8;	signed:1;',
      '__data_loc char[] name;	offset:48;	size:4;	signed:0;',
      'bool dead;	offset:52;	size:1;	signed:0;',
      'struct stat st;	offset:56;	size:24;	signed:0;',
    ]);
    assert.deepEqual(decoder.fields(pageFrom('2a 00 00 01 28 70 00 00 0f 00 00 00')), {
      sig: 15,
      state: 0,
      comm: '',
      list: [],
      name: '',
      dead: false,
      st: [],
    });
  });

  it('that says where its integers are, is a list of them, each as wide as its type', () => {
    assert.deepEqual(
      decode(`__data_loc u32[] x;	${at8(4)}`, '0c 00 08 00  01 00 00 00 ff ff ff ff'),
      [1, 4294967295],
    );
    assert.deepEqual(decode(`__data_loc u16[] x;	${at8(4)}`, '00 04 00 0c  01 00 00 02', false), [256, 2]);
    assert.deepEqual(
      decode(`__data_loc unsigned long[] x;	${at8(4)}`, '0c 00 08 00  03 00 00 00 00 00 00 80'),
      ['0x8000000000000003'],
    );
  });

  it('of several longs is half as wide where the kernel has 32 bits', () => {
    const text = `name: x\nID: 1\nformat:\n\tfield:unsigned long args[];	${at8(0)}\n\nprint fmt: "x"\n`;
    const record = pageFrom('2a 00 00 01 28 70 00 00 01 00 00 00 02 00 00 00');
    assert.deepEqual(compileDecoder(parseFormat(text, 4)!, true).fields(record), { args: [1, 2] });
    assert.deepEqual(compileDecoder(parseFormat(text, 8)!, true).fields(record), { args: [2 * 2 ** 32 + 1] });
  });

  it('of unsigned chars is a list of bytes, not text: an address, a command', () => {
    assert.deepEqual(decode(`unsigned char addr[6];	${at8(6)}`, '00 16 3e 41 42 43'), [0, 22, 62, 65, 66, 67]);
    assert.deepEqual(decode(`__data_loc unsigned char[] x;	${at8(4)}`, '0c 00 02 00  41 42'), [65, 66]);
  });

  it('of one element is a list of one, and of one char a text', () => {
    assert.deepEqual(decode(`u8 x[1];	${at8(1)}`, '05'), [5]);
    assert.equal(decode(`char x[1];	${at8(1)}`, '41'), 'A');
    assert.equal(decode(`char x;	${at8(1, 1)}`, '41'), 65);
  });

  it('that begins with a byte order mark keeps it', () => {
    assert.equal(decode(`char x[8];	${at8(8)}`, 'ef bb bf 61 00 00 00 00'), '\ufeffa');
  });

  it('is its own text, however many others hash to the same place', () => {
    const decoder = decoderOf([`char x[8];	${at8(8)}`]);
    const texts = Array.from({ length: 20_000 }, (_, index) => index.toString(36).padStart(8, 'a'));
    for (const text of [...texts, ...texts]) {
      const record = new DataView(new ArrayBuffer(16));
      for (let at = 0; at < 8; at++) record.setUint8(8 + at, text.charCodeAt(at));
      assert.equal(decoder.field(record, 'x'), text);
    }
  });

  it('longer than what is kept, and beside one that begins like it, is whole', () => {
    const long = 'x'.repeat(200);
    for (const text of [long, `${long}y`, 'x'.repeat(128), 'x'.repeat(127)]) {
      const hex = Buffer.from(text).toString('hex');
      assert.equal(decode(`char x[];	${at8(0)}`, hex), text);
      assert.equal(decode(`char x[];	${at8(0)}`, `${hex} 00 7a`), text);
    }
  });

  it('of a structure is its bytes', () => {
    assert.deepEqual(decode(`struct x y;	${at8(3)}`, '01 02 03'), [1, 2, 3]);
  });

  it('that the event does not have is undefined', () => {
    const decoder = decoderOf([`int sig;	${at8(4, 1)}`]);
    assert.equal(decoder.field(pageFrom('2a 00 00 01 28 70 00 00 0f 00 00 00'), 'signal'), undefined);
  });
});

describe('a record in its page', () => {
  const decoder = decoderOf([
    'int sig;	offset:8;	size:4;	signed:1;',
    '__data_loc char[] name;	offset:12;	size:4;	signed:0;',
    'u8 rest[];	offset:16;	size:0;	signed:0;',
  ]);
  const record = '2a 00 00 01 28 70 00 00  0f 00 00 00  10 00 04 00  61 62 63 00';
  const page = pageFrom(`ff ff ff ff  ${record}  ee ee ee ee`);

  it('gives the same fields as with a view of its own', () => {
    const fields = { sig: 15, name: 'abc', rest: [97, 98, 99, 0] };
    assert.deepEqual(decoder.fieldsAt(page, 4, 20), fields);
    assert.deepEqual(decoder.fields(pageFrom(record)), fields);
    for (const [name, value] of Object.entries(fields))
      assert.deepEqual(decoder.fieldAt(page, 4, 20, name), value);
    assert.equal(decoder.fieldAt(page, 4, 20, 'nothing'), undefined);
  });

  it('gives nothing of what is after it', () => {
    assert.deepEqual(decoder.fieldsAt(page, 4, 18), { sig: 15, name: 'ab', rest: [97, 98] });
    assert.deepEqual(decoder.fieldsAt(page, 4, 10), { sig: 0, name: '', rest: [] });
    assert.deepEqual(decoder.fieldsAt(page, page.byteLength - 4, 20), { sig: 0, name: '', rest: [] });
  });

  it('has its fields in the order of the format', () => {
    assert.deepEqual(Object.keys(decoder.fieldsAt(page, 4, 20)), ['sig', 'name', 'rest']);
  });
});

describe('whole records', () => {
  it('signal_generate gives the signal, who it is for, and how it went', () => {
    const decoder = decoderOf([
      'int sig;	offset:8;	size:4;	signed:1;',
      'int errno;	offset:12;	size:4;	signed:1;',
      'int code;	offset:16;	size:4;	signed:1;',
      'char comm[16];	offset:20;	size:16;	signed:0;',
      'pid_t pid;	offset:36;	size:4;	signed:1;',
      'int group;	offset:40;	size:4;	signed:1;',
      'int result;	offset:44;	size:4;	signed:1;',
    ]);
    const record = pageFrom(`
      c1 00 01 02 6b 03 00 00              # signal_generate of pid 875
      09 00 00 00 00 00 00 00 fa ff ff ff  # SIGKILL, no errno, SI_TKILL
      61 2e 6f 75 74 00 00 00 00 00 00 00 00 00 00 00
      6c 03 00 00 01 00 00 00 00 00 00 00  # to pid 876, the group, delivered
    `);
    assert.deepEqual(decoder.fields(record), {
      sig: 9,
      errno: 0,
      code: -6,
      comm: 'a.out',
      pid: 876,
      group: 1,
      result: 0,
    });
  });

  it('sys_enter_openat of 7.3 gives the pointer and, beside it, the name', () => {
    const decoder = decoderOf([
      'int __syscall_nr;	offset:8;	size:4;	signed:1;',
      'int dfd;	offset:16;	size:8;	signed:0;',
      'const char * filename;	offset:24;	size:8;	signed:0;',
      'int flags;	offset:32;	size:8;	signed:0;',
      'umode_t mode;	offset:40;	size:8;	signed:0;',
      '__data_loc char[] __filename_val;	offset:48;	size:4;	signed:0;',
    ]);
    const record = pageFrom(`
      f9 02 00 01 6c 03 00 00
      01 01 00 00 00 00 00 00  9c ff ff ff 00 00 00 00
      31 c4 52 f7 aa 7f 00 00  00 00 08 00 00 00 00 00  00 00 00 00 00 00 00 00
      34 00 09 00              # 9 bytes from byte 52
      2f 65 74 63 2f 78 2e 73 00
    `);
    assert.deepEqual(decoder.fields(record), {
      __syscall_nr: 257,
      dfd: 0xffffff9c,
      filename: 0x7faaf752c431,
      flags: 0o2000000,
      mode: 0,
      __filename_val: '/etc/x.s',
    });
  });

  it('of any bytes and any length decode to something', () => {
    const random = seededRandom(2);
    const decoder = decoderOf([
      '__data_loc char[] a;	offset:8;	size:4;	signed:0;',
      '__rel_loc char[] b;	offset:12;	size:4;	signed:0;',
      '__rel_loc u8[] c;	offset:16;	size:4;	signed:0;',
      'long d[3];	offset:20;	size:24;	signed:1;',
      'char e[];	offset:44;	size:0;	signed:0;',
    ]);
    for (let turn = 0; turn < 5000; turn++) {
      const bytes = Uint8Array.from({ length: Math.floor(random() * 64) }, () => Math.floor(random() * 256));
      const { a, b, c, d, e } = decoder.fields(new DataView(bytes.buffer));
      assert.ok([a, b, e].every((text) => typeof text === 'string'));
      assert.ok(Array.isArray(c) && Array.isArray(d));
    }
  });
});
