/**
 * Whose an instance or a probe is, written into its name: `ftrace-life-PID-START-N-tree`. PID and the time it was
 * started together name one process for as long as the machine is up, so what a crash left behind can be distinguished
 * from what a living Node-RED uses. The name also says whether what runs in it was started by us, and ends with
 * us (`tree`), or was there before (`attached`), and is never signalled.
 */
import { readFileSync } from 'node:fs';
import { parseProcStat } from '../kernel/proc-stat';
import { errnoOf } from '../trace-error';

const NAME = /^ftrace-life-(\d+)-(\d+)-(\d+)-(tree|attached|signals|trial|watch|bell)$/;
/** A synthetic event has no group of its own: its name begins with ours. */
const GROUP = /^ftrace_life_(\d+)_(\d+)_(\d+)(?:_[a-z]+)?$/;

/** What opening and reading of a file in /proc/PID give when there is no such process, any more. */
const GONE = new Set(['ENOENT', 'ESRCH']);

/** In clock ticks since boot: field 22 of /proc/PID/stat; null for a process that is gone or is a zombie. */
export function startTime(pid: number): number | null {
  try {
    const stat = parseProcStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return stat === null || stat.state === 'Z' ? null : stat.startTime;
  } catch (error) {
    // Not to know is not to be gone: a sweep must not take what is in use because we have no descriptor left.
    if (!GONE.has(errnoOf(error))) throw error;
    return null;
  }
}

export interface SessionNames {
  /** The instance that is filtered by pid. */
  readonly tree: string;
  readonly signals: string;
  /** Of a watch over the machine, unfiltered by pid; and the small one whose events wake its reader. */
  readonly watch: string;
  readonly bell: string;
  /** A small instance, for a moment, in which probes are tried. */
  readonly trial: string;
  /** The group of our probes; probe names allow no dash. */
  readonly probeGroup: string;
}

let sessions = 0;

/**
 * Names for one more session of this process.
 * @param follows what it starts itself, or what runs already
 */
export function nextSessionNames(follows: 'own' | 'attached' = 'own'): SessionNames {
  const own = `${process.pid}-${startTime(process.pid) ?? 0}-${++sessions}`;
  return {
    tree: `ftrace-life-${own}-${follows === 'own' ? 'tree' : 'attached'}`,
    signals: `ftrace-life-${own}-signals`,
    watch: `ftrace-life-${own}-watch`,
    bell: `ftrace-life-${own}-bell`,
    trial: `ftrace-life-${own}-trial`,
    probeGroup: `ftrace_life_${own.replaceAll('-', '_')}`,
  };
}

function ownerIsGone(pid: string | undefined, start: string | undefined): boolean {
  return startTime(Number(pid)) !== Number(start);
}

export type InstanceKind = 'tree' | 'attached' | 'signals' | 'trial' | 'watch' | 'bell';

/** An instance of ours whose process is gone. Null for anything else, above all for what is not ours. */
export function abandonedInstance(name: string): InstanceKind | null {
  const parts = NAME.exec(name);
  if (parts === null || !ownerIsGone(parts[1], parts[2])) return null;
  return parts[4] as InstanceKind;
}

export function isAbandonedGroup(group: string): boolean {
  const parts = GROUP.exec(group);
  return parts !== null && ownerIsGone(parts[1], parts[2]);
}
