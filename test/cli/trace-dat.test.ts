import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { FieldValue, TraceEvent } from '../../src/trace-event';
import { needs } from '../harness/requirements';
import { temporaryFolder } from '../harness/temporary-folder';

const COMMAND = path.join(__dirname, '../../src/cli/ftrace-life.js');
const WALKTHROUGH = path.join(process.cwd(), 'test/fixtures/walkthrough.txt');
const LARGEST_OUTPUT = 1 << 28;
/** `comm-pid [cpu] sec.nsec: event: fields`, as `trace-cmd report -t -R` prints it. */
const REPORT_LINE = /^ *.*-(\d+) +\[(\d+)\] +(\d+\.\d{9}): +(\S+): +(.*)$/;

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, args: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: 40_000,
    killSignal: 'SIGKILL',
    maxBuffer: LARGEST_OUTPUT,
  });
  return { status, stdout, stderr };
}

function ftraceLife(...args: string[]): Outcome {
  return run(process.execPath, [COMMAND, ...args]);
}

function eventsOf({ stdout }: Outcome): TraceEvent[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{"ts"'))
    .map((line) => JSON.parse(line) as TraceEvent);
}

interface ReportedEvent {
  readonly place: string;
  readonly fields: string;
}

/** What trace-cmd reads, without the call traces. */
function reportOf(file: string): ReportedEvent[] {
  const { status, stdout, stderr } = run('trace-cmd', ['report', '-t', '-R', file]);
  assert.equal(status, 0, stderr);
  const events: ReportedEvent[] = [];
  for (const line of stdout.split('\n')) {
    const found = REPORT_LINE.exec(line);
    if (found === null || found[4] === 'kernel_stack') continue;
    const [, pid, cpu, time, name, fields = ''] = found;
    events.push({ place: `${Number(cpu)} ${pid} ${time} ${name}`, fields });
  }
  return events;
}

function placeOf(event: TraceEvent): string {
  return `${event.cpu} ${event.pid} ${event.ts.toFixed(9)} ${event.name}`;
}

/** trace-cmd prints a number in decimal or in hex, with or without `0x`, and in as many bits as the field has. */
function isSame(printed: string, value: FieldValue): boolean {
  if (typeof value === 'string' && !value.startsWith('0x')) return printed === value;
  const wanted = BigInt(value as string | number | boolean);
  const read = [printed, `0x${printed}`].flatMap((text) =>
    /^(-?\d+|0x[0-9a-f]+)$/.test(text) ? [BigInt(text)] : [],
  );
  return read.some(
    (number) => [8, 16, 32, 64].some((bits) => BigInt.asUintN(bits, wanted) === number) || number === wanted,
  );
}

function wrongFields(event: TraceEvent, { fields }: ReportedEvent): string[] {
  return Object.entries(event.fields)
    .filter(([name, value]) => {
      const at = ` ${fields}`.indexOf(` ${name}=`);
      if (at < 0) return true;
      if (Array.isArray(value)) return false;
      const rest = fields.slice(at + name.length + 1);
      const isText = typeof value === 'string' && !value.startsWith('0x');
      return isText ? !rest.startsWith(value) : !isSame(rest.split(' ', 1)[0]!, value);
    })
    .map(([name, value]) => `${placeOf(event)} ${name}=${String(value)}: ${fields}`);
}

function assertSame(reported: readonly ReportedEvent[], events: readonly TraceEvent[]): void {
  assert.deepEqual(
    reported.map(({ place }) => place),
    events.map(placeOf),
  );
  assert.deepEqual(
    events.flatMap((event, i) => wrongFields(event, reported[i]!)),
    [],
  );
}

describe('a trace.dat of ftrace-life, as trace-cmd reads it', function () {
  this.timeout(120_000);
  const folder = temporaryFolder('trace-dat');
  const place = (name: string): string => path.join(folder, name);
  before(async function () {
    await needs(this, { tracefs: true, traceCmd: true });
  });

  for (const events of ['lifecycle', 'all']) {
    it(`has the same events as the session of ${events}: CPU, task, nanosecond, name and fields`, () => {
      const file = place(`${events}.dat`);
      const script = 'for i in 1 2 3 4 5 6; do sh -c "ls / >/dev/null" & done; wait';
      const recorded = ftraceLife(
        'record',
        '-o',
        file,
        '--events',
        events,
        '--format',
        'ndjson',
        '--',
        'sh',
        '-c',
        script,
      );
      assert.equal(recorded.status, 0, recorded.stderr);
      const live = eventsOf(recorded);
      assert.ok(live.length > 1000, recorded.stderr);
      assertSame(reportOf(file), live);
    });
  }

  it('has the same events when a capture is converted, and names in its call traces', () => {
    const capture = place('life.capture');
    const file = place('converted.dat');
    const recorded = ftraceLife(
      'record',
      '-o',
      capture,
      '--format',
      'ndjson',
      '--kill',
      'KILL@0.1',
      '--',
      'sleep',
      '9',
    );
    assert.equal(recorded.status, 0, recorded.stderr);
    assert.equal(ftraceLife('events', capture, '-o', file).status, 0);
    assertSame(reportOf(file), eventsOf(recorded));
    assert.match(run('trace-cmd', ['report', file]).stdout, /<stack trace >\n(=> .*\n)*=> __x64_sys_kill /);
  });

  it('is read again by ourselves: the same events and call traces', () => {
    const file = place('again.dat');
    const recorded = ftraceLife(
      'record',
      '-o',
      file,
      '--format',
      'ndjson',
      '--kill',
      'KILL@0.1',
      '--',
      'sleep',
      '9',
    );
    const told = ({ ts, cpu, pid, name, fields, stack, flags }: TraceEvent): object => {
      return { ts, cpu, pid, name, fields, stack, flags };
    };
    const live = eventsOf(recorded);
    assert.ok(live.some((event) => event.stack?.includes('__x64_sys_kill')));
    assert.deepEqual(eventsOf(ftraceLife('events', file)).map(told), live.map(told));
  });

  it('says where the kernel dropped events', () => {
    const file = place('lost.dat');
    const script = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); kill -0 $$; done';
    const recorded = ftraceLife(
      'record',
      '-o',
      file,
      '--buffer',
      '8',
      '--events',
      'all',
      '--format',
      'count',
      '--',
      'sh',
      '-c',
      script,
    );
    const { lost } = JSON.parse(recorded.stdout) as { lost: number | null };
    assert.notEqual(lost, 0);
    assert.match(run('trace-cmd', ['report', file]).stdout, /^CPU:\d+ \[(\d+ )?EVENTS DROPPED\]/m);
  });

  it('tells the same story as the capture that it was made of, with all that was noted beside the trace', () => {
    const alone = temporaryFolder('story');
    const capture = path.join(alone, 'life.capture');
    const file = path.join(alone, 'life.dat');
    assert.equal(ftraceLife('record', '-o', capture, '--kill', 'SIGTERM@0.1', '--', 'sleep', '5').status, 0);
    assert.equal(ftraceLife('events', capture, '-o', file).status, 0);
    const [ofCapture, ofFile] = [capture, file].map((from) => {
      const { status, stdout, stderr } = ftraceLife('report', from, '--format', 'json');
      assert.equal(status, 0, stderr);
      return JSON.parse(stdout) as { trace: Record<string, unknown> };
    }) as [{ trace: Record<string, unknown> }, { trace: Record<string, unknown> }];
    assert.equal(ofFile.trace['source'], 'trace.dat');
    assert.deepEqual({ ...ofFile, trace: { ...ofFile.trace, source: 'raw' } }, ofCapture);
  }).timeout(60_000);

  it('leaves nothing beside the file', () => {
    const file = path.join(temporaryFolder('alone'), 'alone.dat');
    assert.equal(ftraceLife('record', '-o', file, '--', 'true').status, 0);
    assert.deepEqual(readdirSync(path.dirname(file)), ['alone.dat']);
  });

  it('fails with OUTPUT_FAILED where the disk is full, and leaves nothing beside the file', () => {
    const alone = temporaryFolder('full');
    const file = path.join(alone, 'full.dat');
    symlinkSync('/dev/full', file);
    const { status, stderr } = ftraceLife('record', '-o', file, '--', 'true');
    assert.equal(status, 1);
    assert.match(stderr, /^ftrace-life: OUTPUT_FAILED: .*full\.dat: ENOSPC/m);
    assert.deepEqual(readdirSync(alone), ['full.dat']);
  });
});

describe('ftrace-life events -o FILE.dat', () => {
  const folder = temporaryFolder('no-trace-dat');

  it('refuses text, which has no records, and makes no file', () => {
    const file = path.join(folder, 'text.dat');
    const { status, stderr } = ftraceLife('events', WALKTHROUGH, '-o', file);
    assert.equal(status, 1);
    assert.match(stderr, /^ftrace-life: OUTPUT_FAILED: .*walkthrough\.txt is text/);
    assert.equal(existsSync(file), false);
  });

  it('is a wrong call without -o, and where it would write what it reads', () => {
    assert.equal(ftraceLife('events', WALKTHROUGH, '--format', 'trace.dat').status, 2);
    assert.equal(ftraceLife('events', WALKTHROUGH, '-o', WALKTHROUGH).status, 2);
  });
});
