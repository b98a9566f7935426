/** Finds the file that a command names, as execvp(3) does, before anything is armed for it. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import * as path from 'node:path';
import { TraceError } from '../trace-error';

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

function isRunnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * @returns the path as execve gets it: absolute from a PATH search, as written where it has a slash
 * @throws TraceError ENOENT where there is no such file (or directory to run it in), EACCES where it may not be run
 */
export function findCommand(
  command: string,
  cwd: string,
  searchPath = process.env['PATH'] ?? DEFAULT_PATH,
): string {
  if (!existsSync(cwd)) throw new TraceError('ENOENT', `the directory ${cwd} to run ${command} in`);
  if (command.includes('/')) {
    const file = path.resolve(cwd, command);
    if (isRunnable(file)) return command;
    throw existsSync(file)
      ? new TraceError('EACCES', `${command} is not an executable file; chmod +x it`)
      : new TraceError('ENOENT', `${command} (from ${cwd})`);
  }
  // An empty entry of PATH is the current directory.
  const candidates = searchPath
    .split(':')
    .map((directory) => path.join(directory === '' ? '.' : directory, command));
  const found = candidates.find((file) => isRunnable(path.resolve(cwd, file)));
  if (found !== undefined) return found;
  const refused = candidates.find((file) => existsSync(path.resolve(cwd, file)));
  if (refused !== undefined) throw new TraceError('EACCES', `${refused} is not an executable file`);
  throw new TraceError('ENOENT', `${command} is in no directory of PATH (${searchPath})`);
}
