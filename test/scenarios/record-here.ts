/** Records a scenario with a session in this process, on this machine's kernel. */
import { Lifecycle } from '../../src/model/lifecycle';
import { DEFAULT_SETTINGS } from '../../src/session/session-settings';
import { armSession } from '../../src/session/sessions';
import { readWorkloadSettings } from '../../src/workload/workload-settings';
import type { Recorder } from './scenario';

const MAX_MS = 40_000;

export const recordHere: Recorder = async ([command, ...args], onLine, bufferKb = 2048) => {
  const session = await armSession({ ...DEFAULT_SETTINGS, topic: 'scenario', bufferKb });
  try {
    const lifecycle = new Lifecycle({ source: 'raw' });
    const lines: string[] = [];
    const batches = session.batches();
    const stdout = (line: string): void => {
      lines.push(line);
      onLine(line);
    };
    const settings = readWorkloadSettings({ command, args, timeLimitSeconds: MAX_MS / 1000 });
    const workload = await session.run(settings, { stdout, stderr: (line) => void lines.push(line) });
    for await (const batch of batches) lifecycle.apply(batch);
    if (session.failure !== null) throw session.failure;
    const end = await workload.ended;
    if (end.timedOut) throw new Error(`${args.join(' ')} did not end; it said ${lines.join(' ')}`);
    return { report: lifecycle.finish().report, lines };
  } finally {
    await session.disarm();
  }
};
