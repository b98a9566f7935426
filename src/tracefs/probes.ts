/**
 * Probe definitions, which are global: each is made and removed by its own name, never by truncating.
 * `dynamic_events` (since 5.0) takes every kind: kprobes, fprobes, event probes and synthetic events
 * (kernel/trace/trace_dynevent.c).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import type { ControlFiles } from './control-files';
import { isAbandonedGroup } from './owner';

interface Definition {
  /** The group; of a synthetic event, whose group is always `synthetic`, the event's own name. */
  readonly owner: string;
  readonly system: string;
  readonly event: string;
}

/** `p:GROUP/EVENT ...`, `r10:GROUP/EVENT ...`, `s:synthetic/EVENT\tu64 field`. */
const DEFINITION = /^\w\d*:([^/\s]+)\/(\S+)/gm;

function definitionsIn(tracefs: string): Definition[] {
  const file = path.join(tracefs, 'dynamic_events');
  if (!existsSync(file)) return [];
  return [...readFileSync(file, 'utf8').matchAll(DEFINITION)].map(([, system, event]) => ({
    owner: system === 'synthetic' ? event! : system!,
    system: system!,
    event: event!,
  }));
}

/** Whether this kernel takes probes at all. */
export function takesProbes(tracefs: string): boolean {
  return existsSync(path.join(tracefs, 'dynamic_events'));
}

/**
 * @param definition a line as one writes it: `p:GROUP/EVENT do_filp_open ...`
 * @throws TraceError TRACEFS_DENIED, TRACEFS_WRITE with the kernel's own words
 */
export function defineProbe(tracefs: string, definition: string, files: ControlFiles): void {
  files.append(path.join(tracefs, 'dynamic_events'), definition);
}

/**
 * Removes GROUP's probes and the synthetic events that are named after it. An enabled one is EBUSY, so it is turned
 * off first wherever it is on: also in the root instance, where somebody's `echo 1 > events/enable` turns on all.
 */
export function removeProbes(tracefs: string, group: string, files: ControlFiles): void {
  const own = definitionsIn(tracefs).filter(({ owner }) => owner === group || owner.startsWith(`${group}_`));
  if (own.length === 0) return;
  const instances = readdirSync(path.join(tracefs, 'instances')).map((name) => `instances/${name}`);
  // An event probe is on the synthetic event, which goes last.
  own.sort((a, b) => Number(a.system === 'synthetic') - Number(b.system === 'synthetic'));
  for (const { system, event } of own) {
    for (const instance of ['', ...instances]) {
      const enable = path.join(tracefs, instance, 'events', system, event, 'enable');
      if (existsSync(enable) && readFileSync(enable, 'utf8').startsWith('1')) files.write(enable, '0');
    }
    files.append(path.join(tracefs, 'dynamic_events'), `-:${system}/${event}`);
  }
}

/** The groups of ours whose process is gone. */
export function abandonedGroups(tracefs: string): string[] {
  const owners = definitionsIn(tracefs).map(({ owner }) => owner.replace(/_[a-z]+$/, ''));
  return [...new Set(owners)].filter(isAbandonedGroup);
}
