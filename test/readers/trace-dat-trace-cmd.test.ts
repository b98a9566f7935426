/** Our layouts of a trace.dat as trace-cmd reads them, and trace-cmd's conversions as we do. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import zlib from 'node:zlib';
import { needs } from '../harness/requirements';
import { composeDat, partsOf, type DatParts } from './compose-dat';
import { DatFolder, readDat } from './read-dat';
import { assertSame, readReport, type ReportLine } from './trace-cmd-report';

const LAYOUTS: Readonly<Record<string, DatParts>> = {
  v6: partsOf('7.3', 6),
  v7: partsOf('7.3', 7),
  'v7 with zstd': { ...partsOf('7.3', 7), compressor: 'zstd' },
  'v7 with an offset': { ...partsOf('6.12', 7), options: [[7, Buffer.from('-0x1234567\0')]] },
};

describe('a trace.dat, beside the trace-cmd that is installed here', () => {
  const folder = new DatFolder();
  before(async function () {
    await needs(this, { traceCmd: true });
  });
  after(() => {
    folder.remove();
  });

  /** Without the call traces, which belong to their events here. */
  function reportOf(file: string): ReportLine[] {
    const text = execFileSync('trace-cmd', ['report', '-t', '-R', file], { maxBuffer: 1 << 26 });
    return readReport(folder.write(zlib.gzipSync(text), 'report.gz')).filter(
      ({ name }) => name !== 'kernel_stack',
    );
  }

  for (const [name, parts] of Object.entries(LAYOUTS)) {
    it(`gives what trace-cmd prints: ${name}`, async () => {
      const file = folder.write(composeDat(parts));
      const lines = reportOf(file);
      const { events } = await readDat(file);
      assert.ok(lines.length > 400);
      assert.equal(events.length, lines.length);
      events.forEach((event, i) => {
        assertSame(event, lines[i]!);
      });
    });
  }

  for (const to of [
    ['--file-version', '6'],
    ['--file-version', '7', '--compression', 'none'],
    ['--file-version', '7', '--compression', 'zstd'],
  ]) {
    it(`gives the same when trace-cmd has converted it with ${to.join(' ')}`, async () => {
      // trace-cmd takes the number of CPUs from the option when it converts to v6.
      const cpuCount = Buffer.from([2, 0, 0, 0]);
      const file = folder.write(composeDat({ ...partsOf('7.3', 7), options: [[8, cpuCount]] }));
      const converted = path.join(folder.folder, 'converted.dat');
      execFileSync('trace-cmd', ['convert', '-i', file, '-o', converted, ...to], { stdio: 'ignore' });
      const { events, damage } = await readDat(converted);
      assert.deepEqual(damage, []);
      assert.deepEqual(events, (await readDat(file)).events);
    });
  }
});
