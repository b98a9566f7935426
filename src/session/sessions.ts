/** The sessions of this process, by the topic under which nodes find them. */
import { ControlFiles } from '../tracefs/control-files';
import { nextSessionNames, type SessionNames } from '../tracefs/owner';
import { inspectTracing, requireTracing } from '../tracefs/preflight';
import { sweepAbandoned } from '../tracefs/sweep';
import { armInstances, disarmInstances } from './arming';
import { findProcesses, followThreads } from './attachment';
import { sendSignal } from './own-signals';
import { Session } from './session';
import type { SessionSettings } from './session-settings';
import { SWEEP } from './signal-reasons';

const sessions = new Map<string, Session>();

/**
 * Arms a session: both instances made, filtered, and off. A session under the same topic is ended first.
 * @param partsOnTheWay parts of 8,192 events that may wait between the reading thread and the main one; eight
 * @throws TraceError TRACEFS_MISSING, TRACEFS_DENIED, PID_NAMESPACE, EVENT_UNKNOWN, TRACEFS_WRITE, PROCESS_MISSING
 */
export async function armSession(settings: SessionSettings, partsOnTheWay?: number): Promise<Session> {
  // Before anything is made, or another session ended.
  findProcesses(settings.attach);
  await sessions.get(settings.topic)?.disarm();
  const tracefs = requireTracing(inspectTracing());
  await sweepAbandoned(tracefs, (pid) => {
    sendSignal(pid, 'SIGKILL', SWEEP);
  });
  const names = nextSessionNames(settings.attach.length === 0 ? 'own' : 'attached');
  const armed = await armInstances(new ControlFiles(), tracefs, names, settings);
  let session: Session;
  try {
    session = new Session(settings, armed, names, partsOnTheWay);
  } catch (error) {
    await disarmInstances(armed, names);
    throw error;
  }
  // Another call may have armed under the same topic meanwhile: the later one stays.
  await sessions.get(settings.topic)?.disarm();
  sessions.set(settings.topic, session);
  session.onState((state) => {
    const isOver = state === 'ended' || state === 'failed';
    if (isOver && sessions.get(settings.topic) === session) sessions.delete(settings.topic);
  });
  return session;
}

/** The names that a session would give are not known before it is armed. */
const DRY_NAMES: SessionNames = {
  tree: 'tree',
  signals: 'signals',
  watch: 'watch',
  bell: 'bell',
  trial: 'trial',
  probeGroup: 'names',
};

/** The commands that would arm such a session; nothing is done. */
export async function explainSession(settings: SessionSettings): Promise<string[]> {
  const tracefs = inspectTracing().tracefs ?? '/sys/kernel/tracing';
  const files = new ControlFiles(true);
  const { tree } = await armInstances(files, tracefs, DRY_NAMES, settings);
  followThreads(tree, findProcesses(settings.attach));
  return files.commands;
}

/** Whether a session of this process follows it: what it runs with all descendants, or what it is attached to. */
export function isTraced(pid: number): boolean {
  return [...sessions.values()].some((session) => session.follows(pid));
}

/** The session that is armed under this topic, in this process. */
export function findSession(topic: string): Session | undefined {
  return sessions.get(topic);
}
