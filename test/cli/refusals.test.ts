/**
 * What a person reads about an invalid call, and about input that cannot be read: the exact standard error and exit
 * status of each call, in a golden file. GOLDEN=write writes the file again; its diff is read like code.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const GOLDEN = 'test/fixtures/golden/cli-refusals.txt';
const COMMAND = path.join(__dirname, '../../src/cli/ftrace-life.js');
const TRACE = 'test/fixtures/walkthrough.txt';

/** As they are typed; an argument with a space is in quotes. */
const CALLS = [
  '',
  'recrod',
  'nosuch',
  '-x record',
  'help recrod',

  'doctor --xml',
  'doctor --json=yes',
  'doctor here',

  'record',
  'record --',
  'record ""',
  'record -- ""',
  'record ls -l',
  'record now -- true',
  'record --fromat json -- true',
  'record -x -- true',
  'record --format xml -- true',
  'record --format jsn -- true',
  'record --format -- true',
  'record --format= -- true',
  'record --format --buffer 4 -- true',
  'record -o -- true',
  'record --buffer 1 -- true',
  'record --buffer much -- true',
  'record --buffer 2000000 -- true',
  'record --events a;b -- true',
  'record --events , -- true',
  'record --timeout x -- true',
  'record --timeout -1 -- true',
  'record --timeout=-1 -- true',
  'record --timeout 3000000 -- true',
  'record --kill SIGKILL -- true',
  'record --kill SIGKILL@ -- true',
  'record --kill SIGKILL@soon -- true',
  'record --kill SIGKILL@3000000 -- true',
  'record --kill SIGTREM@1 -- true',
  'record --kill 65@1 -- true',
  'record --pid x',
  'record --pid 0',
  'record --pid 4194304',
  'record --pid 1 --pid x',
  'record --pid 1 -- true',
  'record --pid 1 --kill SIGTERM@1',
  'record --pid 1 --timeout 1',
  'record --pid 1 --for 0',
  'record --pid 1 --for never',
  'record --for 1 -- true',

  'watch --only some',
  'watch --format xml',
  'watch --format ecs --only fatal',
  'watch unit:',
  'watch uint:web.service',
  'watch pid:x',
  'watch user:www,',
  'watch --exclude pidfile:web.pid',
  'watch --mute SIGX',
  'watch --for 0',
  'watch --buffer 1',
  'watch --rules nosuch.json',

  'watch pid:x',
  'watch --only deaths host',
  'watch --format ecs --only fatal host',
  'watch --mute SIGFOO host',
  'watch --buffer 1 host',
  'watch --for soon host',
  'watch --exclud pid:1 host',

  'report',
  `report ${TRACE} ${TRACE}`,
  `report ${TRACE} --format pdf`,
  `report ${TRACE} --rule default`,
  'report - --maps maps.txt',
  'report nosuch.txt',
  'report package.json',
  `report ${TRACE} --maps nosuch.txt`,
  `report ${TRACE} --maps package.json`,
  `report ${TRACE} --rules nosuch.json`,
  `report ${TRACE} --rules README.md`,
  `report ${TRACE} --rules package.json`,

  'events',
  `events ${TRACE} again`,
  `events --nope ${TRACE}`,
  `events ${TRACE} --format jsonl`,
  `events ${TRACE} --format trace.dat`,
  `events ${TRACE} -o ${TRACE}`,
  `events ${TRACE} -o /nosuch/life.dat`,
  `events ${TRACE} -o /nosuch/life.txt`,
];

function refusalOf(call: string): Promise<string> {
  const args = call.split(' ').flatMap((arg) => (arg === '' ? [] : [arg === '""' ? '' : arg]));
  const running = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  running.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  running.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    running.on('error', reject);
    running.on('close', (status) => {
      if (call !== '') assert.equal(stdout, '', call);
      resolve(`$ ftrace-life ${call}`.trim() + `\n${stderr}exit status ${String(status)}\n`);
    });
  });
}

describe('a call of ftrace-life that is refused', () => {
  it('says what was typed, what is allowed and where to find help, as the golden file has it', async function () {
    // Each call is a process: a slow machine may take its time.
    this.timeout(600_000);
    const found: string[] = [];
    for (let at = 0; at < CALLS.length; at += 4) {
      found.push(...(await Promise.all(CALLS.slice(at, at + 4).map(refusalOf))));
    }
    const text = found.join('\n');
    if (process.env['GOLDEN'] === 'write') writeFileSync(GOLDEN, text);
    assert.equal(text, readFileSync(GOLDEN, 'utf8'));
  });
});
