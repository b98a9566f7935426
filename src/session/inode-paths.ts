/**
 * Paths for files that the trace names by device and inode only, by `stat` of the likely candidates: what the
 * loader's cache lists, what /proc/PID/maps shows, and what was exec'd.
 */
import { readFileSync, statSync } from 'node:fs';
import type { MapsEntry } from '../trace-event';

const LOADER_CACHE = '/etc/ld.so.cache';
const CACHE_MAGIC = 'glibc-ld.so.cache1.1';
const HEADER_BYTES = 48;
const ENTRY_BYTES = 24;

/** The kernel's dev_t (major << 20 | minor) of what stat reports (glibc's gnu_dev_major and gnu_dev_minor). */
export function kernelDevice(statDevice: number): number {
  const device = BigInt(statDevice);
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return Number((major << 20n) | minor);
}

/** The libraries that the loader knows: `struct cache_file_new` of glibc's dl-cache.h. Empty on other systems. */
export function loaderCachePaths(bytes: Buffer): string[] {
  const start = bytes.indexOf(CACHE_MAGIC, 0, 'latin1');
  if (start < 0 || bytes.length < start + HEADER_BYTES) return [];
  const count = bytes.readUInt32LE(start + CACHE_MAGIC.length);
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const entry = start + HEADER_BYTES + i * ENTRY_BYTES;
    if (entry + ENTRY_BYTES > bytes.length) break;
    const at = start + bytes.readUInt32LE(entry + 8);
    const end = bytes.indexOf(0, at);
    if (at < bytes.length && end > at) paths.push(bytes.toString('utf8', at, end));
  }
  return paths;
}

export class InodePaths {
  readonly #paths = new Map<string, string>();
  #loaderCacheRead = false;

  /** Remembers what this path is now. */
  learn(path: string): void {
    try {
      const { dev, ino } = statSync(path);
      const key = `${kernelDevice(dev)}:${ino}`;
      if (!this.#paths.has(key)) this.#paths.set(key, path);
    } catch {
      // No candidate: gone, or not to be seen by us.
    }
  }

  learnMaps(maps: readonly MapsEntry[]): void {
    for (const entry of maps) {
      if (entry.inode === 0 || entry.deleted) continue;
      const [major, minor] = entry.dev.split(':').map((part) => parseInt(part, 16));
      this.#paths.set(`${(major ?? 0) * 2 ** 20 + (minor ?? 0)}:${entry.inode}`, entry.path);
    }
  }

  /** The path, or null where no candidate matches. */
  pathOf(device: number, inode: number): string | null {
    const key = `${device}:${inode}`;
    const known = this.#paths.get(key);
    if (known !== undefined || this.#loaderCacheRead) return known ?? null;
    this.#loaderCacheRead = true;
    try {
      for (const path of loaderCachePaths(readFileSync(LOADER_CACHE))) this.learn(path);
    } catch {
      // No glibc here: maps and exec events are the only candidates.
    }
    return this.#paths.get(key) ?? null;
  }
}
