import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Report } from '../../src/model/report';
import { needs } from '../harness/requirements';
import { temporaryFolder } from '../harness/temporary-folder';
import { isAlive, ownInstances } from '../live/tracing-state';

const COMMAND = path.join(__dirname, '../../src/cli/ftrace-life.js');

interface Recording {
  readonly process: ChildProcess;
  readonly ended: Promise<{ status: number | null; stdout: string; stderr: string }>;
}

function recording(...args: string[]): Recording {
  const child = spawn(process.execPath, [COMMAND, 'record', '--format', 'json', ...args]);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, ...output }));
  return { process: child, ended };
}

function refusal(...args: string[]): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, [COMMAND, 'record', ...args], { encoding: 'utf8' });
  return { status, stderr };
}

/** Runs until it reads a line, and is then another program. */
const SCRIPT = 'read -r line; exec sleep 60';

describe('ftrace-life record --pid', () => {
  let target: ChildProcess;
  let gone: Promise<unknown>;
  before(async function () {
    await needs(this, { tracefs: true });
  });
  beforeEach(() => {
    target = spawn('sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'] });
    gone = once(target, 'exit');
  });
  afterEach(async () => {
    target.kill('SIGKILL');
    await gone;
  });

  it('tells what happens to processes until they are gone', async () => {
    const other = spawn('sleep', ['60']);
    const { process: recorder, ended } = recording('--pid', String(target.pid), '--pid', String(other.pid));
    await isRecording(recorder);
    target.stdin?.end('go\n');
    other.kill('SIGHUP');
    await isCalled(target.pid!, 'sleep');
    target.kill('SIGTERM');
    const { status, stdout } = await ended;
    assert.equal(status, 0);
    const { processes } = JSON.parse(stdout) as Report;
    assert.deepEqual(
      processes.map(({ pid, role, exit }) => [pid, role, exit?.signal]).sort(),
      [
        [target.pid, 'attached', 'SIGTERM'],
        [other.pid, 'attached', 'SIGHUP'],
      ].sort(),
    );
    assert.ok(
      processes
        .find(({ pid }) => pid === target.pid)
        ?.execs.some(({ path: run }) => /sleep$/.test(run ?? '')),
    );
    assert.deepEqual(ownInstances(recorder.pid), []);
  });

  it('lets them go after --for seconds, and the capture tells the same', async () => {
    const file = path.join(temporaryFolder('attach'), 'life.ftrace');
    const { ended } = recording('--pid', String(target.pid), '--for', '0.5', '-o', file);
    const { status, stdout } = await ended;
    assert.equal(status, 0);
    assert.ok(isAlive(target.pid!));
    const saved = spawnSync(process.execPath, [COMMAND, 'report', file, '--format', 'json'], {
      encoding: 'utf8',
    });
    assert.deepEqual(JSON.parse(saved.stdout), JSON.parse(stdout));
    assert.equal((JSON.parse(stdout) as Report).processes[0]?.attached?.cwd, process.cwd());
  });

  it('lets them go at Ctrl-C, and tells what it saw', async () => {
    const { process: recorder, ended } = recording('--pid', String(target.pid));
    await isRecording(recorder);
    recorder.kill('SIGINT');
    const { status, stdout } = await ended;
    assert.equal(status, 0);
    assert.equal((JSON.parse(stdout) as Report).processes[0]?.state, 'running');
    assert.ok(isAlive(target.pid!));
    assert.deepEqual(ownInstances(recorder.pid), []);
  });

  it('refuses a pid that is not there by its code, and what does not go together as a wrong call', () => {
    const { pid } = spawnSync('true');
    const missing = refusal('--pid', String(pid));
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /PROCESS_MISSING/);
    for (const args of [
      ['--pid', '1', '--', 'true'],
      ['--pid', '1', '--kill', 'SIGKILL@1'],
      ['--pid', '1', '--timeout', '3'],
      ['--pid', 'init'],
      ['--pid', '1', '--for', '0'],
      ['--for', '3', '--', 'true'],
    ]) {
      assert.equal(refusal(...args).status, 2, args.join(' '));
    }
  });
});

/** It follows somebody, and is on: from now on nothing is missed. A new instance is on before it follows. */
async function isRecording(recorder: ChildProcess): Promise<void> {
  await until(() => {
    const name = ownInstances(recorder.pid).find((each) => each.endsWith('-attached'));
    const text = (file: string): string => {
      const full = `/sys/kernel/tracing/instances/${name ?? ''}/${file}`;
      return existsSync(full) ? readFileSync(full, 'utf8') : '';
    };
    return name !== undefined && /^\d+\n\d+\n/.test(text('set_event_pid')) && text('tracing_on') === '1\n';
  });
}

async function isCalled(pid: number, comm: string): Promise<void> {
  await until(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === comm);
}

/** Mocha's own time limit is the deadline. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
