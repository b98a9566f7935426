/** Narrows what a flow, a message or a command line asks to be run. */
import { InvalidValue, type InvalidCode } from '../trace-error';
import { signalName, signalNumber } from '../kernel/signals';
import type { WorkloadSettings } from './workload';

type Given = Readonly<Record<string, unknown>>;

function absent(given: unknown): given is undefined | null | '' {
  return given === undefined || given === null || given === '';
}

function readArgs(given: unknown): string[] {
  if (absent(given)) return [];
  if (!Array.isArray(given)) throw new InvalidValue('args', 'a list of strings', given);
  return given.map((arg: unknown, i) => {
    if (typeof arg === 'number') return String(arg);
    if (typeof arg !== 'string' || arg.includes('\0')) throw new InvalidValue(`args[${i}]`, 'a string', arg);
    return arg;
  });
}

function readEnv(given: unknown): Record<string, string | null> {
  if (absent(given)) return {};
  if (typeof given !== 'object' || Array.isArray(given))
    throw new InvalidValue('env', 'an object of names and strings', given);
  const env: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!/^[^=\0]+$/.test(name)) throw new InvalidValue('env', 'a name without "="', name);
    if (value !== null && typeof value !== 'string' && typeof value !== 'number') {
      throw new InvalidValue(`env.${name}`, 'a string, or null to remove it', value);
    }
    env[name] = value === null ? null : String(value);
  }
  return env;
}

function readId(place: string, given: unknown): number | null {
  if (absent(given)) return null;
  const id = Number(given);
  if (!Number.isInteger(id) || id < 0) throw new InvalidValue(place, 'a whole number from 0', given);
  return id;
}

/** setTimeout takes 31 bits of milliseconds; a longer wait would fire at once. */
export const MAX_SECONDS = 2_000_000;

function readSeconds(place: string, given: unknown): number {
  const seconds = Number(given);
  if (absent(given) || !(seconds >= 0 && seconds <= MAX_SECONDS))
    throw new InvalidValue(place, `0 to ${MAX_SECONDS} seconds`, given);
  return seconds;
}

function readKill(given: unknown): WorkloadSettings['kill'] {
  if (absent(given)) return null;
  if (typeof given !== 'object') throw new InvalidValue('kill', 'an object { signal, afterSeconds }', given);
  const { signal, afterSeconds } = given as Given;
  return {
    signal: readSignal('kill.signal', signal),
    afterSeconds: readSeconds('kill.afterSeconds', afterSeconds),
  };
}

/** Signals 1 to 31, for a name that is misspelt. */
const NAMES = Array.from({ length: 31 }, (_, index) => signalName(index + 1));

/**
 * `SIGTERM`, `TERM`, `15` or 15 as `SIGTERM`.
 * @throws InvalidValue with the code given
 */
export function readSignal(place: string, given: unknown, code: InvalidCode = 'CONFIG_INVALID'): string {
  const written =
    typeof given === 'number' ? String(given) : typeof given === 'string' ? given.toUpperCase() : '';
  const number = /^\d+$/.test(written) ? Number(written) : signalNumber(written);
  if (number === null || number < 1 || number > 64) {
    throw new InvalidValue(place, 'a signal, such as SIGTERM or 15', given, { code, names: NAMES });
  }
  return signalName(number);
}

/**
 * @param ours what no flow decides: the descriptors to hand on, and what an administrator allows
 * @throws InvalidValue CONFIG_INVALID with the name of the setting
 */
export function readWorkloadSettings(
  given: Given,
  ours: Partial<Pick<WorkloadSettings, 'handOn' | 'allowed'>> = {},
): WorkloadSettings {
  const { command } = given;
  if (typeof command !== 'string' || command === '' || command.includes('\0')) {
    throw new InvalidValue('command', 'the name or the path of a program', command);
  }
  if (!absent(given['cwd']) && typeof given['cwd'] !== 'string')
    throw new InvalidValue('cwd', 'a directory', given['cwd']);
  return {
    command,
    args: readArgs(given['args']),
    shell: given['shell'] === true,
    cwd: absent(given['cwd']) ? null : given['cwd'],
    env: readEnv(given['env']),
    uid: readId('uid', given['uid']),
    gid: readId('gid', given['gid']),
    kill: readKill(given['kill']),
    timeLimitSeconds: absent(given['timeLimitSeconds'])
      ? null
      : readSeconds('timeLimitSeconds', given['timeLimitSeconds']),
    handOn: ours.handOn ?? null,
    allowed: ours.allowed ?? null,
  };
}
