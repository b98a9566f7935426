/** Whom a verdict is about, and how it names them. */
import { processName } from '../words/process-name';
import type { ProcessRecord, Report } from './report';

export type Ended = ProcessRecord & { readonly exit: NonNullable<ProcessRecord['exit']> };

/** So many of a kind are named or described. */
export const MAX_NAMED = 3;

/** Everybody but the traced parent, whose life is not the subject. */
export function subjectsOf({ processes }: Report): ProcessRecord[] {
  const others = processes.filter(({ role }) => role !== 'parent');
  return others.length > 0 ? others : [...processes];
}

/** The command, or what the session was attached to. */
export function isMain({ role }: ProcessRecord): boolean {
  return role === 'workload' || role === 'attached';
}

export function hasExit(process: ProcessRecord): process is Ended {
  return process.exit !== null;
}

/** By a signal; a writer whose reader has read enough ends by SIGPIPE as a matter of course. */
export function isKilled(process: ProcessRecord): process is Ended {
  if (process.exit?.kind !== 'signaled') return false;
  return process.exit.signal !== 'SIGPIPE' || isMain(process);
}

export function isFailure(process: ProcessRecord): process is Ended {
  return process.exit?.kind === 'exited' && isMain(process) && (process.exit.code ?? 0) !== 0;
}

export function titleOf({ comm, pid }: ProcessRecord): string {
  return processName(comm, pid);
}

/** `sh (1), cat (2) and 4 others`. */
export function titles(processes: readonly ProcessRecord[]): string {
  const named = processes.slice(0, processes.length <= MAX_NAMED ? MAX_NAMED : MAX_NAMED - 1).map(titleOf);
  const more = processes.length - named.length;
  const last = more > 0 ? `${more} others` : named.pop()!;
  return named.length === 0 ? last : `${named.join(', ')} and ${last}`;
}

/**
 * In the order of their first, those of one phrase together.
 * @param general what is left of a phrase where several that differ in nothing else are to be together
 */
export function groupedByPhrase<Item>(
  items: readonly Item[],
  phraseOf: (item: Item) => string,
  general = (phrase: string): string => phrase,
): [phrase: string, items: Item[]][] {
  const groups = new Map<string, [phrase: string, items: Item[]]>();
  for (const item of items) {
    const phrase = phraseOf(item);
    const key = general(phrase);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [phrase, [item]]);
    else {
      group[0] = group[0] === phrase ? phrase : key;
      group[1].push(item);
    }
  }
  return [...groups.values()];
}

/** The process that had this pid at a moment. */
export function processAt({ processes }: Report, tgid: number, ts: number): ProcessRecord | null {
  const found = processes.findLast(({ pid, fork }) => pid === tgid && (fork === null || fork.ts <= ts));
  return found ?? null;
}
