/**
 * Names files by the inode that a page-cache event shows inside a read of their descriptor: the way to a name
 * where the kernel has neither strings in syscall events nor probes. The path of an inode comes as a note, in
 * any batch, before or after.
 *
 * Events: filemap:mm_filemap_get_pages (mm/filemap.c, 6.12 and later), in the context of the reading task.
 */
import { fieldOf, type TraceEvent, type TraceNote } from '../trace-event';
import { exactNumber, int32 } from './field-values';
import type { OpenFile } from './open-files';
import type { ProcessTable } from './process-table';
import { argument } from './pending-call';

/** Inodes whose path is not known yet; far above what sessions resolve, so that a flood cannot fill memory. */
const MAX_WAITING = 20_000;

export class InodeNames {
  readonly #paths = new Map<string, string>();
  readonly #waiting = new Map<string, Set<OpenFile>>();

  readonly #table: ProcessTable;

  constructor(table: ProcessTable) {
    this.#table = table;
  }

  /** mm_filemap_get_pages. */
  seen(event: TraceEvent): void {
    const call = this.#table.find(event.pid);
    if (call?.call?.name !== 'read' && call?.call?.name !== 'pread64') return;
    const fd = int32(argument(call.call, 'fd'));
    const file = fd === null ? null : call.process.files.get(fd);
    const dev = exactNumber(fieldOf(event, 's_dev'));
    const ino = exactNumber(fieldOf(event, 'i_ino'));
    // The first one counts: a stacked file system (overlayfs) shows the lower inode after it.
    if (!file || file.inode !== null || dev === null || ino === null) return;
    file.inode = inodeKey(dev, ino);
    if (file.path !== null) return;
    const path = this.#paths.get(file.inode);
    if (path !== undefined) nameFile(file, path);
    else this.#wait(file.inode, file);
  }

  applyNote(note: Extract<TraceNote, { kind: 'inode' }>): void {
    const key = inodeKey(note.dev, note.ino);
    this.#paths.set(key, note.path);
    for (const file of this.#waiting.get(key) ?? []) nameFile(file, note.path);
    this.#waiting.delete(key);
  }

  #wait(key: string, file: OpenFile): void {
    const files = this.#waiting.get(key) ?? new Set();
    if (this.#waiting.size >= MAX_WAITING) return;
    files.add(file);
    this.#waiting.set(key, files);
  }
}

function nameFile(file: OpenFile, path: string): void {
  if (file.path !== null) return;
  file.path = path;
  file.nameSource = 'inode';
  if (file.listed) {
    file.listed.path = path;
    file.listed.nameSource = 'inode';
  }
  file.named?.();
}

function inodeKey(dev: number, ino: number): string {
  return `${dev}:${ino}`;
}
