/** Where tracefs is mounted, and whether we see the machine's own process ids. */
import { readFileSync, readlinkSync } from 'node:fs';

/** The initial pid namespace has a fixed inode number (PROC_PID_INIT_INO, include/linux/proc_ns.h). */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';

/** The mount point of tracefs, or null. debugfs mounts one at `tracing` when somebody looks there. */
export function findTracefs(): string | null {
  let mounts: string;
  try {
    mounts = readFileSync('/proc/self/mounts', 'utf8');
  } catch {
    return null;
  }
  const points = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter((parts) => parts[2] === 'tracefs')
    .map((parts) => parts[1]!);
  return points.find((point) => point === '/sys/kernel/tracing') ?? points[0] ?? null;
}

/** False in a container with pids of its own: the kernel traces by the machine's pids, which we cannot know there. */
export function seesGlobalPids(): boolean {
  try {
    return readlinkSync('/proc/self/ns/pid') === INITIAL_PID_NAMESPACE;
  } catch {
    return false;
  }
}
