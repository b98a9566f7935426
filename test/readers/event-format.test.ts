import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseFormat, type EventFormat, type FormatField } from '../../src/readers/event-format';
import { RAW_KERNELS, rawFile, splitFormats } from './raw-run';
import { skipLoudly } from '../harness/requirements';

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

/** The name, the id and each declared field are found. */
function parseWhole(file: string, text: string): EventFormat {
  const format = parseFormat(text);
  assert.ok(format !== null, `${file} is not understood`);
  assert.ok(text.startsWith(`name: ${format.name}\nID: ${format.id}\n`), file);
  const declared = text.split('\n').filter((line) => line.trimStart().startsWith('field:')).length;
  assert.equal(format.common.length + format.fields.length, declared, file);
  return format;
}

/** Each field lies behind the one before it, and its elements fill it. */
function assertConsistent(file: string, text: string): void {
  const { common, fields } = parseWhole(file, text);
  assert.deepEqual(
    common.slice(0, 4).map((field) => [field.name, field.offset, field.size]),
    [
      ['common_type', 0, 2],
      ['common_flags', 2, 1],
      ['common_preempt_count', 3, 1],
      ['common_pid', 4, 4],
    ],
    file,
  );
  let end = 0;
  for (const field of [...common, ...fields].sort((a, b) => a.offset - b.offset || a.size - b.size)) {
    assert.ok(field.offset >= end, `${file}: ${field.name} begins in the field before it`);
    end = field.offset + field.size;
    if (field.size === 0) assert.equal(field.elements, 0, `${file}: ${field.name}`);
    else assert.equal(field.size % field.elements, 0, `${file}: ${field.name}`);
  }
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

  for (const text of ['', 'name: x\n', 'ID: 4\n', 'name: x\nID: y\n', 'name: x\nID: -1\n', '\0\0\0']) {
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

  const shared = path.join(process.cwd(), '../shared/traces');

  for (const kernel of RAW_KERNELS) {
    it(`of all events of ${kernel} fit together`, function () {
      withArchive(this, path.join(shared, `kernels/${kernel}.tar.gz`), (folder) => {
        const files = formatFiles(folder);
        assert.ok(files.length > 700, `${files.length} formats`);
        for (const file of files) assertConsistent(file, fs.readFileSync(file, 'utf8'));
      });
    });
  }

  it('of phones with kernels 3.4 to 5.10, in Perfetto’s collection, fit together', function () {
    withArchive(this, path.join(shared, 'peers/perfetto_ftrace_test_formats.tar.gz'), (folder) => {
      const files = formatFiles(folder);
      assert.ok(files.length > 4700, `${files.length} formats`);
      for (const file of files) {
        const text = fs.readFileSync(file, 'utf8');
        // One is empty. 3.10 itself says the wrong offset for `nid`; the others are made by hand, not by a kernel.
        if (text === '') continue;
        if (
          /\/(?:synthetic|synthetic_alt|hypervisor)\/|3\.10\.40\/.*\/f2fs_truncate_partial_nodes\//.test(file)
        )
          parseWhole(file, text);
        else assertConsistent(file, text);
      }
    });
  });
});

function withArchive(test: Mocha.Context, archive: string, use: (folder: string) => void): void {
  if (!fs.existsSync(archive)) {
    skipLoudly(test, archive);
    return;
  }
  test.timeout(60_000);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ftrace-formats-'));
  try {
    execFileSync('tar', ['-xzf', archive, '-C', folder]);
    use(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
