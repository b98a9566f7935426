/** How many sessions all nodes may have armed together, and with how much memory (`ftraceLife` in settings.js). */
import { bufferKbOf, type SessionSettings } from '../../src/index';
import { TraceError } from '../../src/trace-error';
import type { Limits } from '../adapter/limits';

const KIB_A_MIB = 1024;

export type SessionQuota = Pick<Limits, 'maxSessions' | 'maxBufferMb'>;

/** By topic: a session that is armed under the topic of another takes its place. */
const armed = new Map<string, { readonly kb: number }>();

/**
 * @returns what to call when the session has ended, or could not be armed
 * @throws TraceError LIMIT_REACHED
 */
export function reserveSession(
  settings: SessionSettings,
  { maxSessions, maxBufferMb }: SessionQuota,
): () => void {
  const { topic } = settings;
  const others = [...armed].filter(([other]) => other !== topic).map(([, { kb }]) => kb);
  if (others.length >= maxSessions) {
    throw new TraceError(
      'LIMIT_REACHED',
      `${others.length} sessions are armed, and ftraceLife.maxSessions in settings.js is ${maxSessions}`,
    );
  }
  const kb = bufferKbOf(settings);
  const taken = others.reduce((sum, one) => sum + one, 0);
  if (taken + kb > maxBufferMb * KIB_A_MIB) {
    const mb = (amount: number): number => Math.ceil(amount / KIB_A_MIB);
    throw new TraceError(
      'LIMIT_REACHED',
      `this session needs ${mb(kb)} MiB of ring buffer and others have ${mb(taken)} MiB; ` +
        `ftraceLife.maxBufferMb in settings.js is ${maxBufferMb}`,
    );
  }
  const place = { kb };
  armed.set(topic, place);
  return () => {
    if (armed.get(topic) === place) armed.delete(topic);
  };
}
