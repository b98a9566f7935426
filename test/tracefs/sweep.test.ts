import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { abandonedInstance, isAbandonedGroup, nextSessionNames, startTime } from '../../src/tracefs/owner';
import { sweepAbandoned } from '../../src/tracefs/sweep';
import { needs } from '../harness/requirements';
import { isAlive, ownInstances } from '../live/tracing-state';

const TRACEFS = '/sys/kernel/tracing';
const SESSION = path.join(__dirname, '../../src/session/sessions.js');
const SETTINGS = path.join(__dirname, '../../src/session/session-settings.js');
const WORKLOAD = path.join(__dirname, '../../src/workload/workload-settings.js');

/** Arms a session, runs a command in it, says its pid, and waits to be killed. */
const CRASHING = `
const { armSession } = require(${JSON.stringify(SESSION)});
const { DEFAULT_SETTINGS } = require(${JSON.stringify(SETTINGS)});
const { readWorkloadSettings } = require(${JSON.stringify(WORKLOAD)});
const silent = { stdout: () => {}, stderr: () => {} };
armSession({ ...DEFAULT_SETTINGS, bufferKb: 256 })
  .then((session) => session.run(readWorkloadSettings({ command: 'sleep', args: ['300'] }), silent))
  .then((workload) => console.log(workload.pid, workload.parentPid));
setInterval(() => {}, 1000);
`;

describe('what a crash leaves behind', () => {
  before(async function () {
    await needs(this, { tracefs: true });
  });

  it('is swept by the next session: instances, and the processes that ran in them', async () => {
    const crashing = spawn(process.execPath, ['-e', CRASHING], { stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await new Promise<string>((resolve) => {
      crashing.stdout.once('data', (chunk: Buffer) => {
        resolve(chunk.toString());
      });
    });
    const pids = line.trim().split(' ').map(Number);
    assert.equal(ownInstances(crashing.pid).length, 2);
    const gone = new Promise((resolve) => crashing.once('exit', resolve));
    crashing.kill('SIGKILL');
    await gone;
    await sweepAbandoned(TRACEFS);
    assert.deepEqual(ownInstances(crashing.pid), []);
    // SIGKILL takes effect a moment later, and the reaping is init's.
    for (let tries = 0; tries < 100 && pids.some((pid) => startTime(pid) !== null); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.deepEqual(
      pids.filter((pid) => isAlive(pid) && startTime(pid) !== null),
      [],
    );
  });

  it('is all that is swept: instances of others and of a living process stay', async () => {
    const others = ['somebody-else', `ftrace-life-${process.pid}-${startTime(process.pid) ?? 0}-99-tree`];
    for (const name of others) mkdirSync(path.join(TRACEFS, 'instances', name));
    try {
      await sweepAbandoned(TRACEFS);
      const left = readdirSync(path.join(TRACEFS, 'instances'));
      assert.deepEqual(
        others.filter((name) => !left.includes(name)),
        [],
      );
    } finally {
      for (const name of others) rmdirSync(path.join(TRACEFS, 'instances', name));
    }
  });
});

describe('the name of an instance', () => {
  it('tells whether the process that made it is gone', () => {
    const own = nextSessionNames();
    assert.equal(abandonedInstance(own.tree), null);
    assert.equal(isAbandonedGroup(own.probeGroup), false);
    const start = startTime(process.pid) ?? 0;
    // The same pid, started at another time, is another process.
    assert.equal(abandonedInstance(`ftrace-life-${process.pid}-${start - 1}-1-tree`), 'tree');
    assert.equal(abandonedInstance(`ftrace-life-${process.pid}-${start - 1}-1-signals`), 'signals');
    assert.equal(isAbandonedGroup(`ftrace_life_${process.pid}_${start - 1}_1`), true);
  });

  it('is never taken for ours where it is not exactly of our form', () => {
    for (const name of [
      'ftrace-life',
      'ftrace-life-1-2-3',
      'ftrace-life-1-2-3-tree-x',
      'my-ftrace-life-1-2-3-tree',
      'trace',
    ]) {
      assert.equal(abandonedInstance(name), null, name);
    }
  });
});
