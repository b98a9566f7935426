/** Signals to a process that was seen earlier: real processes, and pids that were really given away. */
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { promisify } from 'node:util';
import { readProcessIdentity, signalProcess } from '../../src/workload/process-identity';
import { readProcessStat } from '../../src/workload/process-stat';
import { until } from '../editor/left-behind';
import { needs } from '../harness/requirements';

const run = promisify(execFile);
const everybody = (): boolean => true;

/** Nothing was sent to it: SIGKILL would have been first. */
async function livedOn(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [null, 'SIGTERM']);
}

describe('a process to signal', () => {
  for (const given of [
    undefined,
    null,
    7,
    {},
    { pid: 7 },
    { pid: 7, startTime: null },
    { pid: 7, startTime: '1' },
    { pid: 0, startTime: 1 },
    { pid: -7, startTime: 1 },
    { pid: 1.5, startTime: 1 },
  ]) {
    it(`is not ${JSON.stringify(given)}`, () => {
      assert.throws(() => readProcessIdentity('msg.process', given), { code: 'MESSAGE_INVALID' });
    });
  }
});

describe('a signal to a process that was seen earlier', () => {
  let child: ChildProcess;
  let pid: number;
  let startTime: number;
  beforeEach(async () => {
    child = spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(child, 'spawn');
    pid = child.pid!;
    startTime = readProcessStat(pid)!.startTime;
  });
  afterEach(() => {
    child.kill('SIGKILL');
  });

  it('reaches the same process', async () => {
    const exited = once(child, 'exit');
    assert.equal(signalProcess({ pid, startTime }, 'SIGUSR1', everybody), 'sleep');
    assert.deepEqual(await exited, [null, 'SIGUSR1']);
  });

  it('is refused where the process has another start time', async () => {
    assert.throws(() => signalProcess({ pid, startTime: startTime - 1 }, 'SIGKILL', everybody), {
      code: 'PROCESS_REPLACED',
    });
    await livedOn(child);
  });

  it('is refused where the process is gone', async () => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    assert.throws(() => signalProcess({ pid, startTime }, 'SIGTERM', everybody), { code: 'PROCESS_MISSING' });
  });

  it('is refused where it is not allowed, and nothing is asked about a process that is another', async () => {
    assert.throws(() => signalProcess({ pid, startTime }, 'SIGKILL', () => false), {
      code: 'KILL_DENIED',
      message: /mayKill/,
    });
    const asked: number[] = [];
    assert.throws(() => signalProcess({ pid, startTime: 1 }, 'SIGKILL', (each) => asked.push(each) > 0), {
      code: 'PROCESS_REPLACED',
    });
    assert.deepEqual(asked, []);
    await livedOn(child);
  });

  for (const [whom, other] of [
    ['init', 1],
    ['this process itself', process.pid],
  ] as const) {
    it(`is never sent to ${whom}`, () => {
      const { startTime: started } = readProcessStat(other)!;
      assert.throws(() => signalProcess({ pid: other, startTime: started }, 'SIGURG', everybody), {
        code: 'KILL_DENIED',
      });
    });
  }

  it('is refused to a zombie, which the kernel would let through without effect', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const zombie = Number(line.toString());
    await until(() => readProcessStat(zombie)?.state === 'Z', `${zombie} to be a zombie`);
    const identity = { pid: zombie, startTime: readProcessStat(zombie)!.startTime };
    assert.throws(() => signalProcess(identity, 'SIGTERM', everybody), {
      code: 'PROCESS_MISSING',
      message: /not reaped yet/,
    });
    parent.kill('SIGKILL');
  });

  it('is refused by the kernel to a process of another user', async function () {
    await needs(this, { root: true });
    const module = path.join(__dirname, '../../src/workload/process-identity.js');
    const script = `try { require(${JSON.stringify(module)}).signalProcess({ pid: ${pid}, startTime: ${startTime} }, 'SIGKILL', () => true) }
      catch (error) { console.log(error.code, error.message) }`;
    const { stdout } = await run(process.execPath, ['-e', script], { uid: 65534, gid: 65534 });
    assert.match(stdout, /^KILL_DENIED .*EPERM/);
    await livedOn(child);
  });
});

describe('a pid that was given away', function () {
  this.timeout(30_000);

  /** In a pid namespace of its own, where the next pid can be chosen without anybody outside noticing. */
  const SCRIPT = `
    const { spawn } = require('node:child_process');
    const { once } = require('node:events');
    const { readFileSync, writeFileSync } = require('node:fs');
    const { readProcessStat } = require(process.argv[1] + '/process-stat.js');
    const { signalProcess } = require(process.argv[1] + '/process-identity.js');
    const start = async () => {
      const child = spawn('sleep', ['60'], { stdio: 'ignore' });
      await once(child, 'spawn');
      return child;
    };
    const end = async (child) => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    };
    void (async () => {
      const first = await start();
      const seen = { pid: first.pid, startTime: readProcessStat(first.pid).startTime };
      await end(first);
      let second;
      // Threads take pids too, so the first try may miss.
      for (;;) {
        writeFileSync('/proc/sys/kernel/ns_last_pid', String(seen.pid - 1));
        second = await start();
        const stat = readProcessStat(second.pid);
        if (second.pid === seen.pid && stat.startTime !== seen.startTime) break;
        await end(second);
      }
      let code = 'sent';
      try { signalProcess(seen, 'SIGKILL', () => true) } catch (error) { code = error.code }
      // Whatever was sent before it would have been first.
      const exited = once(second, 'exit');
      second.kill('SIGTERM');
      const [, endedBy] = await exited;
      console.log(JSON.stringify({ code, endedBy, samePid: second.pid === seen.pid }));
    })();`;

  it('is not signalled: the stranger lives on', async function () {
    await needs(this, { root: true });
    const folder = path.join(__dirname, '../../src/workload');
    const args = ['--pid', '--fork', '--mount-proc', process.execPath, '-e', SCRIPT, folder];
    const { stdout } = await run('unshare', args, { timeout: 20_000, killSignal: 'SIGKILL' });
    assert.deepEqual(JSON.parse(stdout), { code: 'PROCESS_REPLACED', endedBy: 'SIGTERM', samePid: true });
  });
});
