/**
 * The memory limit that the OOM killer kept, read when it has chosen a process: no event has it.
 *
 * Files: memory.max of a cgroup of version 2 (Documentation/admin-guide/cgroup-v2.rst), memory.limit_in_bytes of version 1
 * (Documentation/admin-guide/cgroup-v1/memory.rst). A limit holds for all cgroups below it: the smallest of a process's
 * cgroup and those above is the one that it can hit.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Tid } from '../trace-event';
import { cgroupFileOf } from './proc-state';

export interface MemoryLimit {
  /** Of the cgroup that has the limit. */
  readonly cgroup: string;
  readonly bytes: number;
}

/** Version 1 says of a cgroup without a limit the largest number of whole pages. */
const NO_LIMIT = 2 ** 62;

/**
 * @param pids who was chosen, then its parent, whose cgroup it inherited: the first that has a limit counts. Of a zombie
 *   the hierarchies of version 1 say that it is in their root (kernel/cgroup/cgroup.c, proc_cgroup_show)
 */
export function readMemoryLimit(pids: readonly Tid[]): MemoryLimit | null {
  const mounts = readOr('/proc/self/mounts');
  for (const pid of pids) {
    const limit = smallestLimit(cgroupFileOf(pid), mounts);
    if (limit !== null) return limit;
  }
  return null;
}

/**
 * @param cgroups /proc/PID/cgroup
 * @param mounts /proc/self/mounts
 */
export function smallestLimit(cgroups: string, mounts: string): MemoryLimit | null {
  const first = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m.exec(cgroups)?.[1];
  const second = /^0::(\/.*)$/m.exec(cgroups)?.[1];
  const [own, folder, file] =
    first === undefined
      ? [second, /^\S+ (\S+) cgroup2 /m.exec(mounts)?.[1], 'memory.max']
      : [first, /^\S+ (\S+) cgroup \S*\bmemory\b/m.exec(mounts)?.[1], 'memory.limit_in_bytes'];
  if (own === undefined || folder === undefined) return null;
  let smallest: MemoryLimit | null = null;
  for (let cgroup = own.replace(/ \(deleted\)$/, ''); ; cgroup = path.posix.dirname(cgroup)) {
    const bytes = Number(readOr(path.join(folder, cgroup, file)).trim() || NaN);
    if (bytes < NO_LIMIT && bytes < (smallest?.bytes ?? Infinity)) smallest = { cgroup, bytes };
    if (cgroup === '/' || cgroup === '.') return smallest;
  }
}

/** '' where it is not there. */
function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
