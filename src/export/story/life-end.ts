/** How a life ends, and who reaps it. */
import type { ProcessRecord } from '../../model/report';
import { printable } from '../printable';
import type { LifeContext, StoryEntry } from './entry';
import { deathOf, outcomeOf } from './outcome';

export function endEntries(process: ProcessRecord, { names, clock, report }: LifeContext): StoryEntry[] {
  const { exit, reap, state } = process;
  const entries: StoryEntry[] = [];
  if (exit) {
    const what = exit.kind === 'signaled' ? 'death' : 'exit';
    const cause = exit.kind === 'signaled' || exit.cause === '' ? '' : `: ${printable(exit.cause)}`;
    const text = exit.kind === 'signaled' ? deathOf(process) : `${outcomeOf(process)}${cause}`;
    entries.push({ ts: exit.ts, what, text, tone: 'death' });
  }
  if (reap) {
    const zombie = reap.zombieFor === null ? '' : ` after ${clock.span(reap.zombieFor)} as a zombie`;
    const call = reap.call === null ? '' : ` with ${reap.call}`;
    const text = `by ${names.of(reap.by, reap.ts)}${call}${zombie}`;
    entries.push({ ts: reap.ts, what: 'reaped', text, tone: 'birth' });
  } else if (exit && state === 'zombie') {
    const until = report.trace.end;
    const since = until === null ? '' : ` for ${clock.span(until - exit.ts)}, until the trace ends`;
    entries.push({ ts: exit.ts, what: 'zombie', text: `nobody waited for it${since}`, tone: 'death' });
  } else if (exit && state === 'autoreaped') {
    const text = 'by the kernel itself: its parent discards exited children';
    entries.push({ ts: exit.ts, what: 'reaped', text, tone: 'birth' });
  }
  return entries;
}
