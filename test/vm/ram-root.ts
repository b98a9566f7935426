/**
 * The root file system of a guest: an archive that the kernel unpacks into memory when it boots. All that a guest
 * needs is in it, so that the guest needs no disk, no network and no right on this machine.
 * Layout: Documentation/driver-api/early-userspace/buffer-format.rst, "newc".
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  globSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

const FOLDER = 0o040755;
const PROGRAM = 0o100755;
const LINK = 0o120777;

interface Entry {
  readonly mode: number;
  /** Bytes, or the file of this machine that has them. */
  readonly contents: Buffer | string;
}

export class RamRoot {
  readonly #entries = new Map<string, Entry>();

  /** `name` is absolute; the folders above it are made. */
  put(name: string, contents: Buffer, mode = PROGRAM): void {
    this.#add(name, { mode, contents });
  }

  folder(name: string): void {
    this.#add(name, { mode: FOLDER, contents: Buffer.alloc(0) });
  }

  link(name: string, target: string): void {
    this.#add(name, { mode: LINK, contents: Buffer.from(target) });
  }

  /** A file of this machine under a name of the guest's. */
  copy(file: string, name: string): void {
    this.#add(name, { mode: PROGRAM, contents: realpathSync(file) });
  }

  /** A file of this machine under the same name, with the links that lead to it. */
  take(file: string): void {
    const name = path.join(realpathSync(path.dirname(file)), path.basename(file));
    if (this.#entries.has(name)) return;
    if (lstatSync(name).isSymbolicLink()) {
      this.link(name, readlinkSync(name));
      this.take(path.resolve(path.dirname(name), readlinkSync(name)));
    } else {
      this.copy(name, name);
    }
  }

  /** What a program is linked with; nothing for one that is static. */
  takeLibrariesOf(program: string): void {
    const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
    for (const [, file] of stdout.matchAll(/(\/\S+) \(0x/g)) this.take(file!);
  }

  /** A program of this machine by its name; false where this machine has none. */
  takeCommand(name: string): boolean {
    const folders = (process.env['PATH'] ?? '')
      .split(':')
      .filter((folder) => /^\/(usr\/)?s?bin$/.test(folder));
    const file = [...folders, '/usr/bin', '/usr/sbin', '/bin', '/sbin']
      .map((folder) => path.join(folder, name))
      .find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
    if (file === undefined) return false;
    this.take(file);
    this.takeLibrariesOf(file);
    return true;
  }

  /** The JavaScript below `folder` that these patterns name. */
  takeTree(folder: string, name: string, patterns: readonly string[]): void {
    for (const file of globSync([...patterns], { cwd: folder }))
      this.put(path.join(name, file), readFileSync(path.join(folder, file)), 0o100644);
  }

  write(file: string): void {
    const out = openSync(file, 'w');
    try {
      let inode = 1;
      // A folder's name is shorter than its members', and so is before them.
      for (const name of [...this.#entries.keys()].sort()) {
        const { mode, contents } = this.#entries.get(name)!;
        writePart(
          out,
          name.slice(1),
          inode++,
          mode,
          typeof contents === 'string' ? readFileSync(contents) : contents,
        );
      }
      writePart(out, 'TRAILER!!!', 0, 0, Buffer.alloc(0));
    } finally {
      closeSync(out);
    }
  }

  #add(name: string, entry: Entry): void {
    const above = path.dirname(name);
    if (above !== '/' && !this.#entries.has(above)) this.folder(above);
    this.#entries.set(name, entry);
  }
}

function writePart(out: number, name: string, inode: number, mode: number, contents: Buffer): void {
  const fields = [inode, mode, 0, 0, 1, 0, contents.length, 0, 0, 0, 0, name.length + 1, 0];
  const head = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
  writeSync(out, head.padEnd((head.length + 3) & ~3, '\0'));
  writeAll(out, contents);
  writeSync(out, Buffer.alloc(-contents.length & 3));
}

function writeAll(out: number, contents: Buffer): void {
  for (let at = 0; at < contents.length;) at += writeSync(out, contents, at);
}
