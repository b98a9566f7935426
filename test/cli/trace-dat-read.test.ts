/** `ftrace-life` on a trace.dat that trace-cmd recorded, and on one that was made of a capture. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Report } from '../../src/model/report';
import { CaptureWriter } from '../../src/readers/capture/capture-writer';
import type { TraceEvent } from '../../src/trace-event';
import { contextOf, readerOf } from '../readers/raw-run';
import { DatFolder } from '../readers/read-dat';

const COMMAND = path.join(__dirname, '../../src/cli/ftrace-life.js');
const RECORDED = path.join(process.cwd(), 'test/fixtures/trace-dat');

function ftraceLife(
  args: readonly string[],
  input?: Buffer,
): { stdout: string; stderr: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [COMMAND, ...args], {
    encoding: 'utf8',
    timeout: 50_000,
    maxBuffer: 1 << 26,
    input,
  });
  return { stdout, stderr, status };
}

function eventsOf(file: string): TraceEvent[] {
  const { stdout, stderr } = ftraceLife(['events', file]);
  assert.equal(stderr, '');
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{"ts"'))
    .map((line) => JSON.parse(line) as TraceEvent);
}

describe('ftrace-life on a trace.dat', () => {
  const folder = new DatFolder();
  after(() => {
    folder.remove();
  });

  it('counts its events', () => {
    const file = folder.unpack(path.join(RECORDED, 'v6-instances.dat.gz'));
    const { stdout } = ftraceLife(['events', file, '--format', 'count']);
    assert.deepEqual(JSON.parse(stdout), { events: 481, lost: 0, unexplained: 0 });
  });

  it('tells its lives, and where they were read from', () => {
    const file = folder.unpack(path.join(RECORDED, 'v7-zstd-instances.dat.gz'));
    const report = JSON.parse(ftraceLife(['report', file, '--format', 'json']).stdout) as Report;
    assert.equal(report.trace.source, 'trace.dat');
    assert.equal(report.trace.kernel, '6.12.117+deb12-cloud-amd64');
    assert.equal(report.trace.events, 444);
    const terminated = report.signals.find(({ signal }) => signal === 'SIGTERM');
    assert.ok(terminated !== undefined);
  });

  it('refuses it on standard input, and says what to do', () => {
    const file = folder.unpack(path.join(RECORDED, 'v7-instances.dat.gz'));
    const { stderr, status } = ftraceLife(['events', '-'], readFileSync(file));
    assert.equal(status, 1);
    assert.match(stderr, /TRACE_FORMAT.*cannot be read from a pipe; give the name of the file/);
  });

  it('reads what it made of a capture itself', () => {
    const context = contextOf('7.3');
    const writer = new CaptureWriter(context);
    const batch = readerOf('7.3', '', context).flush(null);
    const capture = folder.write(Buffer.concat([writer.head(), writer.batch(batch)]), 'run.capture');
    const made = path.join(folder.folder, 'made.dat');
    assert.equal(ftraceLife(['events', capture, '-o', made]).status, 0);
    const plain = (event: TraceEvent): object => ({ ...event, tgid: null });
    assert.deepEqual(eventsOf(made).map(plain), eventsOf(capture).map(plain));
  });
});
