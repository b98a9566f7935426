/**
 * Writes to tracefs, each kept as the shell command that one would type, so that a user can see what was done
 * and do it by hand.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  writeSync,
  constants,
} from 'node:fs';
import * as path from 'node:path';
import { errnoOf, TraceError } from '../trace-error';

export class ControlFiles {
  /** `echo 1 > .../tracing_on`, in order. */
  readonly commands: string[] = [];

  readonly dryRun: boolean;

  /** @param dryRun only say what would be written */
  constructor(dryRun = false) {
    this.dryRun = dryRun;
  }

  /** Truncates and writes, as `echo VALUE > FILE`. */
  write(file: string, value: string): void {
    this.commands.push(`echo ${quote(value)} > ${file}`);
    if (!this.dryRun) put(file, value, constants.O_TRUNC);
  }

  /**
   * Appends, as `echo VALUE >> FILE`. For set_event_pid and the probe files: there O_TRUNC clears the list, and
   * without a list every process is traced.
   */
  append(file: string, value: string): void {
    this.commands.push(`echo ${quote(value)} >> ${file}`);
    if (!this.dryRun) put(file, value, constants.O_APPEND);
  }

  /** Truncates, as `: > FILE`: takes all triggers of an event away. */
  clear(file: string): void {
    this.commands.push(`: > ${file}`);
    if (this.dryRun) return;
    try {
      closeSync(openSync(file, constants.O_WRONLY | constants.O_TRUNC));
    } catch (error) {
      throw refused(`: > ${file}`, error);
    }
  }

  mkdir(directory: string): void {
    this.commands.push(`mkdir ${directory}`);
    if (this.dryRun) return;
    try {
      mkdirSync(directory);
    } catch (error) {
      throw refused(`mkdir ${directory}`, error);
    }
  }

  /** EBUSY while any file of the instance is open: readers close first. */
  rmdir(directory: string): void {
    this.commands.push(`rmdir ${directory}`);
    if (!this.dryRun) rmdirSync(directory);
  }
}

function put(file: string, value: string, how: number): void {
  let fd: number;
  try {
    fd = openSync(file, constants.O_WRONLY | how);
  } catch (error) {
    throw refused(`open ${file}`, error);
  }
  try {
    writeSync(fd, `${value}\n`);
  } catch (error) {
    throw refused(`echo ${quote(value)} > ${file}`, error, lastErrorLog(file));
  } finally {
    closeSync(fd);
  }
}

function refused(what: string, error: unknown, log = ''): TraceError {
  const errno = errnoOf(error);
  const denied = errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS';
  const said = error instanceof Error ? error.message : String(error);
  const detail = denied
    ? `${what} as uid ${process.getuid?.() ?? '?'} (${errno}); run as root, or see "Permissions" in the README`
    : `${what}: ${errno === '' ? said : errno}${log}`;
  return new TraceError(denied ? 'TRACEFS_DENIED' : 'TRACEFS_WRITE', detail, { cause: error });
}

/** The kernel explains a refused filter, trigger or probe in `error_log`, of the instance or of the root. */
function lastErrorLog(file: string): string {
  for (let directory = path.dirname(file); directory.length > 4; directory = path.dirname(directory)) {
    const log = path.join(directory, 'error_log');
    if (!existsSync(log)) continue;
    try {
      const entries = readFileSync(log, 'utf8')
        .trimEnd()
        .split(/\n(?=\[)/);
      return `; the kernel says: ${entries[entries.length - 1]!.replace(/\s+/g, ' ')}`;
    } catch {
      return '';
    }
  }
  return '';
}

function quote(value: string): string {
  return /^[\w.,:+/@%-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
