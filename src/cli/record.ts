import { setImmediate as nextTurn } from 'node:timers/promises';
import { armSession, readSessionSettings, readWorkloadSettings, type Session } from '../index';
import { TraceError } from '../trace-error';
import { Interruption } from './interruption';
import type { Output } from './output';
import { asked, readRecordRequest } from './record-request';
import { Recording } from './recording';

/** Some 14 MB: they bridge a tenth of a second in which a busy machine does not let us run, while a capture is written. */
const PARTS_ON_THE_WAY = 32;

function ignore(): void {
  // The command has our own descriptors.
}

/** `ftrace-life record -- COMMAND`, `ftrace-life record --pid PID`. */
export async function record(args: string[], out: Output): Promise<number> {
  const request = readRecordRequest(args);
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
    session = await armSession(sessionSettings, PARTS_ON_THE_WAY);
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
