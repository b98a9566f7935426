/**
 * `npm test` after the build: everything in lanes that run side by side, since most of the time of a test is waiting. A
 * lane is a process; its lines are printed as they come, after its name. In the end each lane has a line, and what failed
 * is printed once more.
 *
 * Every folder of tests is in one lane, in the last where no other has it. What may be there once, as the browser, which
 * the first test of it unpacks, is in one lane.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';

const root = path.resolve(fileURLToPath(import.meta.url), '../..');
process.chdir(root);

/** Live tests of this machine's kernel, which mostly wait; all else, which mostly computes. */
const FOLDERS = {
  kernel: ['tracefs', 'workload', 'session', 'scenarios', 'oracle', 'cli', 'stories', 'watch', 'fuzz-lives'],
};

/** Their order is the order in which they are reported. */
function lanes() {
  const all = readdirSync('dist/test').filter((folder) => existsSync(path.join('test', folder)));
  const named = Object.values(FOLDERS).flat();
  for (const folder of named)
    if (!all.includes(folder))
      throw new Error(`no tests are in test/${folder}: ${path.basename(import.meta.url)}`);
  const folders = { ...FOLDERS, others: all.filter((folder) => !named.includes(folder)) };
  const tests = Object.entries(folders).map(([name, inLane]) => ({
    name,
    commands: [['node_modules/mocha/bin/mocha.js', `dist/test/{${inLane.join()}}/**/*.test.js`]],
  }));
  const style = {
    name: 'style',
    commands: [
      ['node_modules/eslint/bin/eslint.js', '.'],
      ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
    ],
  };
  return [style, ...tests];
}

const running = new Set();
/** After a lane's process has ended, until its output has: whoever still holds it then was left behind by a test. */
const OUTPUT_MS = 20_000;

/** @returns the exit status; a signal's is that of a failure */
function run(name, args, lines) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      console.log(`${name.padEnd(6)} | ${line}`);
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      running.delete(child);
      const leftBehind = setTimeout(() => {
        lines.push('a process that was started by a test is left, and holds the output');
        for (const stream of [child.stdout, child.stderr]) stream.destroy();
        resolve(1);
      }, OUTPUT_MS);
      child.on('close', () => {
        clearTimeout(leftBehind);
        if (signal !== null) lines.push(`ended by ${signal}`);
        resolve(code ?? 1);
      });
    });
  });
}

async function runLane({ name, commands }) {
  const began = performance.now();
  const lines = [];
  let status = 0;
  for (const args of commands) status = (await run(name, args, lines)) || status;
  return { name, status, lines, seconds: Math.round((performance.now() - began) / 1000) };
}

/** From mocha's list of failures on; all of it where there is none. */
function failures(lines) {
  const at = lines.findLastIndex((line) => /^ {2}\d+ failing$/.test(line));
  return lines.slice(at < 0 ? -60 : at).join('\n');
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    for (const child of running) child.kill(signal);
  });
}

const results = await Promise.all(lanes().map(runLane));
for (const { name, status, lines } of results)
  if (status !== 0) console.log(`\n${name} failed:\n${failures(lines)}`);
console.log('');
for (const { name, status, lines, seconds } of results) {
  const counts = lines
    .filter((line) => /^ {2}\d+ (passing|pending|failing)/.test(line))
    .map((line) => line.trim());
  console.log(`${name.padEnd(6)} | ${status === 0 ? 'ok' : 'FAILED'} in ${seconds} s  ${counts.join(', ')}`);
}
process.exitCode = results.every(({ status }) => status === 0) ? 0 : 1;
