/** What an administrator lets flows run: programs, and what about each of them a flow may choose. */
import { isAbsolute, relative, resolve } from 'node:path';
import { TraceError } from '../trace-error';

export interface AllowedCommand {
  /** Absolute; `/bin/sh` is what runs a command that is a shell line. */
  readonly path: string;
  /** Each argument must match one of them, whole; null: any arguments. */
  readonly args: readonly ArgumentPattern[] | null;
  /** The environment variables that a flow may set. */
  readonly env: readonly string[];
  /** As whom else than ourselves a flow may run it. */
  readonly users: readonly AllowedUser[];
  /** The working directory must be one of these or below one; null: any. */
  readonly folders: readonly string[] | null;
}

export interface ArgumentPattern {
  readonly source: string;
  readonly matches: (argument: string) => boolean;
}

export interface AllowedUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** What is about to be run. */
export interface AskedCommand {
  /** Absolute. */
  readonly path: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | null>>;
  readonly uid: number | null;
  readonly gid: number | null;
}

/**
 * Of our own environment only these reach a command that an administrator allows: none of them makes the loader, a shell
 * or an interpreter run code.
 */
const INHERITED = /^(?:PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TZ|TERM|TMPDIR)$/;

export function inheritedEnvironment(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(own).filter(([name]) => INHERITED.test(name)));
}

/** @throws TraceError WORKLOAD_DENIED with what is not allowed, and what is */
export function requireAllowed(allowed: readonly AllowedCommand[], asked: AskedCommand): void {
  const deny = (what: string): never => {
    throw new TraceError('WORKLOAD_DENIED', what);
  };
  const rows = allowed.filter(({ path }) => path === asked.path);
  if (rows.length === 0) {
    const paths = [...new Set(allowed.map(({ path }) => path))].join(', ');
    deny(`${asked.path} is not one of ${paths === '' ? 'none' : paths}`);
  }
  // Of several rows for one program, one must allow all of it; what is wrong is said of the last.
  const reasons = rows.map((row) => whyNot(row, asked));
  if (!reasons.includes(null)) deny(reasons.at(-1)!);
}

/** Null where the row allows it. */
function whyNot({ path, args, env, users, folders }: AllowedCommand, asked: AskedCommand): string | null {
  if (args !== null) {
    const at = asked.args.findIndex((argument) => !args.some(({ matches }) => matches(argument)));
    if (at >= 0) {
      const patterns = args.map(({ source }) => source).join(', ');
      const expected = patterns === '' ? 'it takes no arguments' : `its arguments match ${patterns}`;
      return `argument ${at + 1} of ${path} is ${JSON.stringify(asked.args[at])}; ${expected}`;
    }
  }
  const variable = Object.keys(asked.env).find((name) => !env.includes(name));
  if (variable !== undefined) {
    const names = env.length === 0 ? 'none' : env.join(', ');
    return `${path} may not have the environment variable ${variable}; allowed: ${names}`;
  }
  const { uid, gid } = asked;
  if ((uid !== null || gid !== null) && !users.some((user) => user.uid === uid && user.gid === gid)) {
    const names = users.length === 0 ? 'none' : users.map(({ name }) => name).join(', ');
    return `${path} may not run as ${uid ?? 'this user'}:${gid ?? 'this group'}; allowed users: ${names}`;
  }
  if (folders !== null && !folders.some((folder) => isWithin(folder, asked.cwd)))
    return `${path} may not run in ${asked.cwd}; allowed folders: ${folders.join(', ')}`;
  return null;
}

/** Whether a path is a folder or below it, as the two are written. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way === '' || (way !== '..' && !way.startsWith('../') && !isAbsolute(way));
}
