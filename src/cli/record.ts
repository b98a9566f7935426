import { setImmediate as nextTurn } from 'node:timers/promises';
import { armSession, type Session } from '../index';
import { TraceError } from '../trace-error';
import { Interruption } from './interruption';
import type { Output } from './output';
import { readRecordRequest } from './record-request';
import { Recording } from './recording';

/** Some 14 MB: they bridge a tenth of a second in which a busy machine does not let us run, while a capture is written. */
const PARTS_ON_THE_WAY = 32;

function ignore(): void {
  // The command has our own descriptors.
}

/** `ftrace-life record -- COMMAND`, `ftrace-life record --pid PID`. */
export async function record(args: string[], out: Output): Promise<number> {
  const request = readRecordRequest(args);
  const interruption = new Interruption();
  let session: Session | null = null;
  let recording: Recording | null = null;
  let timer: NodeJS.Timeout | undefined;
  try {
    session = await armSession(request.session, PARTS_ON_THE_WAY);
    const batches = session.batches();
    recording = new Recording(request, session, out);
    await recording.begin();
    // Arming writes without a pause. A signal that came meanwhile is reported when the event loop has polled again: the
    // first turn may begin after this round's poll.
    await nextTurn();
    await nextTurn();
    interruption.check();
    const followed =
      request.workload === null
        ? await session.attach()
        : await session.run(request.workload, { stdout: ignore, stderr: ignore });
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
