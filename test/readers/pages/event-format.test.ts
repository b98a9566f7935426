import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {
  bytesOfType,
  parseFormat,
  type EventFormat,
  type FormatField,
} from '../../../src/readers/pages/event-format';
import { assertConsistent } from '../consistent-format';
import { RAW_KERNELS, rawFile, splitFormats } from '../raw-run';
import { skipLoudly } from '../../harness/requirements';

const COMMON = `
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;
`;

function formatOf(name: string, ...fields: string[]): EventFormat {
  const lines = fields.map((field) => `\tfield:${field}\n`).join('');
  const format = parseFormat(`name: ${name}\nID: 42\nformat:${COMMON}\n${lines}\nprint fmt: "x"\n`);
  assert.ok(format !== null);
  return format;
}

function fieldOf(declaration: string): FormatField {
  const { fields } = formatOf('an_event', declaration);
  assert.equal(fields.length, 1, declaration);
  return fields[0]!;
}

function formatFiles(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => path.basename(name) === 'format')
    .map((name) => path.join(folder, name));
}

describe('the format file of an event', () => {
  it('gives sched_switch as the kernel lays it out', () => {
    const format = formatOf(
      'sched_switch',
      'char prev_comm[16];	offset:8;	size:16;	signed:0;',
      'pid_t prev_pid;	offset:24;	size:4;	signed:1;',
      'long prev_state;	offset:32;	size:8;	signed:1;',
    );
    assert.equal(format.name, 'sched_switch');
    assert.equal(format.id, 42);
    assert.deepEqual(
      format.common.map((field) => field.name),
      ['common_type', 'common_flags', 'common_preempt_count', 'common_pid'],
    );
    assert.deepEqual(format.fields, [
      {
        name: 'prev_comm',
        type: 'char',
        offset: 8,
        size: 16,
        signed: false,
        isArray: true,
        elements: 16,
        elementBytes: 1,
      },
      {
        name: 'prev_pid',
        type: 'pid_t',
        offset: 24,
        size: 4,
        signed: true,
        isArray: false,
        elements: 1,
        elementBytes: 4,
      },
      {
        name: 'prev_state',
        type: 'long',
        offset: 32,
        size: 8,
        signed: true,
        isArray: false,
        elements: 1,
        elementBytes: 8,
      },
    ]);
  });

  const declarations: [string, Partial<FormatField>][] = [
    ['const char * filename;	offset:24;	size:8;	signed:0;', { name: 'filename', type: 'const char *' }],
    ['const char __user *const __user * argv;	offset:8;	size:8;	signed:0;', { name: 'argv', elements: 1 }],
    [
      '__data_loc char[] __filename_val;	offset:48;	size:4;	signed:0;',
      { name: '__filename_val', type: '__data_loc char[]', elements: 1 },
    ],
    [
      '__rel_loc char[] msg;	offset:8;	size:4;	signed:1;',
      { name: 'msg', type: '__rel_loc char[]', elements: 1 },
    ],
    ['unsigned long args[6];	offset:16;	size:48;	signed:0;', { name: 'args', elements: 6 }],
    ['unsigned long caller[8];	offset:12;	size:32;	signed:0;', { name: 'caller', elements: 8 }],
    ['char buf[];	offset:16;	size:0;	signed:0;', { name: 'buf', size: 0, elements: 0 }],
    ['char buf;	offset:16;	size:0;	signed:0;', { name: 'buf', size: 0, elements: 0 }],
    ['bool group_dead;	offset:32;	size:1;	signed:0;', { name: 'group_dead', type: 'bool' }],
    ['char ssid[32 + 1];	offset:8;	size:33;	signed:0;', { name: 'ssid', elements: 33 }],
    [
      'u8 ht_capa[(int)sizeof(struct ieee80211_ht_cap)];	offset:8;	size:26;	signed:0;',
      { name: 'ht_capa', elements: 26 },
    ],
    ['u64 stamps[COUNT];	offset:8;	size:24;	signed:0;', { name: 'stamps', elements: 3 }],
    ['struct timespec64 at;	offset:8;	size:16;	signed:0;', { name: 'at', type: 'struct timespec64' }],
    ['unsigned int  flags;	offset:8;	size:4;	signed:0;', { name: 'flags', type: 'unsigned int' }],
    [' u64 stamp; offset:8; size:8; signed:0;', { name: 'stamp', type: 'u64', signed: false }],
    ['__attribute__((user)) char * name;	offset:8;	size:8;	signed:0;', { name: 'name' }],
    [
      'const char __attribute__((user)) * name;	offset:8;	size:8;	signed:0;',
      { name: 'name', type: 'const char __attribute__((user)) *', isArray: false },
    ],
    [
      'char [16] name;	offset:8;	size:16;	signed:0;',
      { name: 'name', type: 'char', elements: 16, isArray: true },
    ],
    [
      'unsigned long [] args;	offset:8;	size:24;	signed:0;',
      { name: 'args', type: 'unsigned long', elements: 3 },
    ],
    [
      'u32 x[sizeof(int[2])];	offset:8;	size:8;	signed:0;',
      { name: 'x', type: 'u32', elements: 2, elementBytes: 4 },
    ],
    ['u8 mac[(6)];	offset:8;	size:6;	signed:0;', { name: 'mac', elements: 6 }],
    ['u8 x[1];	offset:8;	size:1;	signed:0;', { elements: 1, isArray: true, elementBytes: 1 }],
    ['struct mm_struct* mm;	offset:8;	size:8;	signed:0;', { name: 'mm', type: 'struct mm_struct*' }],
    ['unsigned long graph_ent.func;	offset:8;	size:8;	signed:0;', { name: 'graph_ent.func' }],
    ['__data_loc u32[] list;	offset:8;	size:4;	signed:0;', { name: 'list', elements: 1, elementBytes: 4 }],
    ['__data_loc cpumask_t mask;	offset:8;	size:4;	signed:0;', { name: 'mask', elementBytes: 1 }],
    ['long long x[];	offset:8;	size:0;	signed:1;', { elements: 0, elementBytes: 8 }],
  ];
  for (const [declaration, expected] of declarations) {
    it(`reads "${declaration.split(';')[0]!}"`, () => {
      const field: Partial<FormatField> = fieldOf(declaration);
      const seen = Object.fromEntries(
        Object.keys(expected).map((key) => [key, field[key as keyof FormatField]]),
      );
      assert.deepEqual(seen, expected);
    });
  }

  const unsaid: [string, boolean][] = [
    ['int sig', true],
    ['long prev_state', true],
    ['pid_t pid', true],
    ['unsigned int flags', false],
    ['u64 runtime', false],
    ['char * name', false],
  ];
  for (const [declaration, signed] of unsaid) {
    it(`takes "${declaration}" as ${signed ? 'signed' : 'unsigned'} where an old kernel does not say`, () => {
      assert.equal(fieldOf(`${declaration};	offset:8;	size:4;`).signed, signed);
    });
  }

  it('may call a field special, as the ftrace events of 2.6.31 do', () => {
    const text = `name: special\nID: 8\nformat:${COMMON}\n\tfield special:unsigned long arg1;\toffset:12;\tsize:8;\n`;
    assert.deepEqual(
      parseFormat(text)?.fields.map(({ name, type, offset }) => ({ name, type, offset })),
      [{ name: 'arg1', type: 'unsigned long', offset: 12 }],
    );
  });

  it('has no field that would be the prototype of its fields', () => {
    assert.deepEqual(formatOf('x', 'int __proto__;	offset:8;	size:4;	signed:1;').fields, []);
  });

  const widths: [string, number | undefined, number | undefined][] = [
    ['char', 1, 1],
    ['unsigned char', 1, 1],
    ['bool', 1, 1],
    ['s8', 1, 1],
    ['__u8', 1, 1],
    ['uint8_t', 1, 1],
    ['short', 2, 2],
    ['unsigned short', 2, 2],
    ['__be16', 2, 2],
    ['int16_t', 2, 2],
    ['int', 4, 4],
    ['unsigned', 4, 4],
    ['unsigned int', 4, 4],
    ['enum zone_type', 4, 4],
    ['pid_t', 4, 4],
    ['__le32', 4, 4],
    ['long', 8, 4],
    ['unsigned long', 8, 4],
    ['ulong', 8, 4],
    ['size_t', 8, 4],
    ['void *', 8, 4],
    ['struct file *', 8, 4],
    ['long long', 8, 8],
    ['unsigned long long', 8, 8],
    ['u64', 8, 8],
    ['uint64_t', 8, 8],
    ['struct timespec64', undefined, undefined],
    ['cpumask_t', undefined, undefined],
  ];
  for (const [type, of64, of32] of widths) {
    it(`takes ${type} as ${of64 ?? 'no known number of'} bytes, ${of32 ?? 'neither'} on 32-bit kernels`, () => {
      assert.deepEqual([bytesOfType(type, 8), bytesOfType(type, 4)], [of64, of32]);
    });
  }

  it('is read in one pass, however long and odd a declaration', () => {
    for (const odd of ['a[ ', ']', '[', ' ', 'x ', '(', '* ']) {
      const text = `name: x\nID: 1\nformat:\n\tfield:${odd.repeat(400_000 / odd.length)};\toffset:8;\tsize:4;\n`;
      assert.deepEqual(parseFormat(text)?.fields, []);
    }
  });

  it('is not fooled by a count of elements that no field could have', () => {
    assert.equal(fieldOf('int x[1000000000];	offset:8;	size:8;	signed:1;').elements, 2);
    assert.equal(fieldOf('int x[3];	offset:8;	size:8;	signed:1;').elements, 2);
    assert.equal(fieldOf('int x[-1];	offset:8;	size:8;	signed:1;').elements, 2);
  });

  it('ends at the print fmt, whatever that says', () => {
    const text = `name: x\nID: 1\nformat:${COMMON}\nprint fmt: "\n\tfield:int y;\toffset:8;\tsize:4;\tsigned:1;\n`;
    assert.deepEqual(parseFormat(text)?.fields, []);
  });

  it('passes over lines that are no field', () => {
    const text = `name: x\nID: 1\nformat:${COMMON}\n\tspecial:int y;\n\tfield:;\toffset:8;\n\tfield:int z;\toffset:8;\tsize:4;\tsigned:1;\n`;
    assert.deepEqual(
      parseFormat(text)?.fields.map((field) => field.name),
      ['z'],
    );
  });

  for (const text of [
    '',
    'name: x\n',
    'ID: 4\n',
    'name: x\nID: y\n',
    'name: x\nID: -1\n',
    'name: x\nID: 65536\n',
    'name: x\nID: \n',
    '\0\0\0',
  ]) {
    it(`is none when it is ${JSON.stringify(text)}`, () => {
      assert.equal(parseFormat(text), null);
    });
  }
});

describe('the format files', () => {
  for (const kernel of RAW_KERNELS) {
    it(`of the recorded run on ${kernel} fit together`, () => {
      const formats = splitFormats(fs.readFileSync(rawFile(kernel, 'formats'), 'utf8'));
      assert.ok(formats.length > 80);
      formats.forEach((text, index) => {
        assertConsistent(`${kernel} formats, ${index}`, text);
      });
    });
  }

  it('of this machine fit together, each and every one', function () {
    const folder = '/sys/kernel/tracing/events';
    if (!fs.existsSync(path.join(folder, 'sched'))) {
      skipLoudly(this, `${folder}: mount -t tracefs nodev /sys/kernel/tracing`);
      return;
    }
    this.timeout(60_000);
    const files = formatFiles(folder);
    assert.ok(files.length > 500, `${files.length} formats`);
    for (const file of files) assertConsistent(file, fs.readFileSync(file, 'utf8'));
  });
});
