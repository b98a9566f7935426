/** What is handed to execve for a workload's settings: the file, its argument list, directory, environment. */
import { resolve } from 'node:path';
import { TraceError } from '../trace-error';
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

/** @throws TraceError ENOENT, EACCES; WORKLOAD_DENIED for a program that is not among the allowed ones */
export function commandLine(settings: WorkloadSettings): CommandLine {
  const cwd = settings.cwd ?? process.cwd();
  const env: Record<string, string | undefined> = { ...process.env };
  for (const [name, value] of Object.entries(settings.env)) env[name] = value ?? undefined;
  const path = settings.shell ? SHELL : findCommand(settings.command, cwd, env['PATH']);
  if (settings.allowed !== null && !settings.allowed.includes(resolve(cwd, path))) {
    throw new TraceError(
      'WORKLOAD_DENIED',
      `${resolve(cwd, path)} is not one of ${settings.allowed.join(', ')}`,
    );
  }
  const argv = settings.shell
    ? ['sh', '-c', settings.command, 'sh', ...settings.args]
    : [settings.command, ...settings.args];
  return { path, argv, cwd, env };
}
