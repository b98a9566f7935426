import { createHash } from 'node:crypto';
import type { Alert } from '../model/report';

/**
 * The same for the same alert, however often a trace is read: a hash of what, whom, when and how many.
 *
 * @returns 16 hexadecimal digits
 */
export function alertId({
  fingerprint,
  process,
  first,
  last,
  count,
}: Pick<Alert, 'fingerprint' | 'process' | 'first' | 'last' | 'count'>): string {
  const what = [fingerprint, process?.id ?? '', first, last, count].join('|');
  return createHash('sha256').update(what).digest('hex').slice(0, 16);
}
