import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { Row } from './table';

/** `ftrace-life` as it was built. */
export const COMMAND: readonly string[] = [
  process.execPath,
  path.join(__dirname, '../src/cli/ftrace-life.js'),
];

const LIMIT_MS = 300_000;

export function isInstalled(tool: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((directory) => {
    try {
      accessSync(path.join(directory, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Runs a command line once and times it. `read` says what came of it. */
export function timed(
  tool: string,
  command: readonly string[],
  read: (done: SpawnSyncReturns<string>) => string,
): Row {
  const [file = '', ...args] = command;
  const began = performance.now();
  const done = spawnSync(file, args, { encoding: 'utf8', timeout: LIMIT_MS, maxBuffer: 1 << 28 });
  const seconds = (performance.now() - began) / 1000;
  if (done.error !== undefined || done.status !== 0) {
    return {
      tool,
      seconds: null,
      result:
        done.error?.message ?? (done.stderr.trim().split('\n')[0] || `exit status ${done.status ?? '?'}`),
    };
  }
  return { tool, seconds, result: read(done) };
}

/** The same, where the tool is there. */
export function timedIfInstalled(
  tool: string,
  command: readonly string[],
  read: (done: SpawnSyncReturns<string>) => string,
): Row {
  const program = command[0] ?? '';
  return isInstalled(program)
    ? timed(tool, command, read)
    : { tool, seconds: null, result: `${program} is not installed` };
}
