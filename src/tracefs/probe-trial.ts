/**
 * Tries whether events tell the names of files on this kernel, by opening a file of a known name ourselves, in a
 * small instance that sees our own thread alone. A probe that the kernel takes may still never fire (its function
 * is inlined where it matters: getname_flags on 6.1 and 6.12) or read nothing (event probes on 6.18), and neither
 * shows before somebody opens a file.
 */
import { closeSync, openSync, readlinkSync } from 'node:fs';
import * as path from 'node:path';
import { ControlFiles } from './control-files';
import { Instance } from './instance';
import type { SessionNames } from './owner';
import type { EventChoice } from './presets';

const TRIAL_BUFFER_KB = 64;
let opened = 0;

/** The kernel's number of the thread that runs this. */
function ownTid(): number {
  return Number(path.basename(readlinkSync('/proc/thread-self')));
}

/** Opens a file that does not exist: the kernel reads its name before it looks for it. */
function openNothing(name: string): void {
  try {
    closeSync(openSync(name, 'r'));
  } catch {
    // As it should be.
  }
}

/**
 * Makes the small instance for trials, and removes it after them.
 * @throws TraceError TRACEFS_DENIED, TRACEFS_WRITE
 */
export async function withTrialInstance<Outcome>(
  tracefs: string,
  names: SessionNames,
  trials: (instance: Instance) => Outcome,
): Promise<Outcome> {
  const instance = new Instance(tracefs, names.trial, new ControlFiles());
  try {
    instance.create('mono', TRIAL_BUFFER_KB);
    return trials(instance);
  } finally {
    await instance.remove();
  }
}

/**
 * Whether one of the events carries the name of a file that is opened. They are off again afterwards.
 * @param events with their triggers, none of them with a filter of its own
 * @throws TraceError TRACEFS_WRITE, EVENT_UNKNOWN
 */
export function tellsNames(instance: Instance, events: readonly EventChoice[]): boolean {
  const name = `/ftrace-life-trial-${process.pid}-${++opened}`;
  const onlyUs = `common_pid == ${ownTid()}`;
  try {
    for (const choice of events)
      instance.enable(choice.trigger === undefined ? { ...choice, filter: onlyUs } : choice);
    instance.turn('on');
    openNothing(name);
    instance.turn('off');
    return instance.text().includes(`"${name}"`);
  } finally {
    instance.disableAll();
  }
}
