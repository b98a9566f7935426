/**
 * A probe that tells the arguments of a program, read from its new stack when it is about to run: they are there
 * then, also of a program that ends before anybody could read /proc/PID/cmdline.
 *
 * `start_thread(regs, new_ip, new_sp)` of arch/x86/kernel/process_64.c ends a 64-bit exec; at the stack's end are
 * argc, and then the pointers of argv (System V ABI, AMD64 supplement, 3.4.1). It fires before sched_process_exec.
 */
import { spawnSync } from 'node:child_process';
import { TraceError } from '../trace-error';
import type { Instance } from './instance';
import type { SessionNames } from './owner';
import { withTrialInstance } from './probe-trial';
import { defineProbe, removeProbes, takesProbes } from './probes';

/** The event's name, by which a trace says that it tells arguments: src/model/execs.ts. */
export const ARGUMENTS_EVENT = 'argv';
/** Of a program with more, no further ones are fetched: /proc may have them all. */
const MAX_TOLD = 12;
const POINTER_BYTES = 8;

function definition(group: string): string {
  const fetched = Array.from(
    { length: MAX_TOLD },
    (_, index) => `argv${index}=+u0(+u${(index + 1) * POINTER_BYTES}($arg3)):ustring`,
  );
  return `p:${group}/${ARGUMENTS_EVENT} start_thread argc=+u0($arg3):s64 ${fetched.join(' ')}`;
}

const tried = new Map<string, Promise<boolean>>();

/**
 * Whether this kernel tells arguments; tried once in the life of our process, by a program that we run.
 * @param names of the session that needs them: what is tried goes under its names, so that a sweep finds it
 */
export function tellsArguments(tracefs: string, names: SessionNames): Promise<boolean> {
  let outcome = tried.get(tracefs);
  if (outcome === undefined) {
    outcome = takesProbes(tracefs)
      ? withTrialInstance(tracefs, names, (instance) => tryProbe(instance, names.probeGroup))
      : Promise.resolve(false);
    tried.set(tracefs, outcome);
  }
  return outcome;
}

function tryProbe(instance: Instance, group: string): boolean {
  const { tracefs, files } = instance;
  const name = `ftrace-life-trial-${process.pid}`;
  try {
    defineProbe(tracefs, definition(group), files);
    // Not by pid, which our child has not got yet.
    instance.enable({ event: `${group}/${ARGUMENTS_EVENT}`, filter: `argv0 == "${name}"` });
    instance.turn('on');
    spawnSync('/bin/true', ['one argument'], { argv0: name });
    instance.turn('off');
    return instance.text().includes('argc=2 ') && instance.text().includes('argv1="one argument"');
  } catch (error) {
    if (error instanceof TraceError) return false;
    throw error;
  } finally {
    instance.disableAll();
    removeProbes(tracefs, group, files);
  }
}

/** @throws TraceError TRACEFS_DENIED, TRACEFS_WRITE */
export function defineArguments(instance: Instance, group: string): void {
  defineProbe(instance.tracefs, definition(group), instance.files);
}
