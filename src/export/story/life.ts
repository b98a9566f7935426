/**
 * One process's life as the lines of a story, in time order. Each moment of the record becomes an entry; entries
 * that follow one another and say the same (opened files, failed attempts at exec, a signal again and again)
 * become one, so that a shell script reads in under a screen.
 */
import type { ProcessRecord } from '../../model/report';
import type { LifeContext, StoryEntry } from './entry';
import { endEntries } from './life-end';
import { fileEntries, libraryEntries } from './life-files';
import { birthEntries, childEntries, programEntries, renameEntries, threadEntries } from './life-programs';
import { receivedEntries, sentEntries } from './life-signals';

export function lifeEntries(process: ProcessRecord, context: LifeContext): StoryEntry[] {
  const entries: StoryEntry[] = [
    ...birthEntries(process, context),
    ...programEntries(process),
    ...renameEntries(process),
    ...libraryEntries(process),
    ...fileEntries(process),
    ...threadEntries(process),
    ...childEntries(context),
    ...receivedEntries(process, context),
    ...endEntries(process, context),
    ...sentEntries(context),
  ];
  // Equal times keep the order above, which is the order of cause and effect.
  return entries.sort((a, b) => a.ts - b.ts);
}
