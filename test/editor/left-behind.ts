/** What a Node-RED has in the kernel, seen from outside. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Its descriptors that lie in tracefs. */
export function tracefsDescriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return target.includes('/tracing/') ? [target] : [];
    } catch {
      // Closed between the two looks.
      return [];
    }
  });
}

/** Its children, zombies too. */
export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    const file = `/proc/${pid}/task/${task}/children`;
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number);
  });
}

/** Waits until the kernel shows it, within a limit: nothing tells when a process or an instance is gone. */
export async function until(shows: () => boolean, awaited: string, timeoutMs = 40_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!shows()) {
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms for ${awaited}`);
    await sleep(20);
  }
}
