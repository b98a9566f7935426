/** What the editor saved, and the command that this and a message give. */
import type { NodeMessage } from 'node-red';
import { readWorkloadSettings, type WorkloadSettings } from '../../src/index';
import { InvalidValue } from '../../src/trace-error';
import { findUser } from '../adapter/find-user';
import type { NodeSurface } from '../adapter/node-controller';
import { savedTypedInput, type TypedInput } from '../adapter/typed-input';

export interface WorkloadDef {
  command?: unknown;
  commandType?: unknown;
  args?: unknown;
  appendPayload?: unknown;
  shell?: unknown;
  cwd?: unknown;
  env?: unknown;
  user?: unknown;
  killSignal?: unknown;
  killAfter?: unknown;
  timeLimit?: unknown;
  needsSession?: unknown;
}

export interface WorkloadConfig {
  readonly command: TypedInput;
  readonly appendPayload: boolean;
  readonly needsSession: boolean;
  /** All but the command, which may be in the message, and the user, whose number may change. */
  readonly rest: WorkloadSettings;
  readonly user: string | null;
}

/** The number in a form field; null where it is empty. */
function optionalNumber(given: unknown, place: string): number | null {
  if (given === undefined || given === null || given === '') return null;
  const number = Number(given);
  if (Number.isFinite(number)) return number;
  throw new InvalidValue(place, '0 to 2000000 seconds', given);
}

function optionalText(given: unknown): string | null {
  return typeof given === 'string' && given !== '' ? given : null;
}

/** The editor's list of rows; a row with an empty value removes the variable. */
function readEnvironment(given: unknown): Record<string, string | null> {
  const environment: Record<string, string | null> = {};
  for (const row of Array.isArray(given) ? (given as unknown[]) : []) {
    const { name, value } = row as { name?: unknown; value?: unknown };
    if (typeof name !== 'string' || name === '') continue;
    environment[name] = typeof value === 'string' && value !== '' ? value : null;
  }
  return environment;
}

/** By the workload's own names. */
const NAMES_IN_FORM: Readonly<Record<string, string>> = {
  timeLimitSeconds: 'timeLimit',
  'kill.signal': 'killSignal',
  'kill.afterSeconds': 'killAfter',
};

/** @throws InvalidValue CONFIG_INVALID with the name that the setting has in the node */
function readSettings(given: Readonly<Record<string, unknown>>): WorkloadSettings {
  try {
    return readWorkloadSettings(given);
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    throw error.renamed(NAMES_IN_FORM[error.place] ?? error.place);
  }
}

/** @throws InvalidValue CONFIG_INVALID */
export function readDef(def: WorkloadDef): WorkloadConfig {
  const command = savedTypedInput(def.command, def.commandType);
  if (command.value === '') throw new InvalidValue('command', 'the name or the path of a program', '');
  const killSignal = optionalText(def.killSignal);
  const rest = readSettings({
    command: command.value,
    args: Array.isArray(def.args) ? def.args : [],
    shell: def.shell === true,
    cwd: optionalText(def.cwd),
    env: readEnvironment(def.env),
    kill:
      killSignal === null
        ? null
        : { signal: killSignal, afterSeconds: optionalNumber(def.killAfter, 'killAfter') ?? 0 },
    timeLimitSeconds: optionalNumber(def.timeLimit, 'timeLimit'),
  });
  return {
    command,
    appendPayload: def.appendPayload === true,
    needsSession: def.needsSession === true,
    rest,
    user: optionalText(def.user),
  };
}

/** `msg.payload` as arguments: each element of an array, or the one value. An object is not an argument. */
function payloadArguments(payload: unknown): string[] {
  if (payload === undefined || payload === null || payload === '') return [];
  return (Array.isArray(payload) ? (payload as unknown[]) : [payload]).map((value) => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return String(value);
    const expected = 'a string, a number or a boolean for each argument';
    throw new InvalidValue('msg.payload', expected, value, { code: 'MESSAGE_INVALID' });
  });
}

/** @throws TraceError CONFIG_INVALID, MESSAGE_INVALID */
export async function readCommand(
  surface: Pick<NodeSurface<never>, 'valueOf' | 'limits'>,
  config: WorkloadConfig,
  message: NodeMessage,
): Promise<WorkloadSettings> {
  const command = await surface.valueOf(config.command, message);
  if (typeof command !== 'string' || command === '') {
    const place = `${config.command.type}.${config.command.value}`;
    throw new InvalidValue(place, 'a command', command, { code: 'MESSAGE_INVALID' });
  }
  const appended = config.appendPayload ? payloadArguments(message.payload) : [];
  const user = config.user === null ? {} : findUser(config.user);
  return {
    ...config.rest,
    ...user,
    command,
    args: [...config.rest.args, ...appended],
    allowed: surface.limits.allowedCommands,
  };
}
