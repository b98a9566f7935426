/** What a run must leave as it was: instances, probes, the root instance, descriptors, processes. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

const TRACEFS = '/sys/kernel/tracing';

function textOf(file: string): string {
  return existsSync(path.join(TRACEFS, file)) ? readFileSync(path.join(TRACEFS, file), 'utf8') : '';
}

/**
 * Instances of this process; another test run beside it may have its own. None for a user who may not look into
 * tracefs: who cannot list instances cannot have made one.
 */
export function ownInstances(pid = process.pid): string[] {
  // False without the right to search the folder above; root always may, so that a missing tracefs still throws there.
  if (process.getuid?.() !== 0 && !existsSync(path.join(TRACEFS, 'instances'))) return [];
  return readdirSync(path.join(TRACEFS, 'instances')).filter((name) =>
    name.startsWith(`ftrace-life-${pid}-`),
  );
}

/** Of another process: a probe is of the whole machine, and a test run beside this one may have its own. */
const PROBE_OF_ANOTHER = new RegExp(`:ftrace_life_(?!${process.pid}_)`);

/** The settings of the root instance, which nobody of us may touch. */
export function rootInstance(): Record<string, string> {
  const files = [
    'tracing_on',
    'set_event',
    'set_event_pid',
    'trace_clock',
    'buffer_size_kb',
    'dynamic_events',
    'trace_options',
  ];
  return Object.fromEntries(
    files.map((file) => [
      file,
      textOf(file)
        .split('\n')
        .filter((line) => !PROBE_OF_ANOTHER.test(line))
        .join('\n'),
    ]),
  );
}

/** Open descriptors of this process that lie in tracefs, or are pipes. */
export function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith('/sys/') || target.startsWith('pipe:') ? [target] : [];
    } catch {
      return [];
    }
  });
}

/** Whether a process of this machine has these arguments: a child has its parent's until its exec. */
export function isRunning(...argv: string[]): boolean {
  const wanted = argv.map((argument) => `${argument}\0`).join('');
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8') === wanted;
    } catch {
      return false;
    }
  });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
