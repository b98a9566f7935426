import { createHash } from 'node:crypto';
import type { Alert } from '../../model/report';
import type { Loss } from '../../trace-event';

/**
 * The same for the same alert, however often a trace is read: a hash of what, by whom, whom, when and how many.
 *
 * @param loss what an alert about lost events is about: several CPUs may lose some at one moment
 * @returns 16 hexadecimal digits
 */
export function alertId(
  {
    fingerprint,
    process,
    signal,
    first,
    last,
    count,
  }: Pick<Alert, 'fingerprint' | 'process' | 'signal' | 'first' | 'last' | 'count'>,
  loss?: Pick<Loss, 'cpu' | 'count'>,
): string {
  const which = signal === null ? [] : [signal.number, signal.target.pid, signal.sender?.pid];
  const lost = loss === undefined ? [] : [loss.cpu, loss.count];
  const what = [fingerprint, process?.id, first, last, count, ...which, ...lost].map((part) => part ?? '');
  return createHash('sha256').update(what.join('|')).digest('hex').slice(0, 16);
}
