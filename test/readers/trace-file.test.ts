import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CaptureWriter } from '../../src/readers/capture/capture-writer';
import { openTraceFile, readTraceFile, type TraceSource } from '../../src/readers/trace-file';
import { TraceError } from '../../src/trace-error';
import { composeDat, partsOf } from './compose-dat';
import { contextOf, rawFile, readerOf } from './raw-run';
import { FIXTURES } from './read-text';

const LINE = '            bash-875     [000] .....    39.105783: sys_write -> 0x2\n';

function captureBytes(): Buffer {
  const context = contextOf('7.3');
  const writer = new CaptureWriter(context);
  return Buffer.concat([writer.head(), writer.batch(readerOf('7.3', '', context).flush(null))]);
}

describe('a saved trace', () => {
  let folder = '';
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ftrace-file-'));
  });
  after(() => {
    fs.rmSync(folder, { recursive: true });
  });

  function fileOf(bytes: Uint8Array | string): string {
    const file = path.join(folder, 'trace');
    fs.writeFileSync(file, bytes);
    return file;
  }

  async function read(file: string): Promise<{ source: TraceSource; events: number; damage: string[] }> {
    const trace = await openTraceFile(file);
    let events = 0;
    const damage: string[] = [];
    for await (const batch of trace.batches) {
      events += batch.length;
      damage.push(...batch.damage.map(({ code }) => code));
    }
    return { source: trace.source, events, damage };
  }

  /** The code and the text of the refusal. */
  async function refusal(file: string): Promise<string> {
    try {
      await read(file);
    } catch (error) {
      assert.ok(error instanceof TraceError, String(error));
      return `${error.code}: ${error.message}`;
    }
    return 'not refused';
  }

  it('as text is read to its last line', async () => {
    assert.deepEqual(await read(path.join(FIXTURES, 'kernels/7.3/recipe.txt')), {
      source: 'text',
      events: 536,
      damage: [],
    });
  });

  it('of trace-cmd is read as what it was', async () => {
    assert.deepEqual(await read(fileOf(composeDat(partsOf('7.3', 7)))), {
      source: 'trace.dat',
      events: 560,
      damage: [],
    });
  });

  it('as a capture is read as what it was', async () => {
    assert.deepEqual(await read(fileOf(captureBytes())), { source: 'raw', events: 560, damage: [] });
  });

  it('larger than what is read at once is read whole, and gives the file back', async () => {
    const open = (): number => fs.readdirSync('/proc/self/fd').length;
    const before = open();
    assert.deepEqual(await read(fileOf(LINE.repeat(20_000))), { source: 'text', events: 20_000, damage: [] });
    for await (const batch of readTraceFile(fileOf(LINE.repeat(20_000)))) {
      assert.ok(batch.length > 0);
      break;
    }
    await pause(50);
    assert.ok(open() <= before);
  });

  it('may have a header and no event', async () => {
    assert.deepEqual(await read(fileOf('# tracer: nop\n#\n')), { source: 'text', events: 0, damage: [] });
  });

  it('may have lines that are none of the kernel’s beside its events', async () => {
    assert.deepEqual(await read(fileOf(`${LINE}what is this\n`)), {
      source: 'text',
      events: 1,
      damage: ['LINE_UNEXPLAINED'],
    });
  });

  it('cut off is read up to there', async () => {
    const capture = captureBytes();
    const whole = Buffer.concat([capture, capture.subarray(-1000)]);
    assert.deepEqual(await read(fileOf(whole)), { source: 'raw', events: 560, damage: ['CAPTURE_CHUNK'] });
    assert.match(
      await refusal(fileOf(capture.subarray(0, -8))),
      /^TRACE_FORMAT: .* has no event; byte \d+: the capture ends in the middle of a chunk$/,
    );
  });

  const refused: [string, () => string, RegExp][] = [
    ['is empty', () => fileOf(''), /^TRACE_FORMAT: .* is empty$/],
    [
      'is of trace-cmd, and of a version that nobody knows',
      () => fileOf('\x17\x08\x44tracing8\0'),
      /^TRACE_FORMAT: .* is a trace\.dat of version "8"; versions 6 and 7 are read$/,
    ],
    [
      'is of trace-cmd, and ends at once',
      () => fileOf('\x17\x08\x44tracing7\0\0\x08'),
      /^TRACE_FORMAT: .* ends within the header of a trace\.dat$/,
    ],
    [
      'is of trace-cmd, and has nothing after its header',
      () => fileOf('\x17\x08\x44tracing6\0\0\x08\0\x10\0\0'),
      /^TRACE_FORMAT: .* has no event; byte 18: the file or a table ends before what it announces$/,
    ],
    [
      'has bytes that no text has',
      () => rawFile('7.3', 'cpu0.raw'),
      /^TRACE_FORMAT: .* is binary, and neither a capture of ftrace-life nor a trace\.dat/,
    ],
    [
      'is text of another kind',
      () => fileOf('Dear reader,\nthis is a letter.\n'),
      /^TRACE_FORMAT: .* has no event; line 1: a line that ftrace does not print$/,
    ],
    [
      'has no newline and no end in sight',
      () => fileOf('x'.repeat(200_000)),
      /^TRACE_FORMAT: .* has no event; line 1: a line that ftrace does not print$/,
    ],
    ['does not exist', () => path.join(folder, 'nothing-here'), /^TRACE_MISSING: .*nothing-here: ENOENT$/],
    ['is a folder', () => folder, /^TRACE_MISSING: .*: EISDIR$/],
    ['has a file where a folder should be', () => `${fileOf(LINE)}/x`, /^TRACE_MISSING: .*: ENOTDIR$/],
  ];
  for (const [what, file, text] of refused) {
    it(`is refused when it ${what}`, async () => {
      assert.match(await refusal(file()), text);
    });
  }

  it('is refused when it may not be read', async () => {
    const file = fileOf(LINE);
    fs.chmodSync(file, 0o000);
    fs.chmodSync(folder, 0o755);
    // Root may read all files, so somebody else asks.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.('nobody');
    try {
      assert.match(await refusal(file), /^TRACE_MISSING: .*: EACCES$/);
    } finally {
      if (isRoot) process.seteuid?.(0);
      fs.chmodSync(file, 0o600);
    }
  });

  describe('on standard input', () => {
    /** Reads `-` in a process of its own, which gets the pieces one by one. */
    async function pipe(pieces: readonly Uint8Array[]): Promise<string> {
      const reader = path.join(__dirname, '../../src/readers/trace-file.js');
      const script = `
        const { openTraceFile } = require(${JSON.stringify(reader)});
        (async () => {
          const trace = await openTraceFile('-');
          let events = 0;
          for await (const batch of trace.batches) events += batch.length;
          console.log(trace.source, events);
        })().catch((error) => console.log(error.code));
      `;
      const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const closed = new Promise((resolve) => child.on('close', resolve));
      for (const piece of pieces) {
        child.stdin.write(piece);
        await pause(20);
      }
      child.stdin.end();
      await closed;
      return output.trim();
    }

    it('is recognised though its first bytes come one by one', async () => {
      const capture = captureBytes();
      const pieces = [1, 2, 5, 20, 500].map((start, index, starts) =>
        capture.subarray(index === 0 ? 0 : starts[index - 1], start),
      );
      assert.equal(await pipe([...pieces, capture.subarray(500)]), 'raw 560');
    });

    it('may be text', async () => {
      assert.equal(await pipe([Buffer.from(LINE.slice(0, 5)), Buffer.from(LINE.slice(5))]), 'text 1');
    });

    it('is refused when it is of trace-cmd, whose tables and pages are in no order', async () => {
      assert.equal(await pipe([composeDat(partsOf('7.3', 6))]), 'TRACE_FORMAT');
    });

    it('is refused when nothing comes', async () => {
      assert.equal(await pipe([]), 'TRACE_FORMAT');
    });
  });
});
