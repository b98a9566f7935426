import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Inbox, withDeadline } from '../harness/deadline';
import { temporaryFolder } from '../harness/temporary-folder';

interface Started {
  readonly process: ChildProcess;
  readonly lines: Inbox<string>;
  readonly url: string;
}

/** As `npm start` does it after the build, in a user directory of the test, on a port that the system picks. */
async function start(userDir: string): Promise<Started> {
  const child = spawn(process.execPath, ['scripts/start.mjs', '--user-dir', userDir], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = new Inbox<string>();
  let rest = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) lines.push(line);
  });
  child.on('close', () => {
    lines.end(new Error('npm start ended'));
  });
  const open = await lines.first((line) => line.startsWith('Open '), 60_000, 'the address');
  await lines.first((line) => line.startsWith('End '), 5000, 'the end of the guide');
  return { process: child, lines, url: open.slice('Open'.length).trim() };
}

async function stop({ process: child }: Started): Promise<number> {
  const closed = once(child, 'close');
  child.kill('SIGINT');
  const [code] = (await withDeadline(closed, 25_000, 'npm start to end after Ctrl-C')) as [number];
  return code;
}

describe('npm start', function () {
  this.timeout(180_000);
  const userDir = temporaryFolder('start');
  let started: Started | undefined;
  afterEach(async () => {
    if (started !== undefined) await stop(started);
    started = undefined;
  });

  it('opens the lifecycle flow, says why it is live or recorded, and names a button that is there', async () => {
    started = await start(userDir);
    const said = started.lines.received.join('\n');
    assert.match(said, /^Flow .*: it (traces this machine|replays a recorded trace)$/m);
    assert.match(said, /^Why +this machine can(not)? be traced.*\n +\S/m);
    const named = /^Press +the button at the left of "([^"]+)"/m.exec(said)?.[1];
    const { flows } = (await (
      await fetch(new URL('flows', started.url), { headers: { 'Node-RED-API-Version': 'v2' } })
    ).json()) as { flows: { type: string; name?: string }[] };
    assert.ok(flows.some(({ type, name }) => type === 'inject' && name === named));
    assert.ok(flows.some(({ type }) => type === 'lifecycle-parse'));
    assert.ok(!said.includes('Waiting for missing types'));
  });

  it('ends cleanly on Ctrl-C, and its port is free', async () => {
    const { url } = (started = await start(userDir));
    const code = await stop(started);
    started = undefined;
    assert.equal(code, 0);
    await assert.rejects(fetch(url));
  });

  it('keeps the flows that a user has', async () => {
    const file = path.join(userDir, 'flows.json');
    assert.ok(existsSync(file));
    const own = [{ id: 'mine', type: 'tab', label: 'mine' }];
    writeFileSync(file, JSON.stringify(own));
    started = await start(userDir);
    assert.match(started.lines.received.join('\n'), /^Flow +yours, /m);
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), own);
  });
});
