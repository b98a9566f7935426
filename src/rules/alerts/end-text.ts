/** What an alert of a rule on the end of a process says. */
import type { Exit, SignalTarget } from '../../model/report';
import { processName } from '../../words/process-name';
import { asSentence, identityOf } from './alert-text';
import { seconds } from './seconds';

/** "worker (812) ended with 3 after it had run for 2 s. It ended too soon", for a rule on the end of a process. */
export function endText(
  target: SignalTarget,
  end: Pick<Exit, 'kind' | 'code' | 'signal' | 'ts'>,
  reason: string,
): string {
  const who = processName(target.comm, Number.parseInt(target.id, 10));
  const { kind, code, signal } = end;
  const how =
    kind === 'signaled'
      ? `was ended by ${signal ?? 'an unknown signal'}`
      : code === null
        ? 'ended'
        : `ended with ${code}`;
  const since = target.role === 'attached' ? NaN : Number(/@(-?[\d.]+)$/.exec(target.id)?.[1] ?? NaN);
  const lived = Number.isNaN(since) ? '' : ` after it had run for ${seconds(Math.max(0, end.ts - since))}`;
  const details = identityOf(target.identity, target.path);
  const text = `${who} ${how}${lived}. ${asSentence(reason)}`;
  return details === '' ? text : `${text}. It is ${details}`;
}
