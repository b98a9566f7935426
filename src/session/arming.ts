/** Arms the two instances of a session. The same steps, dry, are what `explain` shows. */
import { existsSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import * as path from 'node:path';
import { ARGUMENTS_EVENT, defineArguments, tellsArguments } from '../tracefs/argument-probe';
import { ControlFiles } from '../tracefs/control-files';
import {
  chooseFileNames,
  defineFileNames,
  expectFileNames,
  fileNameEvents,
  NO_FILE_NAMES,
  type FileNames,
} from '../tracefs/name-sources';
import { Instance } from '../tracefs/instance';
import type { SessionNames } from '../tracefs/owner';
import { globMatches } from '../rules/matching/glob';
import { outsideEvents, treeEvents, type EventChoice } from '../tracefs/presets';
import { removeProbes } from '../tracefs/probes';
import { TraceError } from '../trace-error';
import type { SessionSettings } from './session-settings';

export interface Armed {
  readonly files: ControlFiles;
  readonly tree: Instance;
  /** The second instance; null where signals from outside are not wanted. */
  readonly signals: Instance | null;
  readonly fileNames: FileNames;
  /** Every event that may come, for its format: names of `system/event`, or a system's own. */
  readonly events: readonly string[];
}

/** `sched_process_exit`, `signal:*`, `syscalls:sys_enter_*` as directories under events/. */
export function findEvents(tracefs: string, names: readonly string[]): string[] {
  const root = path.join(tracefs, 'events');
  const directories = (at: string): string[] =>
    readdirSync(at, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  // The tracers' own records, under events/ftrace/, are described there but cannot be enabled.
  const canEnable = (system: string, event: string): boolean =>
    existsSync(path.join(root, system, event, 'enable'));
  return names.flatMap((name) => {
    const [system, event] = name.includes(':') ? (name.split(':') as [string, string]) : ['*', name];
    const systems = directories(root).filter((candidate) => globMatches(system, candidate));
    const found = systems.flatMap((one) => {
      const candidates = /[*?]/.test(event) ? directories(path.join(root, one)) : [event];
      return candidates.flatMap((each) =>
        globMatches(event, each) && canEnable(one, each) ? [`${one}/${each}`] : [],
      );
    });
    if (found.length === 0)
      throw new TraceError('EVENT_UNKNOWN', `${name} is not in ${path.join(tracefs, 'available_events')}`);
    return found;
  });
}

function chooseTreeEvents(tracefs: string, settings: SessionSettings): EventChoice[] {
  if (settings.events === 'lifecycle' || settings.events === 'all')
    return treeEvents(settings.events, settings);
  return findEvents(tracefs, settings.events).map((event) => ({
    event,
    stack: settings.callTraces && event.startsWith('signal/'),
  }));
}

/** As long as any kernel has them; one that has less takes its own limit. */
const LONGEST_STRING = 165;

/** Kibibytes of ring buffer that such a session takes, on all CPUs together. */
export function bufferKbOf({ bufferKb, outsideSignals }: SessionSettings): number {
  return (bufferKb + (outsideSignals ? signalsBufferKb(bufferKb) : 0)) * cpus().length;
}

/** Signals are rare beside system calls, and making and freeing a large buffer takes the kernel a while. */
function signalsBufferKb(bufferKb: number): number {
  return Math.min(bufferKb, Math.max(4096, bufferKb >> 2));
}

/** A dry run only looks: what it shows is what would be tried first. */
async function findFileNames(
  files: ControlFiles,
  tracefs: string,
  names: SessionNames,
  settings: SessionSettings,
): Promise<FileNames> {
  if (!settings.fileNames) return NO_FILE_NAMES;
  return files.dryRun ? expectFileNames(tracefs) : chooseFileNames(tracefs, names);
}

async function findsArguments(
  files: ControlFiles,
  tracefs: string,
  names: SessionNames,
  settings: SessionSettings,
): Promise<boolean> {
  return settings.fileNames && !files.dryRun && tellsArguments(tracefs, names);
}

/**
 * Makes both instances, off, filtered, and with all their events. Nothing is left where it fails midway.
 * @throws TraceError TRACEFS_DENIED, TRACEFS_WRITE, EVENT_UNKNOWN
 */
export async function armInstances(
  files: ControlFiles,
  tracefs: string,
  names: SessionNames,
  settings: SessionSettings,
): Promise<Armed> {
  const fileNames = await findFileNames(files, tracefs, names, settings);
  const hasArguments = await findsArguments(files, tracefs, names, settings);
  const tree = new Instance(tracefs, names.tree, files);
  const signals = settings.outsideSignals ? new Instance(tracefs, names.signals, files) : null;
  const armed: Armed = { files, tree, signals, fileNames, events: [] };
  try {
    defineFileNames(tracefs, fileNames, names.probeGroup, files);
    if (hasArguments) defineArguments(tree, names.probeGroup);
    const inTree = [
      ...chooseTreeEvents(tracefs, settings),
      ...fileNameEvents(fileNames, names.probeGroup, settings.events === 'all'),
      ...(hasArguments ? [{ event: `${names.probeGroup}/${ARGUMENTS_EVENT}` }] : []),
    ];
    const outside = signals === null ? [] : outsideEvents(settings);
    tree.create(settings.clock, settings.bufferKb);
    // Names only: with all system calls it would also be more of what is written.
    if (fileNames.source === 'syscall' && settings.events === 'lifecycle') tree.keepStrings(LONGEST_STRING);
    tree.filterByPid(settings.followChildren);
    for (const choice of inTree) tree.enable(choice);
    if (signals !== null) {
      signals.create(settings.clock, signalsBufferKb(settings.bufferKb));
      for (const choice of outside) signals.enable(choice);
    }
    return { ...armed, events: [...inTree, ...outside].map((choice) => choice.event) };
  } catch (error) {
    await disarmInstances(armed, names);
    throw error;
  }
}

/** Removes what `armInstances` made, also half of it. */
export async function disarmInstances(
  armed: Pick<Armed, 'tree' | 'signals' | 'files'>,
  names: SessionNames,
): Promise<void> {
  await armed.tree.remove();
  await armed.signals?.remove();
  removeProbes(armed.tree.tracefs, names.probeGroup, armed.files);
}
