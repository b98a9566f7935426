/** What is known of a signal while it waits, and what makes two records the same signal. */
import type { SignalRecord } from '../../model/report';

/** The same signal, though its record was copied on its way: nothing sends two of a number at one moment to one thread. */
export function signalKey({ ts, number, target, sender }: SignalRecord): string {
  return `${ts}/${number}/${target.pid}/${sender?.pid ?? ''}`;
}

/** Whether it waited to be delivered; the others were decided in the moment in which they were sent. */
export function wasQueued({ generated, result }: SignalRecord): boolean {
  return generated !== null && !['ignored', 'coalesced', 'overflow'].includes(result);
}

/** The record as it was while the signal waited: whoever reads a record later may find in it what came afterwards. */
export function asPending(signal: SignalRecord): SignalRecord {
  const pending: SignalRecord = {
    ...signal,
    result: signal.result === 'info-lost' ? 'info-lost' : 'pending',
    fatal: false,
    delivered: null,
    latency: null,
  };
  delete pending.coreDumped;
  return pending;
}
