import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { needs } from '../harness/requirements';
import { temporaryFolder } from '../harness/temporary-folder';
import { ownInstances } from '../live/tracing-state';
import { programNamed, supervise, type Supervisor } from '../watch/supervisor';

const COMMAND = path.join(__dirname, '../../src/cli/ftrace-life.js');
const NAME = `ftc${process.pid}`;

class Watching {
  stdout = '';
  stderr = '';
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [COMMAND, 'watch', ...args]);
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = once(this.child, 'close').then(([status]) => status as number | null);
  }

  /** Until it says that it watches, or prints what matches. */
  async until(wanted: RegExp): Promise<void> {
    while (!wanted.test(this.stdout + this.stderr)) {
      assert.equal(this.child.exitCode, null, this.stderr);
      await Promise.race([once(this.child.stdout!, 'data'), once(this.child.stderr!, 'data'), this.ended]);
    }
  }

  async interrupt(): Promise<number | null> {
    this.child.kill('SIGINT');
    return this.ended;
  }
}

function pidOf(line: string): number {
  return Number(new RegExp(`${NAME} \\((\\d+)\\)`).exec(line)?.[1]);
}

describe('ftrace-life watch', () => {
  let program: string;
  let supervisor: Supervisor;
  before(async function () {
    await needs(this, { tracefs: true, gcc: true });
    program = programNamed(NAME);
  });
  beforeEach(() => {
    supervisor = supervise(program);
  });
  afterEach(async () => {
    await supervisor.end();
  });

  it('prints a line for each death, and a summary at Ctrl-C', async () => {
    const metrics = path.join(temporaryFolder('metrics'), 'watch.prom');
    const watching = new Watching(`name:${NAME}`, '--metrics', metrics);
    await watching.until(/watching/);
    for (const generation of [1, 2]) {
      supervisor.run('wait');
      await watching.until(new RegExp(`started, generation ${generation}`));
      const line = watching.stdout.split('\n').findLast((each) => each.includes('started'))!;
      spawnSync('/bin/kill', ['-9', String(pidOf(line))]);
      await watching.until(new RegExp('→ SIGKILL →.*[^]*'.repeat(generation)));
    }
    assert.equal(await watching.interrupt(), 0);
    const lines = watching.stdout.trimEnd().split('\n');
    assert.equal(lines.length, 4, watching.stdout);
    const [, first, start, second] = lines;
    const user = `(?:, user \\S+)?`;
    assert.match(
      first!,
      new RegExp(
        `^\\d\\d:\\d\\d:\\d\\d\\.\\d{3}  kill \\(\\d+\\)${user}.* → SIGKILL → ${NAME} \\(\\d+\\).*  \\[kill\\]  ended by it$`,
      ),
    );
    assert.match(start!, new RegExp(`${NAME}: ${NAME} \\(\\d+\\) started, generation 2, .* after SIGKILL$`));
    assert.match(second!, /, generation 2 {2}\[kill\] {2}ended by it$/);
    assert.match(watching.stderr, /2 signals, 2 of them fatal; alerts: 2 critical; 0 events lost/);
    assert.match(watching.stderr, new RegExp(`${NAME}: killed 2 times, the last by SIGKILL; restarted once`));
    const text = readFileSync(metrics, 'utf8');
    assert.match(text, /^ftrace_life_deaths_total\{signal="SIGKILL",origin="kill",unit=".*"\} 2$/m);
    assert.match(text, new RegExp(`^ftrace_life_restarts_total\\{service="${NAME}"\\} 1$`, 'm'));
    assert.deepEqual(ownInstances(watching.child.pid), []);
  });

  it('gives records and alerts as JSON, and only alerts where only those are wanted', async () => {
    const all = new Watching(`name:${NAME}`, '--format', 'ndjson');
    const unexpected = new Watching(`name:${NAME}`, '--only', 'unexpected', '--format', 'ndjson');
    const ecs = new Watching(`name:${NAME}`, '--format', 'ecs');
    await Promise.all([all, unexpected, ecs].map((watching) => watching.until(/watching/)));
    supervisor.run('crash');
    await Promise.all([all, unexpected].map((watching) => watching.until(/"type":"alert"/)));
    await ecs.until(/"kind":"alert"/);
    for (const watching of [all, unexpected, ecs]) assert.equal(await watching.interrupt(), 0);
    const typesOf = ({ stdout }: Watching): unknown[] =>
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { type?: unknown }).type);
    assert.deepEqual(typesOf(all), ['start', 'signal', 'exit', 'alert']);
    assert.deepEqual(typesOf(unexpected), ['alert']);
    const document = JSON.parse(ecs.stdout) as {
      process: { name: string };
      ftrace: { signal: { name: string } };
    };
    assert.deepEqual([document.process.name, document.ftrace.signal.name], [NAME, 'SIGSEGV']);
  });

  it('ends by itself after --for', async () => {
    const watching = new Watching(`name:${NAME}`, '--for', '0.2');
    assert.equal(await watching.ended, 0);
    assert.match(watching.stderr, /Watched for .*: 0 signals/);
  });
});
