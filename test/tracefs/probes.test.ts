import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ControlFiles } from '../../src/tracefs/control-files';
import { Instance } from '../../src/tracefs/instance';
import { nextSessionNames, startTime } from '../../src/tracefs/owner';
import { chooseFileNames, expectFileNames } from '../../src/tracefs/name-sources';
import { tellsNames, withTrialInstance } from '../../src/tracefs/probe-trial';
import { defineProbe, removeProbes } from '../../src/tracefs/probes';
import { sweepAbandoned } from '../../src/tracefs/sweep';
import { needs } from '../harness/requirements';
import { ownInstances } from '../live/tracing-state';

const TRACEFS = '/sys/kernel/tracing';
const definitions = (): string => readFileSync(path.join(TRACEFS, 'dynamic_events'), 'utf8');

/** A uprobe, which also kernels without kprobes take; nothing has to run into it. */
function define(group: string, event: string): void {
  defineProbe(TRACEFS, `p:${group}/${event} /bin/sh:0x1000`, new ControlFiles());
}

describe('probes', () => {
  before(async function () {
    await needs(this, { tracefs: true });
  });

  it('are removed by their names, also while they are on in an instance, and those of others stay', async () => {
    const names = nextSessionNames();
    const instance = new Instance(TRACEFS, names.tree, new ControlFiles());
    const others = `test_${process.pid}`;
    define(others, 'theirs');
    try {
      define(names.probeGroup, 'one');
      define(names.probeGroup, 'two');
      instance.create('mono', 64);
      instance.enable({ event: `${names.probeGroup}/one` });
      removeProbes(TRACEFS, names.probeGroup, new ControlFiles());
      assert.equal(definitions().includes(names.probeGroup), false);
      assert.ok(definitions().includes(`${others}/theirs`));
    } finally {
      await instance.remove();
      removeProbes(TRACEFS, names.probeGroup, new ControlFiles());
      removeProbes(TRACEFS, others, new ControlFiles());
    }
  });

  it('of a process that is gone are swept, with the instance in which they are on', async () => {
    const sleeper = spawn('sleep', ['60']);
    const owner = `${sleeper.pid ?? 0}-${startTime(sleeper.pid ?? 0) ?? 0}-1`;
    const group = `ftrace_life_${owner.replaceAll('-', '_')}`;
    const instance = new Instance(TRACEFS, `ftrace-life-${owner}-trial`, new ControlFiles());
    define(group, 'open');
    mkdirSync(instance.directory);
    instance.enable({ event: `${group}/open` });
    await sweepAbandoned(TRACEFS);
    assert.ok(definitions().includes(group), 'its owner lives');
    const gone = new Promise((resolve) => sleeper.once('exit', resolve));
    sleeper.kill('SIGKILL');
    await gone;
    const swept = await sweepAbandoned(TRACEFS);
    assert.ok(swept.probeGroups.includes(group));
    assert.equal(definitions().includes(group), false);
    assert.equal(existsSync(instance.directory), false);
  });
});

describe('what is attached to', () => {
  before(async function () {
    await needs(this, { tracefs: true });
  });

  it('is not signalled when the one who attached is gone, and only its instance is swept', async () => {
    const owner = spawn('sleep', ['60']);
    const bystander = spawn('sleep', ['60']);
    const name = `ftrace-life-${owner.pid ?? 0}-${startTime(owner.pid ?? 0) ?? 0}-1-attached`;
    const instance = new Instance(TRACEFS, name, new ControlFiles());
    mkdirSync(instance.directory);
    instance.filterByPid(true);
    instance.follow(bystander.pid ?? 0);
    const gone = new Promise((resolve) => owner.once('exit', resolve));
    owner.kill('SIGKILL');
    await gone;
    const swept = await sweepAbandoned(TRACEFS);
    assert.ok(swept.instances.includes(name));
    assert.equal(swept.killed.includes(bystander.pid ?? 0), false);
    assert.notEqual(startTime(bystander.pid ?? 0), null, 'it lives');
    bystander.kill('SIGKILL');
  });
});

describe('trying whether events tell names', () => {
  before(async function () {
    await needs(this, { tracefs: true });
  });

  const tells = (event: string): Promise<boolean> =>
    withTrialInstance(TRACEFS, nextSessionNames(), (instance) => tellsNames(instance, [{ event }]));

  it('says no where they carry none, and leaves no instance', async () => {
    assert.equal(await tells('syscalls/sys_exit_openat'), false);
    assert.deepEqual(ownInstances(), []);
  });

  it('says yes where the event that our own call fires has the name in quotes', async () => {
    const format = readFileSync(path.join(TRACEFS, 'events/syscalls/sys_enter_openat/format'), 'utf8');
    assert.equal(await tells('syscalls/sys_enter_openat'), format.includes('__filename_val'));
  });

  it('leaves no instance where an event is missing', async () => {
    await assert.rejects(tells('sched/no_such_event'), { code: 'EVENT_UNKNOWN' });
    assert.deepEqual(ownInstances(), []);
  });

  it('ends with a source that this kernel has, tried once', async () => {
    const names = nextSessionNames();
    const { source, probe } = await chooseFileNames(TRACEFS, names);
    assert.equal(probe !== null, source === 'probe');
    assert.deepEqual(expectFileNames(TRACEFS), { source, probe });
    assert.equal(await chooseFileNames(TRACEFS, names), await chooseFileNames(TRACEFS, names));
    assert.deepEqual(ownInstances(), []);
    assert.equal(definitions().includes(names.probeGroup), false);
  });
});
