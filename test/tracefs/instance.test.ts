import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ControlFiles } from '../../src/tracefs/control-files';
import { Instance } from '../../src/tracefs/instance';
import { treeEvents } from '../../src/tracefs/presets';
import { TraceError } from '../../src/trace-error';
import { needs } from '../harness/requirements';
import { temporaryFolder } from '../harness/temporary-folder';

const TRACEFS = '/sys/kernel/tracing';

describe('an instance', () => {
  let instance: Instance;
  before(async function () {
    await needs(this, { tracefs: true });
  });
  beforeEach(() => {
    instance = new Instance(TRACEFS, `ftrace-life-test-${process.pid}-instance`, new ControlFiles());
  });
  afterEach(async () => {
    await instance.remove();
    assert.equal(existsSync(instance.directory), false);
  });
  const file = (name: string): string => readFileSync(path.join(instance.directory, name), 'utf8').trim();

  it('is made off, with the clock and the size that were asked for', () => {
    instance.create('mono', 128);
    assert.equal(file('tracing_on'), '0');
    assert.match(file('trace_clock'), /\[mono\]/);
    assert.ok(Number.parseInt(file('buffer_size_kb'), 10) >= 128);
    assert.equal(file('options/disable_on_free'), '1');
  });

  it('lets nobody pass between the filter and the first thread that it follows', () => {
    instance.create('mono', 64);
    instance.filterByPid(true);
    assert.deepEqual(instance.followed(), []);
    assert.notEqual(file('set_event_pid'), '', 'an empty list would let everybody pass');
    instance.follow(process.pid);
    assert.deepEqual(instance.followed(), [process.pid]);
    assert.equal(file('options/event-fork'), '1');
  });

  it('enables an event with its filter and its call trace', () => {
    instance.create('mono', 64);
    instance.enable({ event: 'signal/signal_generate', stack: true, filter: 'sig == 9' });
    assert.equal(file('events/signal/signal_generate/enable'), '1*');
    assert.match(file('events/signal/signal_generate/trigger'), /^stacktrace/m);
    assert.equal(file('events/signal/signal_generate/filter'), 'sig == 9');
  });

  it('does without an optional event, and refuses another by its code', () => {
    instance.create('mono', 64);
    instance.enable({ event: 'sched/no_such_event', optional: true });
    assert.throws(
      () => {
        instance.enable({ event: 'sched/no_such_event' });
      },
      { code: 'EVENT_UNKNOWN' },
    );
  });

  it("passes on the kernel's own words about a filter that it refuses", () => {
    instance.create('mono', 64);
    assert.throws(
      () => {
        instance.enable({ event: 'signal/signal_generate', filter: 'nonsense == 1' });
      },
      (error: unknown) =>
        error instanceof TraceError &&
        error.code === 'TRACEFS_WRITE' &&
        /Field not found/.test(error.message),
    );
  });

  it('is removed twice without harm', async () => {
    instance.create('mono', 64);
    await instance.remove();
    await instance.remove();
  });
});

describe('writes to control files', () => {
  it('are kept as the commands that one would type', () => {
    const folder = temporaryFolder('control');
    const files = new ControlFiles(true);
    files.mkdir(`${folder}/instances/x`);
    files.write(`${folder}/tracing_on`, '0');
    files.append(`${folder}/set_event_pid`, '4994');
    files.write(`${folder}/filter`, "comm == 'a' && x > 1");
    assert.deepEqual(files.commands, [
      `mkdir ${folder}/instances/x`,
      `echo 0 > ${folder}/tracing_on`,
      `echo 4994 >> ${folder}/set_event_pid`,
      `echo 'comm == '\\''a'\\'' && x > 1' > ${folder}/filter`,
    ]);
    assert.equal(existsSync(`${folder}/instances`), false);
  });

  it('fail with a code that tells missing rights from a refusal', () => {
    const files = new ControlFiles();
    const folder = temporaryFolder('control');
    assert.throws(
      () => {
        files.write(`${folder}/no/such/file`, '1');
      },
      { code: 'TRACEFS_WRITE' },
    );
    mkdirSync(`${folder}/made`);
    assert.throws(
      () => {
        files.mkdir(`${folder}/made`);
      },
      { code: 'TRACEFS_WRITE' },
    );
  });
});

describe('the presets', () => {
  const options = { callTraces: true, outsideSignals: true, senderHistory: true };

  it('leave the sending of signals to the second instance where there is one, so that none is recorded twice', () => {
    const names = (outsideSignals: boolean): string[] =>
      treeEvents('lifecycle', { ...options, outsideSignals }).map((choice) => choice.event);
    assert.equal(names(true).includes('signal/signal_generate'), false);
    assert.equal(names(false).includes('signal/signal_generate'), true);
  });

  it('turn on all system calls in one write', () => {
    assert.equal(treeEvents('all', options)[0]?.event, 'syscalls');
  });
});
