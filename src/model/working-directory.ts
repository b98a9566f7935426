/** What a relative file name is relative to: the working directory, or the directory that a descriptor names. */
import { AT_FDCWD } from './file-names';
import type { Process } from './process';

/**
 * The absolute path where the trace tells what it is relative to; else the path as it was given. `..` stays: after
 * a symbolic link it leads elsewhere than the text says.
 */
export function resolvePath(process: Process, path: string, directoryFd: number | null): string {
  if (path.startsWith('/')) return path;
  const directory =
    directoryFd === null || directoryFd === AT_FDCWD
      ? process.cwd
      : (process.files.get(directoryFd)?.path ?? null);
  if (!directory?.startsWith('/')) {
    process.relativeNames++;
    return path;
  }
  const rest = path.replace(/^(?:\.\/+)+/, '');
  return directory.endsWith('/') ? directory + rest : `${directory}/${rest}`;
}
