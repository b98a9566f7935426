/**
 * How this kernel can tell the names of opened files, best first:
 *
 * - `syscall`: since 6.19 the enter events carry their strings (`__filename_val` in the format file).
 * - `probe`: one of name-probes.ts.
 * - `inode`: no probes at all, as here and there in the cloud: since 6.12 the page cache says device and inode of
 *   what is read, in the reader's own context. The loader reads the ELF header of each library between opening
 *   and mapping it, so the inode names the library.
 *
 * What the first two promise is tried before it is trusted, once in the life of our process (probe-trial.ts).
 */
import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { TraceError } from '../trace-error';
import type { ControlFiles } from './control-files';
import type { Instance } from './instance';
import { NAME_PROBES, type NameProbe } from './name-probes';
import type { SessionNames } from './owner';
import type { EventChoice } from './presets';
import { tellsNames, withTrialInstance } from './probe-trial';
import { defineProbe, removeProbes, takesProbes } from './probes';

export type FileNameSource = 'syscall' | 'probe' | 'inode' | 'none';

export interface FileNames {
  readonly source: FileNameSource;
  /** Of `probe`: which one. */
  readonly probe: NameProbe | null;
}

export const NO_FILE_NAMES: FileNames = { source: 'none', probe: null };

/** What the loaders of glibc (64- and 32-bit: 832, 512) and musl (960) read of a library, in bytes. */
const ELF_HEADER_READ = 'count == 832 || count == 512 || count == 960';
const PAGE_EVENT = 'filemap/mm_filemap_get_pages';
const STRING_EVENT = 'syscalls/sys_enter_openat';

/** '' where it may not be read. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function hasStrings(tracefs: string): boolean {
  return textOf(path.join(tracefs, 'events', STRING_EVENT, 'format')).includes('__filename_val');
}

function withoutProbes(tracefs: string): FileNames {
  const source = existsSync(path.join(tracefs, 'events', PAGE_EVENT)) ? 'inode' : 'none';
  return { source, probe: null };
}

/** By mount point: a kernel does not change while we live. */
const tried = new Map<string, Promise<FileNames>>();
/** What came of it; what a look promises, as long as nothing was tried. */
const outcomes = new Map<string, FileNames>();

/**
 * The best source that really tells names here. The first call tries: it makes a small instance, defines probes one
 * after the other, opens a file, and takes all of it away again.
 * @param names of the session that needs them: what is tried goes under its names, so that a sweep finds it
 */
export function chooseFileNames(tracefs: string, names: SessionNames): Promise<FileNames> {
  let outcome = tried.get(tracefs);
  if (outcome === undefined) {
    outcome = tryAll(tracefs, names);
    tried.set(tracefs, outcome);
  }
  return outcome;
}

async function tryAll(tracefs: string, names: SessionNames): Promise<FileNames> {
  const found = await firstThatTells(tracefs, names);
  outcomes.set(tracefs, found);
  return found;
}

async function firstThatTells(tracefs: string, names: SessionNames): Promise<FileNames> {
  if (!hasStrings(tracefs) && !takesProbes(tracefs)) return withoutProbes(tracefs);
  return withTrialInstance(tracefs, names, (instance) => {
    if (hasStrings(tracefs) && works(() => tellsNames(instance, [{ event: STRING_EVENT }])))
      return { source: 'syscall', probe: null };
    const probe = NAME_PROBES.find((candidate) =>
      works(() => tryProbe(instance, names.probeGroup, candidate)),
    );
    return probe === undefined ? withoutProbes(tracefs) : { source: 'probe', probe };
  });
}

/** A kernel that refuses a probe, or has no such function, is one on which it does not work. */
function works(trial: () => boolean): boolean {
  try {
    return trial();
  } catch (error) {
    if (error instanceof TraceError) return false;
    throw error;
  }
}

/**
 * Defines it, fires it, and removes it.
 * @throws TraceError TRACEFS_WRITE with the kernel's words where it is refused
 */
export function tryProbe(instance: Instance, group: string, probe: NameProbe): boolean {
  const { tracefs, files } = instance;
  try {
    defineFileNames(tracefs, { source: 'probe', probe }, group, files);
    return tellsNames(instance, probeEvents(probe, group));
  } finally {
    removeProbes(tracefs, group, files);
  }
}

/**
 * What a look at the kernel promises, without writing anything: for `explain` and for the preflight. The outcome of
 * trying, where this process has tried.
 */
export function expectFileNames(tracefs: string): FileNames {
  const known = outcomes.get(tracefs);
  if (known !== undefined) return known;
  if (hasStrings(tracefs)) return { source: 'syscall', probe: null };
  const expected = lookForProbe(tracefs);
  // Looking reads all of kallsyms, a tenth of a second. What is not there may be so for want of rights, and change.
  if (expected.probe !== null) outcomes.set(tracefs, expected);
  return expected;
}

function lookForProbe(tracefs: string): FileNames {
  if (!existsSync(path.join(tracefs, 'kprobe_events'))) return withoutProbes(tracefs);
  const symbols = textOf('/proc/kallsyms');
  const probe = NAME_PROBES.find(({ on }) => on !== null && symbols.includes(` ${on}\n`));
  return probe === undefined ? withoutProbes(tracefs) : { source: 'probe', probe };
}

/** @throws TraceError TRACEFS_DENIED, TRACEFS_WRITE */
export function defineFileNames(
  tracefs: string,
  { probe }: FileNames,
  group: string,
  files: ControlFiles,
): void {
  for (const definition of probe?.definitions(group) ?? []) defineProbe(tracefs, definition, files);
}

function probeEvents(probe: NameProbe, group: string): EventChoice[] {
  return [...(probe.triggers?.(group) ?? []), { event: `${group}/${probe.event}` }];
}

/** The events that this source needs in the tree's instance. */
export function fileNameEvents(
  { source, probe }: FileNames,
  group: string,
  allSyscalls: boolean,
): EventChoice[] {
  if (probe !== null) return probeEvents(probe, group);
  if (source !== 'inode') return [];
  const pages: EventChoice = { event: PAGE_EVENT, filter: 'index == 0' };
  if (allSyscalls) return [pages];
  return [pages, { event: 'syscalls/sys_enter_read', filter: ELF_HEADER_READ, optional: true }];
}
