/** Records a scenario with a session in this process, and keeps the capture too. */
import {
  armSession,
  CaptureWriter,
  DEFAULT_SETTINGS,
  Lifecycle,
  readWorkloadSettings,
  RingBatch,
  type Session,
} from '../../src/index';
import type { Report } from '../../src/model/report';
import type { Recorder } from '../scenarios/scenario';

/** Ends a command that does not end by itself. */
const COMMAND_SECONDS = 30;

/** What is left of a recording, also where the scenario's assertions then fail. */
export interface Kept {
  readonly capture: Buffer[];
  report: Report | null;
  said: readonly string[];
}

/**
 * The kernel's symbols are the same for all sessions of one boot, and an emulated processor takes seconds to sort
 * them: the first session's serve all.
 */
let symbols: Session['context']['symbols'] | null = null;

export function recordWithCapture(kept: Kept): Recorder {
  return async ([command, ...args], onLine, bufferKb = 2048) => {
    const session = await armSession({ ...DEFAULT_SETTINGS, topic: 'scenario', bufferKb });
    symbols ??= session.context.symbols;
    Object.assign(session.context, { symbols });
    try {
      const lifecycle = new Lifecycle({ source: 'raw' });
      const writer = new CaptureWriter(session.context);
      kept.capture.push(writer.head());
      const lines: string[] = [];
      kept.said = lines;
      const batches = session.batches();
      const stdout = (line: string): void => {
        lines.push(line);
        onLine(line);
      };
      const settings = readWorkloadSettings({ command, args, timeLimitSeconds: COMMAND_SECONDS });
      const workload = await session.run(settings, { stdout, stderr: (line) => void lines.push(line) });
      for await (const batch of batches) {
        lifecycle.apply(batch);
        if (batch instanceof RingBatch) kept.capture.push(writer.batch(batch));
      }
      if (session.failure !== null) throw session.failure;
      const end = await workload.ended;
      if (end.timedOut) throw new Error(`${args.join(' ')} did not end; it said ${lines.join(' ')}`);
      const { report } = lifecycle.finish();
      kept.report = report;
      return { report, lines };
    } finally {
      await session.disarm();
    }
  };
}
