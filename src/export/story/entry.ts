/** One line of a life's story, and the words that all of them share. */
import type { NameSource, ProcessRecord, Report, SignalRecord } from '../../model/report';
import { callTraceLine } from '../call-trace';
import { printable } from '../printable';
import type { StoryClock } from './clock';
import type { StoryNames } from './names';

export type Tone = 'plain' | 'birth' | 'death' | 'signal' | 'quiet';

export interface StoryEntry {
  readonly ts: number;
  /** One word, the left column: `fork`, `exec`, `library`. */
  readonly what: string;
  readonly text: string;
  /** Evidence under it, such as a call trace. */
  readonly evidence?: string;
  readonly tone: Tone;
}

/** What of the report concerns one process, besides its own record. */
export interface LifeContext {
  readonly report: Report;
  readonly names: StoryNames;
  readonly clock: StoryClock;
  /** Those it forked. */
  readonly children: readonly ProcessRecord[];
  /** Those it sent: SIGCHLD at its death, and to processes that are not in the report. */
  readonly sent: readonly SignalRecord[];
}

/** What a list names before it says how many more there are. */
const LISTED = 6;

const SOURCES: Readonly<Record<NameSource, string>> = {
  syscall: 'syscall',
  probe: 'probe',
  'exec-event': 'exec',
  inode: 'inode',
  maps: 'maps',
  proc: 'proc',
};

export function evidence(stack: readonly string[] | undefined): { evidence?: string } {
  return stack && stack.length > 0 ? { evidence: printable(callTraceLine(stack)) } : {};
}

export function pathOf(path: string | null): string {
  return path === null ? '(name unknown)' : printable(path);
}

/** Where names came from: `[probe]`; '' where nothing has a name. */
export function source(named: readonly { readonly nameSource: NameSource | null }[]): string {
  const sources = new Set(
    named.flatMap(({ nameSource }) => (nameSource === null ? [] : [SOURCES[nameSource]])),
  );
  return sources.size === 0 ? '' : `  [${[...sources].join(', ')}]`;
}

/** Each once, the first few; then how many more. */
export function listed(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const shown = [...counts]
    .slice(0, LISTED)
    .map(([name, count]) => (count === 1 ? name : `${name} × ${count}`));
  const rest = counts.size - shown.length;
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
