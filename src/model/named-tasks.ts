/**
 * A trace that no session declared as its own, such as lines that somebody pasted: nobody said whose it is, so every task
 * that an event names is a process of the report. Those that do nothing that a subject follows are remembered here, and
 * get their record at the end: until then a fork may show whose child one is.
 */
import { fieldOf, type Tid, type TraceEvent } from '../trace-event';
import { int32, textOf } from './field-values';
import { BEGINS_BEFORE } from './process';
import type { ProcessTable } from './process-table';

/** Beyond these, tasks without a life of their own are only counted. */
const MAX_NAMED = 50_000;

/**
 * Which fields name another task than the one that runs, and its name (include/trace/events/, TP_STRUCT__entry).
 * sched_process_wait is not here: its comm is that of whoever waits, its pid that of whom it waits for.
 */
const NAMED_BY: Readonly<Record<string, readonly (readonly [pid: string, comm: string])[]>> = {
  sched_switch: [
    ['prev_pid', 'prev_comm'],
    ['next_pid', 'next_comm'],
  ],
  sched_wakeup: [['pid', 'comm']],
  sched_wakeup_new: [['pid', 'comm']],
  sched_waking: [['pid', 'comm']],
  sched_migrate_task: [['pid', 'comm']],
  sched_wait_task: [['pid', 'comm']],
  sched_process_hang: [['pid', 'comm']],
  sched_process_free: [['pid', 'comm']],
  sched_stat_sleep: [['pid', 'comm']],
  sched_stat_wait: [['pid', 'comm']],
  sched_stat_iowait: [['pid', 'comm']],
  sched_stat_blocked: [['pid', 'comm']],
  sched_stat_runtime: [['pid', 'comm']],
  sched_pi_setprio: [['pid', 'comm']],
  cgroup_attach_task: [['pid', 'comm']],
  cgroup_transfer_tasks: [['pid', 'comm']],
  oom_score_adj_update: [['pid', 'comm']],
  mark_victim: [['pid', 'comm']],
};
const FREE = 'sched_process_free';

interface NamedTask {
  readonly ts: number;
  comm: string | null;
  readonly tgid: number | null;
  /** sched_process_free names it: it is gone. */
  freed: boolean;
}

export class NamedTasks {
  readonly #named = new Map<Tid, NamedTask>();
  leftOut = 0;

  /** The task in whose context the event happened, and those that its fields name. */
  add(event: TraceEvent): void {
    const known = this.#named.get(event.pid);
    if (known === undefined) this.#remember(event.pid, event.ts, event.comm, event.tgid, false);
    const fields = NAMED_BY[event.name];
    if (fields === undefined) return;
    for (const [pidField, commField] of fields) {
      const pid = int32(fieldOf(event, pidField));
      const task = pid === null ? undefined : this.#named.get(pid);
      const freed = event.name === FREE;
      if (task !== undefined) {
        task.comm ??= textOf(fieldOf(event, commField));
        if (freed) task.freed = true;
      } else if (pid !== null) {
        this.#remember(pid, event.ts, textOf(fieldOf(event, commField)), null, freed);
      }
    }
  }

  /** At the end of the trace: a record for each task that is not part of a process already. */
  addRecords(table: ProcessTable): void {
    const known = new Set<Tid>();
    for (const { record } of table.processes) {
      known.add(record.pid);
      for (const { tid } of record.threads) known.add(tid);
    }
    for (const [tid, { ts, comm, tgid, freed }] of this.#named) {
      const pid = tgid ?? tid;
      if (known.has(tid) || known.has(pid)) continue;
      known.add(pid);
      const process = table.start(pid, ts, null, pid === tid ? comm : null);
      process.note(BEGINS_BEFORE);
      if (!freed) continue;
      table.forgetProcess(process);
      process.record.state = 'reaped';
    }
  }

  #remember(tid: Tid, ts: number, comm: string | null, tgid: number | null, freed: boolean): void {
    if (tid <= 0) return;
    if (this.#named.size >= MAX_NAMED) this.leftOut++;
    else this.#named.set(tid, { ts, comm, tgid, freed });
  }
}

/**
 * The sender and the target of a signal, in a trace that nobody declared: both are processes of it from then on.
 * @param sends whether the sender is the task that runs, and not an interrupt
 */
export function nameSignalled(table: ProcessTable, event: TraceEvent, sends: boolean): void {
  const pid = int32(fieldOf(event, 'pid'));
  if (sends) nameProcess(table, event.tgid ?? event.pid, event.ts, event.comm);
  if (pid !== null) nameProcess(table, pid, event.ts, textOf(fieldOf(event, 'comm')));
}

function nameProcess(table: ProcessTable, pid: Tid, ts: number, comm: string | null): void {
  if (pid <= 0 || table.find(pid)) return;
  const process = table.start(pid, ts, null, comm);
  process.isOnlyNamed = true;
  process.note(BEGINS_BEFORE);
}
