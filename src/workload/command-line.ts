/** What is handed to execve for a workload's settings: the file, its argument list, directory, environment. */
import { resolve } from 'node:path';
import { inheritedEnvironment, requireAllowed } from './allowed-command';
import { findCommand } from './find-command';
import type { WorkloadSettings } from './workload';

const SHELL = '/bin/sh';

export interface CommandLine {
  readonly path: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Standard input, output and error of a command whose output is read line by line. */
export const PIPED = ['ignore', 'pipe', 'pipe'] as const;

/** @throws TraceError ENOENT, EACCES; WORKLOAD_DENIED for what an administrator does not allow */
export function commandLine(settings: WorkloadSettings): CommandLine {
  const cwd = settings.cwd ?? process.cwd();
  const env = settings.allowed === null ? { ...process.env } : inheritedEnvironment(process.env);
  for (const [name, value] of Object.entries(settings.env)) env[name] = value ?? undefined;
  const path = settings.shell ? SHELL : findCommand(settings.command, cwd, env['PATH']);
  const argv = settings.shell
    ? ['sh', '-c', settings.command, 'sh', ...settings.args]
    : [settings.command, ...settings.args];
  if (settings.allowed !== null) {
    const { env: added, uid, gid } = settings;
    const asked = { path: resolve(cwd, path), args: argv.slice(1), cwd: resolve(cwd), env: added, uid, gid };
    requireAllowed(settings.allowed, asked);
  }
  return { path, argv, cwd, env };
}
