/** Probe definitions, which are global: each is made and taken away by its own name, never by truncating. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import type { ControlFiles } from './control-files';
import { isAbandonedGroup } from './owner';

/** Removes GROUP's probes. An enabled probe is EBUSY, so its events are turned off in every instance first. */
export function removeProbes(tracefs: string, group: string, files: ControlFiles): void {
  const definitions = path.join(tracefs, 'kprobe_events');
  if (!existsSync(definitions)) return;
  const defined = readFileSync(definitions, 'utf8');
  for (const [, event] of defined.matchAll(new RegExp(`^\\w\\d*:${group}/(\\S+) `, 'gm'))) {
    for (const instance of readdirSync(path.join(tracefs, 'instances'))) {
      const enable = path.join(tracefs, 'instances', instance, 'events', group, event!, 'enable');
      if (existsSync(enable) && readFileSync(enable, 'utf8').startsWith('1')) files.write(enable, '0');
    }
    files.append(definitions, `-:${group}/${event!}`);
  }
}

/** The groups of ours whose process is gone. */
export function abandonedGroups(tracefs: string): string[] {
  const definitions = path.join(tracefs, 'kprobe_events');
  if (!existsSync(definitions)) return [];
  const groups = [...readFileSync(definitions, 'utf8').matchAll(/^\w\d*:([^/\s]+)\//gm)].map(
    (match) => match[1]!,
  );
  return [...new Set(groups)].filter(isAbandonedGroup);
}
