/**
 * Removes what a crash or a SIGKILL of ours left behind: instances, probes, and the processes that ran in a
 * session whose owner is gone (its pid list names them). Nothing that is not ours is touched: the name must be
 * one that we give, and its owner must be gone.
 */
import { readdirSync } from 'node:fs';
import * as path from 'node:path';
import { TraceError } from '../trace-error';
import { ControlFiles } from './control-files';
import { Instance } from './instance';
import { abandonedInstance, startTime } from './owner';
import { abandonedGroups, removeProbes } from './probes';

export interface Swept {
  readonly instances: string[];
  readonly probeGroups: string[];
  /** Processes of an abandoned session that still ran, now sent SIGKILL. */
  readonly killed: number[];
}

/** Sends SIGKILL, or another signal that is to end a process. What it throws says that the process is gone. */
export type SendKill = (pid: number) => void;

const plainKill: SendKill = (pid) => {
  process.kill(pid, 'SIGKILL');
};

/** @param kill ends what still runs in an abandoned session */
export async function sweepAbandoned(tracefs: string, kill: SendKill = plainKill): Promise<Swept> {
  const swept: Swept = { instances: [], probeGroups: [], killed: [] };
  const files = new ControlFiles();
  for (const name of readdirSync(path.join(tracefs, 'instances'))) {
    const kind = abandonedInstance(name);
    if (kind === null) continue;
    const instance = new Instance(tracefs, name, files);
    try {
      // What an abandoned session had only attached to goes on as if nobody had looked.
      if (kind === 'tree') swept.killed.push(...endFollowed(instance, kill));
      await instance.remove();
      swept.instances.push(name);
    } catch (error) {
      // Another process of ours may sweep at the same time; what it removed is gone all the same.
      if (!(error instanceof TraceError)) throw error;
    }
  }
  for (const group of abandonedGroups(tracefs)) {
    try {
      removeProbes(tracefs, group, files);
      swept.probeGroups.push(group);
    } catch (error) {
      // EBUSY while somebody else has it open, such as perf: the next sweep tries again.
      if (!(error instanceof TraceError)) throw error;
    }
  }
  return swept;
}

/** To every thread that the instance still follows, but for those to spare. The dead get no second signal. */
export function endFollowed(instance: Instance, kill: SendKill, spare: readonly number[] = []): number[] {
  const killed: number[] = [];
  for (const tid of instance.followed()) {
    if (spare.includes(tid) || startTime(tid) === null) continue;
    try {
      kill(tid);
      killed.push(tid);
    } catch {
      // Gone meanwhile.
    }
  }
  return killed;
}
