/**
 * The file descriptors of a process: what each number means at this moment of the trace.
 *
 * Follows open, dup, fcntl(F_DUPFD), close, close_range; close-on-exec at exec; a copy at fork, or the same table
 * with CLONE_FILES (fs/file.c). Descriptors received over a socket are not in any trace.
 */
import type { NameSource, OpenedFile } from './report';

/** An open file description: shared by every descriptor that was duplicated from it. */
export interface OpenFile {
  path: string | null;
  nameSource: NameSource | null;
  /** `dev:ino`, where a page-cache event had it. */
  inode: string | null;
  /** For a pidfd, the number of the process, as its opener called it. */
  readonly pid?: number;
  /** The report's line about the open, so that a name that is learnt later reaches it. */
  listed: OpenedFile | null;
  /** Tells whoever mapped it that its name became known. */
  named?: () => void;
}

interface Descriptor {
  readonly file: OpenFile;
  readonly closeOnExec: boolean;
}

export function unnamedFile(): OpenFile {
  return { path: null, nameSource: null, inode: null, listed: null };
}

export class FileTable {
  #open: Map<number, Descriptor>;

  constructor(open?: ReadonlyMap<number, Descriptor>) {
    this.#open = new Map(open);
  }

  get size(): number {
    return this.#open.size;
  }

  get(fd: number): OpenFile | null {
    return this.#open.get(fd)?.file ?? null;
  }

  /** The names of the open files, as far as they are known. */
  *paths(): Iterable<string> {
    for (const { file } of this.#open.values()) if (file.path !== null) yield file.path;
  }

  install(fd: number, file: OpenFile, closeOnExec: boolean): void {
    this.#open.set(fd, { file, closeOnExec });
  }

  /** `from` may be a descriptor from before the trace: then `to` is as unknown as it. */
  duplicate(from: number, to: number, closeOnExec: boolean): void {
    if (from === to) return;
    const descriptor = this.#open.get(from);
    if (descriptor) this.#open.set(to, { file: descriptor.file, closeOnExec });
    else this.#open.delete(to);
  }

  setCloseOnExec(fd: number, closeOnExec: boolean): void {
    const descriptor = this.#open.get(fd);
    if (descriptor) this.#open.set(fd, { file: descriptor.file, closeOnExec });
  }

  close(fd: number): void {
    this.#open.delete(fd);
  }

  /** Both ends included; a range may reach far beyond the numbers in use. */
  closeRange(first: number, last: number): void {
    for (const fd of this.#within(first, last)) this.#open.delete(fd);
  }

  /** close_range with CLOSE_RANGE_CLOEXEC. */
  closeRangeOnExec(first: number, last: number): void {
    for (const fd of this.#within(first, last)) this.setCloseOnExec(fd, true);
  }

  /** The table after an exec: never shared any more, and without what closes on exec. */
  afterExec(): FileTable {
    return new FileTable(new Map([...this.#open].filter(([, descriptor]) => !descriptor.closeOnExec)));
  }

  copy(): FileTable {
    return new FileTable(this.#open);
  }

  /** After lost events a number may mean another file: nothing is known any more. */
  forget(): void {
    this.#open.clear();
  }

  #within(first: number, last: number): number[] {
    return [...this.#open.keys()].filter((fd) => fd >= first && fd <= last);
  }
}
