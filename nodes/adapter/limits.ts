/**
 * What an administrator lets flows do: `ftraceLife` in settings.js, which no flow can change.
 * docs/permissions.md lists the settings. One that is misspelt or of another type stops the nodes from starting: taken for
 * absent, it would allow what was meant to be forbidden.
 */
import { totalmem } from 'node:os';
import { isAbsolute } from 'node:path';
import { compileRegex } from '../../src/rule-language';
import type { AllowedCommand, AllowedUser, ArgumentPattern } from '../../src/index';
import { InvalidValue, oneOf } from '../../src/trace-error';
import { asError } from './as-error';
import { findUser } from './find-user';

/** Whom `msg.kill` with `msg.process` may signal: nobody, what is run or traced here, or any process. */
export type MayKill = 'none' | 'own' | 'any';
/** Which running processes a session may be attached to: none, or any. */
export type MayAttach = 'none' | 'any';

export interface Limits {
  /** The programs that flows may run; null: any. */
  readonly allowedCommands: readonly AllowedCommand[] | null;
  readonly mayKill: MayKill;
  readonly mayAttach: MayAttach;
  /** A file that a message or a dialog chooses must lie in one of these. A file that a deployed node names may be anywhere. */
  readonly readFolders: readonly string[];
  /** Sessions that are armed at the same time, of all nodes. */
  readonly maxSessions: number;
  /** Their ring buffers together, of all CPUs, in MiB. */
  readonly maxBufferMb: number;
}

const NAMES = [
  'allowedCommands',
  'mayKill',
  'mayAttach',
  'readFolders',
  'maxSessions',
  'maxBufferMb',
] as const satisfies readonly (keyof Limits)[];
const COMMAND_NAMES = ['path', 'args', 'env', 'users', 'folders'] as const;

const MAX_SESSIONS = 16;
/** Of the machine's memory, where no setting says another size. */
const BUFFER_SHARE = 1 / 8;
const MIB = 1024 * 1024;

/**
 * @param given the value of `ftraceLife` in settings.js; undefined where it is absent
 * @param userDir Node-RED's user directory, from which messages may choose files by default
 * @throws InvalidValue CONFIG_INVALID with the place
 */
export function readLimits(given: unknown, userDir: string): Limits {
  const limits = given === undefined ? {} : objectAt('ftraceLife', given, NAMES);
  const { allowedCommands, mayKill, mayAttach, readFolders, maxSessions, maxBufferMb } = limits;
  return {
    allowedCommands:
      allowedCommands === undefined
        ? null
        : listAt('ftraceLife.allowedCommands', allowedCommands, 'a list of commands', readCommand),
    mayKill:
      mayKill === undefined
        ? 'own'
        : oneOf('ftraceLife.mayKill in settings.js', mayKill, ['none', 'own', 'any']),
    mayAttach:
      mayAttach === undefined
        ? 'any'
        : oneOf('ftraceLife.mayAttach in settings.js', mayAttach, ['none', 'any']),
    readFolders:
      readFolders === undefined
        ? [userDir]
        : listAt('ftraceLife.readFolders', readFolders, 'a list of folders', absolutePath),
    maxSessions: maxSessions === undefined ? MAX_SESSIONS : countAt('ftraceLife.maxSessions', maxSessions),
    maxBufferMb:
      maxBufferMb === undefined
        ? Math.floor((totalmem() / MIB) * BUFFER_SHARE)
        : countAt('ftraceLife.maxBufferMb', maxBufferMb),
  };
}

/** A path alone allows any arguments, and nothing else. */
function readCommand(given: unknown, place: string): AllowedCommand {
  if (typeof given === 'string') {
    return { path: absolutePath(given, place), args: null, env: [], users: [], folders: null };
  }
  const { path, args, env, users, folders } = objectAt(place, given, COMMAND_NAMES, 'a path, or an object');
  return {
    path: absolutePath(path, `${place}.path`),
    args:
      args === undefined ? null : listAt(`${place}.args`, args, 'a list of regular expressions', readPattern),
    env: env === undefined ? [] : listAt(`${place}.env`, env, 'a list of names', readName),
    users: users === undefined ? [] : listAt(`${place}.users`, users, 'a list of users', readUser),
    folders:
      folders === undefined ? null : listAt(`${place}.folders`, folders, 'a list of folders', absolutePath),
  };
}

function readPattern(given: unknown, place: string): ArgumentPattern {
  if (typeof given !== 'string') refuse(place, 'a regular expression', given);
  try {
    // By itself first: `a)(b` would be one between the brackets.
    compileRegex(given);
  } catch (thrown) {
    const why = asError(thrown).message.replace(/^[\w ]*: /, '');
    refuse(place, `a regular expression in RE2 syntax (${why})`, given);
  }
  return { source: given, matches: compileRegex(`^(?:${given})$`) };
}

function readName(given: unknown, place: string): string {
  if (typeof given === 'string' && /^[^=\0]+$/.test(given)) return given;
  refuse(place, 'the name of an environment variable', given);
}

function readUser(given: unknown, place: string): AllowedUser {
  const name = typeof given === 'number' ? String(given) : given;
  if (typeof name !== 'string' || name === '') refuse(place, 'a user name, uid or uid:gid', given);
  try {
    return { name, ...findUser(name) };
  } catch (thrown) {
    const why = asError(thrown).message.replace(/^[\w ]*: /, '');
    refuse(place, `a user of this machine (${why})`, given);
  }
}

function absolutePath(given: unknown, place: string): string {
  if (typeof given === 'string' && isAbsolute(given)) return given;
  refuse(place, 'an absolute path', given);
}

function countAt(place: string, given: unknown): number {
  if (typeof given === 'number' && Number.isInteger(given) && given >= 0) return given;
  refuse(place, 'a whole number from 0', given);
}

function listAt<Item>(
  place: string,
  given: unknown,
  expected: string,
  readItem: (item: unknown, place: string) => Item,
): Item[] {
  if (!Array.isArray(given)) refuse(place, expected, given);
  return given.map((item: unknown, index) => readItem(item, `${place}[${index}]`));
}

function objectAt<Name extends string>(
  place: string,
  given: unknown,
  names: readonly Name[],
  expected = 'an object',
): Partial<Record<Name, unknown>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) refuse(place, expected, given);
  for (const name of Object.keys(given)) oneOf(`a key of ${place} in settings.js`, name, names);
  return given;
}

function refuse(place: string, expected: string, found: unknown): never {
  throw new InvalidValue(`${place} in settings.js`, expected, found);
}
