import type { Identity, ProcessRecord, SignalTarget } from '../../model/report';

/** Who the signals of a report happened to, at their time: a process changes its name and its program by exec. */
export class ReportTargets {
  readonly #byId = new Map<string, ProcessRecord>();
  readonly #bySignal = new Map<number, ProcessRecord>();

  constructor(processes: readonly ProcessRecord[]) {
    for (const process of processes) {
      this.#byId.set(process.id, process);
      for (const index of process.signals) this.#bySignal.set(index, process);
    }
  }

  /** The process that a signal was sent to; undefined where it is none of the report's. */
  processOf(signalIndex: number): ProcessRecord | undefined {
    return this.#bySignal.get(signalIndex);
  }

  /** @returns null where the report has no process for this signal */
  of(signalIndex: number, ts: number): SignalTarget | null {
    const process = this.#bySignal.get(signalIndex);
    return process ? this.ofProcess(process, ts) : null;
  }

  /** Who a process was at that time. @param whoAt of when what /proc said of it is wanted */
  ofProcess(process: ProcessRecord, ts: number, whoAt = ts): SignalTarget {
    const lineage = this.#lineage(process);
    const identity = identityAt(process, whoAt);
    return {
      id: process.id,
      comm: commAt(process, ts),
      path: pathAt(lineage, ts),
      ancestors: lineage.slice(1).map((ancestor) => ({ pid: ancestor.pid, comm: commAt(ancestor, ts) })),
      ...(process.role && { role: process.role }),
      ...(identity && { identity }),
    };
  }

  /** The process, its parent, and so on. Ends also where a damaged report goes in a circle. */
  #lineage(process: ProcessRecord): ProcessRecord[] {
    const lineage = new Set<ProcessRecord>();
    let next: ProcessRecord | undefined = process;
    while (next && !lineage.has(next)) {
      lineage.add(next);
      next = next.parent === null ? undefined : this.#byId.get(next.parent);
    }
    return [...lineage];
  }
}

function commAt(process: ProcessRecord, ts: number): string | null {
  return process.commHistory.findLast((entry) => entry.ts <= ts)?.comm ?? process.comm;
}

/** Who it was: not what was read of it for a later event. */
function identityAt(process: ProcessRecord, ts: number): Identity | undefined {
  const { identity, earlierIdentities = [] } = process;
  return [...earlierIdentities, ...(identity ? [identity] : [])].findLast(
    // Text has microseconds, what was read of it has all digits.
    ({ since = -Infinity }) => since <= ts + 1e-6,
  );
}

/** The file of the last exec before `ts`; a fork that never called exec still runs its parent's program. */
function pathAt(lineage: readonly ProcessRecord[], ts: number): string | null {
  let until = ts;
  for (const process of lineage) {
    const exec = process.execs.findLast((call) => call.error === null && call.ts <= until);
    if (exec) return exec.path;
    if (process.attached?.program || !process.fork) return process.attached?.program ?? null;
    until = Math.min(until, process.fork.ts);
  }
  return null;
}
