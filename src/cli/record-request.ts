/** What `ftrace-life record` was asked for. */
import {
  readPids,
  readSessionSettings,
  readSignal,
  readWorkloadSettings,
  type SessionSettings,
  type WorkloadSettings,
} from '../index';
import { InvalidValue, oneOf } from '../trace-error';
import { readArguments, readOption } from './arguments';
import { UsageError } from './usage';

const FORMATS = ['story', 'json', 'ndjson', 'text', 'count'] as const;
type RecordFormat = (typeof FORMATS)[number];

export const RECORD_OPTIONS = {
  output: { type: 'string', short: 'o' },
  events: { type: 'string' },
  kill: { type: 'string' },
  timeout: { type: 'string' },
  pid: { type: 'string', multiple: true },
  for: { type: 'string' },
  buffer: { type: 'string' },
  format: { type: 'string' },
} as const;

/** By the settings' names. */
const WORKLOAD_OPTIONS = {
  command: 'COMMAND',
  timeLimitSeconds: '--timeout',
  'kill.afterSeconds': '--kill',
} as const;

export interface RecordRequest {
  readonly file: string | undefined;
  /** Null: only the capture is wanted. */
  readonly format: RecordFormat | null;
  readonly session: SessionSettings;
  /** Null: processes that run already are followed. */
  readonly workload: WorkloadSettings | null;
  /** How long those are followed at most. */
  readonly forSeconds: number | null;
}

/** @throws UsageError */
export function readRecordRequest(args: string[]): RecordRequest {
  const dashes = args.indexOf('--');
  const own = dashes < 0 ? args : args.slice(0, dashes);
  const { values, positionals } = readOwnArguments(own, dashes < 0);
  const command = dashes < 0 ? positionals : args.slice(dashes + 1);
  const { pid: pids = [], output: file } = values;
  if (pids.length > 0) refuseCommand(command, values);
  else if (values.for !== undefined) throw new UsageError('--for needs --pid; a COMMAND has --timeout');
  else if (command.length === 0) throw new UsageError('record needs a COMMAND, or --pid');
  else if (dashes >= 0 && positionals.length > 0) {
    throw new UsageError(`unexpected argument "${positionals[0]}" before --`);
  }
  const format = values.format === undefined ? null : readFormat(values.format);
  // The command gets our own descriptors; but what we print on standard output must not be torn by it.
  const printsNothing = format === null && file !== undefined;
  const handOn = [0, printsNothing ? 1 : 2, 2] as const;
  return {
    file,
    format: printsNothing ? null : (format ?? 'story'),
    session: readOption({ events: '--events', bufferKb: '--buffer' }, () =>
      readSessionSettings({
        topic: 'record',
        events: values.events,
        bufferKb: values.buffer,
        attach: pids.flatMap((pid) => readOption({}, () => readPids(pid, '--pid'))),
      }),
    ),
    workload:
      pids.length > 0
        ? null
        : readOption(WORKLOAD_OPTIONS, () =>
            readWorkloadSettings(
              {
                command: command[0],
                args: command.slice(1),
                kill: values.kill === undefined ? null : readKill(values.kill),
                timeLimitSeconds: values.timeout,
              },
              { handOn },
            ),
          ),
    forSeconds: values.for === undefined ? null : readSeconds(values.for),
  };
}

/** An option that is not ours may be meant for a COMMAND without `--` before it. */
function readOwnArguments(own: string[], isCommandAmongThem: boolean) {
  try {
    return readArguments(own, RECORD_OPTIONS);
  } catch (error) {
    const command = own.findIndex((arg) => !arg.startsWith('-'));
    if (!isCommandAmongThem || command !== 0 || !(error instanceof UsageError)) throw error;
    throw new UsageError(`${error.message}; put -- before COMMAND to pass it options`);
  }
}

function readFormat(given: string): RecordFormat {
  return readOption({}, () => oneOf('--format', given, FORMATS));
}

/** `SIGKILL@0.3`: the signal, and the seconds after which the traced parent sends it. */
function readKill(given: string): { signal: string; afterSeconds: number } {
  const [signal = '', seconds = '', more] = given.split('@');
  return readOption({}, () => {
    if (seconds === '' || more !== undefined || !(Number(seconds) >= 0)) {
      throw new InvalidValue('--kill', 'SIGNAL@SECONDS, such as SIGKILL@0.3', given);
    }
    return { signal: readSignal('--kill', signal), afterSeconds: Number(seconds) };
  });
}

/** What is followed is not ours: nothing is run, and nothing is signalled. */
function refuseCommand(command: readonly string[], values: { kill?: string; timeout?: string }): void {
  if (command.length > 0) throw new UsageError('record takes either --pid or a COMMAND, not both');
  for (const option of ['kill', 'timeout'] as const) {
    if (values[option] !== undefined)
      throw new UsageError(`--${option} needs a COMMAND; what --pid follows is never signalled`);
  }
}

/** Longer, and a timer of Node's would fire at once. */
const MAX_SECONDS = 2_000_000;

export function readSeconds(given: string): number {
  return readOption({}, () => {
    const seconds = Number(given);
    if (seconds > 0 && seconds <= MAX_SECONDS) return seconds;
    throw new InvalidValue('--for', `more than 0 and at most ${MAX_SECONDS} seconds`, given);
  });
}
