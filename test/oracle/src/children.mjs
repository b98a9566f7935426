// What Node does with processes: spawn and its synchronous kin, from the first thread and from a worker.
import { execSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { setInterval } from 'node:timers';
import { isMainThread, Worker } from 'node:worker_threads';

async function killed(signal) {
  const child = spawn('sh', ['-c', 'trap "exit 8" USR1; echo; while :; do :; done']);
  await once(child.stdout, 'data');
  child.kill(signal);
  await once(child, 'close');
}

async function main() {
  spawnSync('sh', ['-c', 'exit 3']);
  execSync('true | wc -l');
  spawnSync('no-such-program-anywhere');
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGUSR1', 'SIGINT']) await killed(signal);
  await once(new Worker(import.meta.filename), 'exit');
  process.once('SIGUSR2', () => process.exit(9));
  process.kill(process.pid, 'SIGUSR2');
  setInterval(() => undefined, 1000);
}

if (isMainThread) void main();
else spawnSync('sh', ['-c', 'kill -ABRT $$']);
