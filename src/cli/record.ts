import { createWriteStream } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  CaptureWriter,
  Lifecycle,
  RingBatch,
  armSession,
  readSessionSettings,
  readSignal,
  readWorkloadSettings,
  type Session,
  type Workload,
} from '../index';
import { TraceError } from '../trace-error';
import type { EventBatch } from '../trace-event';
import { EventCount } from './event-count';
import { ndjsonOf, textHead, textOf } from './event-formats';
import { Output } from './output';
import { REPORT_FORMATS, writeReport, type ReportFormat } from './report';
import { isTraceDat, TraceDatFile } from './trace-dat-file';
import { oneOf, UsageError } from './usage';

const FORMATS = [...REPORT_FORMATS, 'text', 'count'] as const;
const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type RecordFormat = (typeof FORMATS)[number];

interface Request {
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
    throw new UsageError(`--kill is ${given}; it is SIGNAL@SECONDS, such as SIGKILL@0.3`);
  }
  return { signal: asked(() => readSignal('--kill', signal)), afterSeconds: Number(seconds) };
}

/** What does not fit on a command line is a wrong call, not a failed run. */
function asked<Setting>(read: () => Setting): Setting {
  try {
    return read();
  } catch (error) {
    if (error instanceof TraceError && error.code === 'CONFIG_INVALID') throw new UsageError(error.message);
    throw error;
  }
}

function readRequest(args: string[]): Request {
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
const MOST_SECONDS = 2_000_000;

function readSeconds(given: string): number {
  const seconds = Number(given);
  if (given === '' || !(seconds > 0 && seconds <= MOST_SECONDS))
    throw new UsageError(`--for is ${given}; it is seconds, above 0 and up to ${MOST_SECONDS}`);
  return seconds;
}

/** A file that keeps the recorded events. */
interface Capture {
  take(batch: RingBatch): Promise<void>;
  /** Everything is written when this resolves. */
  end(): Promise<void>;
  close(): Promise<void>;
}

class OwnCapture implements Capture {
  private constructor(
    readonly writer: CaptureWriter,
    readonly output: Output,
  ) {}

  static async open(file: string, session: Session): Promise<OwnCapture> {
    const capture = new OwnCapture(
      new CaptureWriter(session.context),
      new Output(createWriteStream(file), file),
    );
    await capture.output.write(capture.writer.head());
    return capture;
  }

  take(batch: RingBatch): Promise<void> {
    return this.output.write(this.writer.batch(batch));
  }

  end(): Promise<void> {
    return this.output.end();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** What is done with each batch, by what was asked for. */
class Recording {
  readonly count = new EventCount();
  readonly #lifecycle = new Lifecycle({ source: 'raw' });
  #capture: Capture | null = null;
  readonly #tells: boolean;

  constructor(
    readonly request: Request,
    readonly session: Session,
    readonly out: Output,
  ) {
    this.#tells = request.format === 'story' || request.format === 'json';
  }

  async begin(): Promise<void> {
    if (this.request.format === 'text') await this.out.write(textHead());
    const { file } = this.request;
    if (file === undefined) return;
    this.#capture = isTraceDat(file)
      ? await TraceDatFile.open(file)
      : await OwnCapture.open(file, this.session);
  }

  async take(batch: EventBatch): Promise<void> {
    this.count.add(batch);
    if (this.#tells) this.#lifecycle.apply(batch);
    if (this.request.format === 'text') await this.out.write(textOf(batch));
    else if (this.request.format === 'ndjson') await this.out.write(ndjsonOf(batch));
    if (batch instanceof RingBatch) await this.#capture?.take(batch);
  }

  /** Once; also where the run failed, for what was recorded until then. */
  async endCapture(): Promise<void> {
    const capture = this.#capture;
    this.#capture = null;
    try {
      await capture?.end();
    } finally {
      await capture?.close();
    }
  }

  async finish(): Promise<void> {
    await this.endCapture();
    if (this.#tells) {
      await writeReport(this.#lifecycle.finish().report, this.request.format as ReportFormat, this.out, null);
    } else if (this.request.format === 'count') {
      await this.out.write(`${JSON.stringify(this.count)}\n`);
    }
    if (this.request.file !== undefined) {
      process.stderr.write(
        `ftrace-life: ${this.count.events} events in ${this.request.file}, ${this.count.lost ?? '?'} lost\n`,
      );
    }
  }
}

type Stoppable = Pick<Workload, 'stop'>;

/** Ending a command that does not want to end takes a few seconds; until then nothing of it may be left behind. */
const ENDING_MS = 6000;

/**
 * Ctrl-C ends the command, not the account of it; before the command is there, it ends the session. Pressed again,
 * it is meant for us only when all should long be over.
 */
class Interruption {
  signal: NodeJS.Signals | null = null;
  #followed: Stoppable | null = null;
  #patience: NodeJS.Timeout | undefined;

  constructor() {
    for (const signal of INTERRUPTS) process.on(signal, this.#interrupt);
  }

  /** From now on there is a command to end, or processes to let go. */
  watch(followed: Stoppable): void {
    this.#followed = followed;
    if (this.signal !== null) void followed.stop();
  }

  /** @throws TraceError SESSION_ENDED where somebody wants no run any more */
  check(): void {
    if (this.signal !== null)
      throw new TraceError('SESSION_ENDED', `${this.signal} came before the command was run`);
  }

  restore(): void {
    clearTimeout(this.#patience);
    for (const signal of INTERRUPTS) process.off(signal, this.#interrupt);
  }

  readonly #interrupt = (signal: NodeJS.Signals): void => {
    if (this.signal !== null) return;
    this.signal = signal;
    void this.#followed?.stop();
    this.#patience = setTimeout(() => {
      this.restore();
    }, ENDING_MS);
  };
}

function ignore(): void {
  // The command has our own descriptors.
}

/** `ftrace-life record -- COMMAND`, `ftrace-life record --pid PID`. */
export async function record(args: string[], out: Output): Promise<number> {
  const request = readRequest(args);
  // The command gets our own descriptors; but what we print on standard output must not be torn by it.
  const handOn = [0, request.format === null ? 1 : 2, 2] as const;
  const { workload: asWorkload } = request;
  const workloadSettings =
    asWorkload === null ? null : asked(() => readWorkloadSettings(asWorkload, { handOn }));
  const sessionSettings = asked(() => readSessionSettings(request.session));
  const interruption = new Interruption();
  let session: Session | null = null;
  let recording: Recording | null = null;
  let timer: NodeJS.Timeout | undefined;
  try {
    session = await armSession(sessionSettings);
    const batches = session.batches();
    recording = new Recording(request, session, out);
    await recording.begin();
    // Arming writes without a pause; a signal that came meanwhile is told of in the next turn.
    await nextTurn();
    interruption.check();
    const followed =
      workloadSettings === null
        ? await session.attach()
        : await session.run(workloadSettings, { stdout: ignore, stderr: ignore });
    interruption.watch(followed);
    if (request.forSeconds !== null) {
      timer = setTimeout(() => void followed.stop(), request.forSeconds * 1000);
    }
    for await (const batch of batches) {
      await recording.take(batch);
      if (!out.isUnread) continue;
      if (request.file === undefined) break;
      void followed.stop();
    }
    await session.disarm();
    if (session.failure !== null) throw session.failure;
    await recording.finish();
    return 0;
  } catch (error) {
    await session?.disarm();
    // That the run failed is what counts, not that its capture may be cut too.
    await recording?.endCapture().catch(() => undefined);
    throw error instanceof TraceError
      ? error
      : new TraceError('SESSION_ENDED', String(error), { cause: error });
  } finally {
    clearTimeout(timer);
    interruption.restore();
  }
}
