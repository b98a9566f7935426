/** What the OOM killer did to a process: `by the OOM killer, memory limit of cgroup /pod (64 MiB), 61 MiB resident`. */
import { memorySize } from '../words/memory-size';
import type { OomLimit, OomVictim } from './oom-victim';
import type { ProcessRecord, SignalRecord } from './report';

/** Which limit it hit: the call trace of its signal has the frame of a cgroup's limit or of the machine's. */
export function oomPhrase(
  fatal: SignalRecord | null,
  process: ProcessRecord,
  victim: OomVictim | null,
  limit: OomLimit | null,
): string {
  const stack = fatal?.generated?.stack ?? [];
  const cgroup = process.identity?.cgroup ?? null;
  const isOfCgroup = stack.some((frame) => frame.startsWith('mem_cgroup_'));
  const kept = isOfCgroup
    ? [
        limit === null
          ? `memory limit of ${cgroup === null ? 'its cgroup' : `cgroup ${cgroup}`}`
          : limitText(limit),
      ]
    : stack.some((frame) => frame.startsWith('out_of_memory'))
      ? ['the machine was out of memory']
      : [];
  const resident = victim?.residentKb ?? null;
  const held = resident === null ? [] : [`${memorySize(resident)} resident`];
  return ['by the OOM killer', ...kept, ...held].join(', ');
}

function limitText({ cgroup, bytes }: OomLimit): string {
  return `memory limit of cgroup ${cgroup} (${memorySize(Math.round(bytes / 1024))})`;
}
