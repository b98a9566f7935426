import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from './temporary-folder';

function runMocha(test: string, env: Record<string, string> = {}): { status: number | null; text: string } {
  const file = path.join(temporaryFolder('watchdog'), 'some.test.js');
  writeFileSync(file, test);
  const mocha = path.resolve('node_modules/mocha/bin/mocha.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [mocha, file], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, text: `${stdout}${stderr}` };
}

describe('a run of the tests', function () {
  // Each starts a Node of its own.
  this.timeout(60_000);

  it('says what is open when it does not come to its end', () => {
    const { status, text } = runMocha(
      `it('leaves a child', () => { require('node:child_process').spawn('sleep', ['30']); });`,
      { FTRACE_LIFE_TEST_END_MS: '300' },
    );
    assert.equal(status, 1);
    assert.match(text, /all tests ended, but the process did not within 300 ms/);
    assert.match(text, /last running: leaves a child/);
    assert.match(text, /child process \d+: sleep/);
  });

  it('says which test is running when its time has passed', () => {
    const { status, text } = runMocha(
      `it('never ends', function (done) { this.timeout(0); setInterval(() => {}, 1000); });`,
      { FTRACE_LIFE_TEST_RUN_MS: '1500' },
    );
    assert.equal(status, 1);
    assert.match(text, /last running: never ends/);
  });

  it('is refused with a test that is the only one', () => {
    const { status, text } = runMocha(`it.only('alone', () => {}); it('forgotten', () => {});`);
    assert.notEqual(status, 0);
    assert.match(text, /\.only.*forbidden/i);
  });
});
