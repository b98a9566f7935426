/** What the OOM killer did to a process: `by the OOM killer, memory limit of cgroup /pod, 61 MiB resident`. */
import { memorySize } from '../words/memory-size';
import type { OomVictim } from './oom-victim';
import type { ProcessRecord, SignalRecord } from './report';

/** Which limit it hit: the call trace of its signal has the frame of a cgroup's limit or of the machine's. */
export function oomPhrase(
  fatal: SignalRecord | null,
  process: ProcessRecord,
  victim: OomVictim | null,
): string {
  const stack = fatal?.generated?.stack ?? [];
  const cgroup = process.identity?.cgroup ?? null;
  const limit = stack.some((frame) => frame.startsWith('mem_cgroup_'))
    ? [cgroup === null ? 'memory limit of its cgroup' : `memory limit of cgroup ${cgroup}`]
    : stack.some((frame) => frame.startsWith('out_of_memory'))
      ? ['the machine was out of memory']
      : [];
  const resident = victim?.residentKb ?? null;
  const held = resident === null ? [] : [`${memorySize(resident)} resident`];
  return ['by the OOM killer', ...limit, ...held].join(', ');
}
