import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { openTraceFile } from '../../src/readers/trace-file';
import { fixture } from './read-text';

const LINE = '            bash-161     [001] ...1.     3.241158: sys_getpid()\n';

describe('a file of another format', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'ftrace-other-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** What reading the file to its end ends with; how many events, where it is a trace. */
  async function outcome(bytes: Buffer | string): Promise<string | number> {
    const file = path.join(folder, 'file');
    writeFileSync(file, bytes);
    try {
      let events = 0;
      for await (const batch of (await openTraceFile(file)).batches) events += batch.length;
      return events;
    } catch (error) {
      return (error as Error).message.replace(file, 'FILE');
    }
  }

  const utf16 = (): Buffer => Buffer.from(`\ufeff${LINE}`, 'utf16le');
  for (const [what, bytes, advice] of [
    ['gzip', gzipSync(LINE), /FILE is compressed with gzip; decompress it first/],
    ['zstd', Buffer.from('28b52ffd2400', 'hex'), /FILE is compressed with zstd; decompress it first/],
    ['xz', Buffer.from('fd377a585a000004', 'hex'), /FILE is compressed with xz; decompress it first/],
    ['zip', 'PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0', /FILE is a zip archive; unpack it first/],
    ['perf', 'PERFILE2\x68\0\0\0', /FILE is a recording of perf/],
    ['UTF-16', utf16(), /FILE is UTF-16; convert it first: iconv/],
    ['UTF-16 of the other byte order', utf16().swap16(), /FILE is UTF-16/],
    ['Chrome’s JSON', '{"traceEvents": []}', /FILE is JSON, not ftrace text/],
    ['our own events', '[\n{"ts": 1}]', /FILE is JSON, not ftrace text/],
    ['raw pages', fixture('raw/6.12/cpu0.raw'), /FILE is binary, .* trace_pipe_raw cannot be read without/],
    ['a program', Buffer.from('\x7fELF\x02\x01\x01\0\0\0\0\0', 'latin1'), /FILE is binary/],
  ] as const) {
    it(`is refused with what to do: ${what}`, async () => {
      assert.match(String(await outcome(bytes)), advice);
    });
  }

  for (const [what, text, reason] of [
    ['HTML', '<!DOCTYPE html>\n<html>hello</html>\n', /line 1: an HTML page without ftrace text/],
    ['a log', '[    1.000000] Linux version 6.12\n', /line 1: a kernel log without a dump/],
  ] as const) {
    it(`is refused where no trace is inside: ${what}`, async () => {
      assert.match(String(await outcome(text)), reason);
    });
  }

  it('is none where a text begins with a hole, or has odd names', async () => {
    assert.equal(await outcome(`${'\0'.repeat(4096)}${LINE}${LINE}`), 2);
    assert.equal(await outcome(LINE.replace('    bash', '    [{"\x01')), 1);
  });
});
