/** The watches of this process, by the topic under which nodes find them. */
import { sendSignal } from '../session/own-signals';
import { SWEEP } from '../session/signal-reasons';
import { ControlFiles } from '../tracefs/control-files';
import { inspectTracing, requireTracing } from '../tracefs/preflight';
import { sweepAbandoned } from '../tracefs/sweep';
import { Watch } from './watch';
import type { WatchSettings } from './watch-settings';

const watches = new Map<string, Watch>();

/**
 * Begins to watch. A watch under the same topic is ended first.
 * @param watchedUntil as for `Watch.start`
 * @throws TraceError TRACEFS_MISSING, TRACEFS_DENIED, PID_NAMESPACE, EVENT_UNKNOWN, TRACEFS_WRITE
 */
export async function startWatch(
  settings: WatchSettings,
  watchedUntil: number | null = null,
): Promise<Watch> {
  const tracefs = requireTracing(inspectTracing());
  await watches.get(settings.topic)?.stop();
  await sweepAbandoned(tracefs, (pid) => {
    sendSignal(pid, 'SIGKILL', SWEEP);
  });
  const watch = new Watch(tracefs, settings);
  await watch.start(watchedUntil);
  // Another call may have begun under the same topic meanwhile: the later one stays.
  await watches.get(settings.topic)?.stop();
  watches.set(settings.topic, watch);
  watch.onState(() => {
    if (watches.get(settings.topic) === watch) watches.delete(settings.topic);
  });
  return watch;
}

/** The commands that would begin such a watch; nothing is done. */
export function explainWatch(settings: WatchSettings): string[] {
  const files = new ControlFiles(true);
  new Watch(inspectTracing().tracefs ?? '/sys/kernel/tracing', settings, files).arm();
  return files.commands;
}

/** The watch under this topic, in this process. */
export function findWatch(topic: string): Watch | undefined {
  return watches.get(topic);
}
