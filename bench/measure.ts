import { spawn } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Row } from './table';

/** `ftrace-life` as it was built. */
export const COMMAND: readonly string[] = [
  process.execPath,
  path.join(__dirname, '../src/cli/ftrace-life.js'),
];

const LIMIT_MS = 300_000;
/** How often a program's memory is looked at; the kernel keeps the peak, so only its last growth may be missed. */
const LOOK_MS = 10;
const MAX_OUTPUT = 1 << 20;

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

/** The peak of a process's resident memory in MB, from /proc/PID/status; 0 where it is gone. */
export function peakMemory(pid: number): number {
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

export interface Done {
  readonly seconds: number;
  /** The beginning of its standard output. */
  readonly stdout: string;
  /** Peak resident memory. */
  readonly megabytes: number;
}

/** Runs a command line to its end. Rejects where it failed, with what it said first. */
export function run([file = '', ...args]: readonly string[]): Promise<Done> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        if (output[name].length < MAX_OUTPUT) output[name] += text;
      });
    }
    let megabytes = 0;
    const looking = setInterval(() => {
      megabytes = Math.max(megabytes, peakMemory(child.pid ?? 0));
    }, LOOK_MS);
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearInterval(looking);
      const seconds = (performance.now() - began) / 1000;
      if (status === 0) resolve({ seconds, stdout: output.stdout, megabytes });
      else
        reject(new Error(output.stderr.trim().split('\n')[0] || (signal ?? `exit status ${status ?? '?'}`)));
    });
  });
}

/**
 * Runs a command line once and times it. `read` says what came of it.
 * @param secondsOf the time, where it is not that of the whole command
 */
export async function timed(
  tool: string,
  command: readonly string[],
  read: (done: Done) => string,
  secondsOf: (done: Done) => number = ({ seconds }) => seconds,
): Promise<Row> {
  // On standard error: some of them take minutes, and the table comes when all are through.
  process.stderr.write(`${tool} ...\n`);
  try {
    const done = await run(command);
    return { tool, seconds: secondsOf(done), result: read(done) };
  } catch (error) {
    return { tool, seconds: null, result: error instanceof Error ? error.message : String(error) };
  }
}

/** The same, where the tool is there. */
export async function timedIfInstalled(
  tool: string,
  command: readonly string[],
  read: (done: Done) => string,
): Promise<Row> {
  const program = command[0] ?? '';
  return isInstalled(program)
    ? timed(tool, command, read)
    : { tool, seconds: null, result: `${program} is not installed` };
}
