/**
 * How this kernel can tell the names of opened files, best first, found by looking at what it offers:
 *
 * - `syscall`: since 6.19 the enter events carry their strings (`__filename_val` in the format file).
 * - `probe`: a kprobe on `do_sys_openat2` (5.6 and later; `do_sys_open` registers there, and never fires).
 * - `inode`: no probes at all, as here and there in the cloud: since 6.12 the page cache says device and inode of
 *   what is read, in the reader's own context. The loader reads the ELF header of each library between opening
 *   and mapping it, so the inode names the library.
 */
import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import type { EventChoice } from './presets';

export type FileNameSource = 'syscall' | 'probe' | 'inode' | 'none';

/** What the loaders of glibc (64- and 32-bit: 832, 512) and musl (960) read of a library, in bytes. */
const ELF_HEADER_READ = 'count == 832 || count == 512 || count == 960';
const PAGE_EVENT = 'filemap/mm_filemap_get_pages';

function mentions(file: string, word: string): boolean {
  try {
    return readFileSync(file, 'utf8').includes(word);
  } catch {
    return false;
  }
}

/** Where the open of a path happens in this kernel; '' where no probe can be put there. */
function probedFunction(): string {
  for (const name of ['do_sys_openat2', 'do_sys_open']) {
    if (mentions('/proc/kallsyms', ` ${name}\n`)) return name;
  }
  return '';
}

export function chooseFileNameSource(tracefs: string): FileNameSource {
  if (mentions(path.join(tracefs, 'events/syscalls/sys_enter_openat/format'), '__filename_val'))
    return 'syscall';
  if (existsSync(path.join(tracefs, 'kprobe_events')) && probedFunction() !== '') return 'probe';
  return existsSync(path.join(tracefs, 'events', PAGE_EVENT)) ? 'inode' : 'none';
}

/** The line for `kprobe_events` that makes GROUP/open: the name as the caller passed it. */
export function openProbe(group: string): string {
  return `p:${group}/open ${probedFunction()} path=+0($arg2):ustring`;
}

/** The events that this source needs in the tree's instance. */
export function fileNameEvents(source: FileNameSource, group: string, allSyscalls: boolean): EventChoice[] {
  if (source === 'probe') return [{ event: `${group}/open` }];
  if (source !== 'inode') return [];
  const pages: EventChoice = { event: PAGE_EVENT, filter: 'index == 0' };
  if (allSyscalls) return [pages];
  return [pages, { event: 'syscalls/sys_enter_read', filter: ELF_HEADER_READ, optional: true }];
}
