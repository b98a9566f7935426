/** Narrows what a flow, a message or a command line asks to be run. */
import { TraceError } from '../trace-error';
import { signalName, signalNumber } from '../kernel/signals';
import type { WorkloadSettings } from './workload';

type Given = Readonly<Record<string, unknown>>;

function invalid(place: string, given: unknown, wanted: string): TraceError {
  return new TraceError('CONFIG_INVALID', `${place} is ${JSON.stringify(given)}; it is ${wanted}`);
}

function absent(given: unknown): given is undefined | null | '' {
  return given === undefined || given === null || given === '';
}

function readArgs(given: unknown): string[] {
  if (absent(given)) return [];
  if (!Array.isArray(given)) throw invalid('args', given, 'a list of strings');
  return given.map((arg: unknown, i) => {
    if (typeof arg === 'number') return String(arg);
    if (typeof arg !== 'string' || arg.includes('\0')) throw invalid(`args[${i}]`, arg, 'a string');
    return arg;
  });
}

function readEnv(given: unknown): Record<string, string | null> {
  if (absent(given)) return {};
  if (typeof given !== 'object' || Array.isArray(given))
    throw invalid('env', given, 'an object of names and strings');
  const env: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!/^[^=\0]+$/.test(name)) throw invalid('env', name, 'a name without "="');
    if (value !== null && typeof value !== 'string' && typeof value !== 'number') {
      throw invalid(`env.${name}`, value, 'a string, or null to remove it');
    }
    env[name] = value === null ? null : String(value);
  }
  return env;
}

function readId(place: string, given: unknown): number | null {
  if (absent(given)) return null;
  const id = Number(given);
  if (!Number.isInteger(id) || id < 0) throw invalid(place, given, 'a number, 0 or more');
  return id;
}

function readSeconds(place: string, given: unknown): number {
  const seconds = Number(given);
  // setTimeout takes 31 bits of milliseconds; a longer wait would fire at once.
  if (absent(given) || !(seconds >= 0) || seconds > 2_000_000)
    throw invalid(place, given, 'seconds, 0 to 2000000');
  return seconds;
}

function readKill(given: unknown): WorkloadSettings['kill'] {
  if (absent(given)) return null;
  if (typeof given !== 'object') throw invalid('kill', given, '{ signal, afterSeconds }');
  const { signal, afterSeconds } = given as Given;
  return {
    signal: readSignal('kill.signal', signal),
    afterSeconds: readSeconds('kill.afterSeconds', afterSeconds),
  };
}

/**
 * `SIGTERM`, `TERM`, `15` or 15 as `SIGTERM`.
 * @throws TraceError CONFIG_INVALID
 */
export function readSignal(place: string, given: unknown): string {
  const written =
    typeof given === 'number' ? String(given) : typeof given === 'string' ? given.toUpperCase() : '';
  const number = /^\d+$/.test(written) ? Number(written) : signalNumber(written);
  if (number === null || number < 1 || number > 64) throw invalid(place, given, 'a signal, such as SIGTERM');
  return signalName(number);
}

/**
 * @param ours what no flow decides: the descriptors to hand on, and what an administrator allows
 * @throws TraceError CONFIG_INVALID with the name of the setting
 */
export function readWorkloadSettings(
  given: Given,
  ours: Partial<Pick<WorkloadSettings, 'handOn' | 'allowed'>> = {},
): WorkloadSettings {
  const { command } = given;
  if (typeof command !== 'string' || command === '' || command.includes('\0')) {
    throw invalid('command', command, 'the name or the path of a program');
  }
  if (!absent(given['cwd']) && typeof given['cwd'] !== 'string')
    throw invalid('cwd', given['cwd'], 'a directory');
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
