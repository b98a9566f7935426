/** What is handed to execve for a workload's settings: the file, its argument list, directory, environment. */
import { findCommand } from './find-command';
import type { WorkloadSettings } from './workload';

export interface CommandLine {
  readonly path: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** @throws TraceError ENOENT, EACCES */
export function commandLine(settings: WorkloadSettings): CommandLine {
  const cwd = settings.cwd ?? process.cwd();
  const env: Record<string, string | undefined> = { ...process.env };
  for (const [name, value] of Object.entries(settings.env)) env[name] = value ?? undefined;
  if (settings.shell)
    return { path: '/bin/sh', argv: ['sh', '-c', settings.command, 'sh', ...settings.args], cwd, env };
  return {
    path: findCommand(settings.command, cwd, env['PATH']),
    argv: [settings.command, ...settings.args],
    cwd,
    env,
  };
}
