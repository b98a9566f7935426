import type { ProcessRecord, Report } from '../../model/report';
import { printable } from '../printable';

/** `bash (4994)`; `process 4994` where the trace knows no name. */
export function nameAndPid(comm: string | null, pid: number): string {
  return comm === null ? `process ${pid}` : `${printable(comm)} (${pid})`;
}

/** Who a thread id was at a time: ids are used again, and threads belong to processes. */
export class StoryNames {
  readonly #byTid = new Map<number, { since: number; process: ProcessRecord }[]>();

  constructor(report: Report) {
    for (const process of report.processes) {
      const since = process.fork?.ts ?? -Infinity;
      this.#note(process.pid, since, process);
      for (const thread of process.threads) this.#note(thread.tid, thread.start ?? since, process);
    }
    for (const owners of this.#byTid.values()) owners.sort((a, b) => a.since - b.since);
  }

  process(tid: number, ts: number): ProcessRecord | null {
    const owners = this.#byTid.get(tid);
    return owners?.findLast((owner) => owner.since <= ts)?.process ?? owners?.[0]?.process ?? null;
  }

  /** `bash (4994)`; for a thread other than the first, `node (100), thread 104`. */
  of(tid: number, ts: number): string {
    const process = this.process(tid, ts);
    if (!process) return nameAndPid(null, tid);
    const name = nameAndPid(process.comm, process.pid);
    return process.pid === tid ? name : `${name}, thread ${tid}`;
  }

  #note(tid: number, since: number, process: ProcessRecord): void {
    const owners = this.#byTid.get(tid);
    if (owners?.some((owner) => owner.process === process)) return;
    if (owners) owners.push({ since, process });
    else this.#byTid.set(tid, [{ since, process }]);
  }
}
