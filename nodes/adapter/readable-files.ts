/**
 * Which files a flow may read. A file that a deployed node names was chosen by whoever deploys; one that a message or a
 * dialog names must lie in a folder that the administrator's settings allow (`ftraceLife.readFolders`).
 */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isWithin } from '../../src/index';
import { TraceError, errnoOf } from '../../src/trace-error';
import type { Limits } from './limits';

/** How many deployed nodes name it. */
const named = new Map<string, number>();

/** @returns what to call when the node closes */
export function nameFile(path: string): () => void {
  const file = resolve(path);
  named.set(file, (named.get(file) ?? 0) + 1);
  let isNamed = true;
  return () => {
    if (!isNamed) return;
    isNamed = false;
    const left = (named.get(file) ?? 1) - 1;
    if (left === 0) named.delete(file);
    else named.set(file, left);
  };
}

/**
 * Links are followed first: a link in an allowed folder does not lead out of it.
 * @returns the absolute path to read
 * @throws TraceError FILE_DENIED; TRACE_MISSING for a file that is not there, in a folder that may be read
 */
export async function requireReadable(
  path: string,
  { readFolders }: Pick<Limits, 'readFolders'>,
): Promise<string> {
  const file = resolve(path);
  if (named.has(file)) return file;
  const folders = await Promise.all(
    readFolders.map((folder) => realpath(folder).catch(() => resolve(folder))),
  );
  const denied = (): TraceError =>
    new TraceError(
      'FILE_DENIED',
      `${file} is in none of the folders that messages may choose files from: ${readFolders.join(', ') || 'none'} ` +
        '(ftraceLife.readFolders in settings.js)',
    );
  let real: string;
  try {
    real = await realpath(file);
  } catch (error) {
    // Whether a file exists that may not be read is nobody's business.
    if (![...folders, ...readFolders].some((folder) => isWithin(folder, file))) throw denied();
    throw new TraceError('TRACE_MISSING', `${file}: ${errnoOf(error)}`, { cause: error });
  }
  if (!folders.some((folder) => isWithin(folder, real))) throw denied();
  return real;
}
