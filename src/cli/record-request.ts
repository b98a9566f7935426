/** What `ftrace-life record` was asked for. */
import { parseArgs } from 'node:util';
import { readSignal } from '../index';
import { TraceError } from '../trace-error';
import { oneOf, UsageError } from './usage';

const FORMATS = ['story', 'json', 'ndjson', 'text', 'count'] as const;
type RecordFormat = (typeof FORMATS)[number];

export interface RecordRequest {
  readonly file: string | undefined;
  /** Null: only the capture is wanted. */
  readonly format: RecordFormat | null;
  readonly session: Record<string, unknown>;
  /** Null: processes that run already are followed. */
  readonly workload: Record<string, unknown> | null;
  /** How long those are followed at most. */
  readonly forSeconds: number | null;
}

/** `SIGKILL@0.3`: the signal, and the seconds after which the traced parent sends it. */
function readKill(given: string): { signal: string; afterSeconds: number } {
  const [signal, seconds, more] = given.split('@');
  if (seconds === undefined || seconds === '' || more !== undefined || !(Number(seconds) >= 0)) {
    throw new UsageError(`--kill "${given}": expected SIGNAL@SECONDS, such as SIGKILL@0.3`);
  }
  return { signal: asked(() => readSignal('--kill', signal)), afterSeconds: Number(seconds) };
}

/** What does not fit on a command line is a wrong call, not a failed run. */
export function asked<Setting>(read: () => Setting): Setting {
  try {
    return read();
  } catch (error) {
    if (error instanceof TraceError && error.code === 'CONFIG_INVALID') throw new UsageError(error.message);
    throw error;
  }
}

/** @throws UsageError */
export function readRecordRequest(args: string[]): RecordRequest {
  const dashes = args.indexOf('--');
  const own = dashes < 0 ? args : args.slice(0, dashes);
  const { values, positionals } = parseArgs({
    args: own,
    allowPositionals: true,
    options: {
      output: { type: 'string', short: 'o' },
      events: { type: 'string', default: 'lifecycle' },
      kill: { type: 'string' },
      timeout: { type: 'string' },
      pid: { type: 'string', multiple: true },
      for: { type: 'string' },
      buffer: { type: 'string' },
      format: { type: 'string' },
    },
  });
  const command = dashes < 0 ? positionals : args.slice(dashes + 1);
  const { pid: attach = [] } = values;
  if (attach.length > 0) refuseCommand(command, values);
  else if (values.for !== undefined) throw new UsageError('--for goes with --pid; a COMMAND has --timeout');
  else if (command.length === 0 || (dashes >= 0 && positionals.length > 0)) {
    throw new UsageError('record takes its COMMAND after --');
  }
  const { output: file } = values;
  const format =
    values.format === undefined
      ? file === undefined
        ? 'story'
        : null
      : oneOf('--format', values.format, FORMATS);
  return {
    file,
    format,
    session: { topic: 'record', events: values.events, bufferKb: values.buffer, attach: attach.join(' ') },
    workload:
      attach.length > 0
        ? null
        : {
            command: command[0],
            args: command.slice(1),
            kill: values.kill === undefined ? null : readKill(values.kill),
            timeLimitSeconds: values.timeout,
          },
    forSeconds: values.for === undefined ? null : readSeconds(values.for),
  };
}

/** What is followed is not ours: nothing is run, and nothing is signalled. */
function refuseCommand(command: readonly string[], values: { kill?: string; timeout?: string }): void {
  if (command.length > 0) throw new UsageError('record takes either --pid or a COMMAND');
  for (const option of ['kill', 'timeout'] as const) {
    if (values[option] !== undefined)
      throw new UsageError(`--${option} goes with a COMMAND; what --pid follows is never signalled`);
  }
}

/** Longer, and a timer of Node's would fire at once. */
const MAX_SECONDS = 2_000_000;

export function readSeconds(given: string): number {
  const seconds = Number(given);
  if (given === '' || !(seconds > 0 && seconds <= MAX_SECONDS))
    throw new UsageError(`--for "${given}": expected more than 0 and at most ${MAX_SECONDS} seconds`);
  return seconds;
}
