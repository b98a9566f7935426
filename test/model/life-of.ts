/** Hand-made events, and what the model makes of them. */
import { EventList } from '../../src/event-list';
import { Lifecycle } from '../../src/model/lifecycle';
import type { ProcessRecord, Report, SignalRecord, Stage, StageName } from '../../src/model/report';
import type { EventFields, Loss, TraceEvent, TraceNote } from '../../src/trace-event';

type Events = readonly (TraceEvent | readonly TraceEvent[])[];
type Context = Partial<Pick<TraceEvent, 'comm' | 'cpu' | 'tgid' | 'stack' | 'flags'>>;

export function event(
  ts: number,
  pid: number,
  name: string,
  fields: EventFields = {},
  context: Context = {},
): TraceEvent {
  return { ts, pid, name, fields, cpu: 0, tgid: null, comm: null, flags: 'd..1.', ...context };
}

export function enter(ts: number, pid: number, call: string, args: EventFields = {}): TraceEvent {
  return event(ts, pid, `sys_enter_${call}`, { __syscall_nr: 0, ...args });
}

export function exit(ts: number, pid: number, call: string, ret: number): TraceEvent {
  return event(ts, pid, `sys_exit_${call}`, { __syscall_nr: 0, ret });
}

/** Both events of a call that takes a microsecond. */
export function call(ts: number, pid: number, name: string, args: EventFields, ret: number): TraceEvent[] {
  return [enter(ts, pid, name, args), exit(ts + 1e-6, pid, name, ret)];
}

const FORK_FLAGS = 0x1200000;

/** As the scheduler tells it: task_newtask and sched_process_fork. */
export function fork(ts: number, parent: number, child: number, flags = FORK_FLAGS): TraceEvent[] {
  const names = { parent_comm: 'parent', child_comm: 'child' };
  return [
    event(ts, parent, 'task_newtask', { pid: child, comm: 'child', clone_flags: flags, oom_score_adj: 0 }),
    event(ts, parent, 'sched_process_fork', { ...names, parent_pid: parent, child_pid: child }),
  ];
}

export function generate(
  ts: number,
  sender: number,
  fields: { sig: number; pid: number; code?: number; group?: number; result?: number; comm?: string },
  context: Context = {},
): TraceEvent {
  const all = { errno: 0, code: 0, group: 1, result: 0, comm: 'target', ...fields };
  return event(ts, sender, 'signal_generate', all, context);
}

export function deliver(
  ts: number,
  pid: number,
  sig: number,
  saHandler = 0,
  code = 0,
  saFlags = 0,
): TraceEvent {
  return event(ts, pid, 'signal_deliver', { sig, errno: 0, code, sa_handler: saHandler, sa_flags: saFlags });
}

export function schedExit(ts: number, pid: number, groupDead?: boolean): TraceEvent {
  const fields = { comm: 'child', pid, prio: 120 };
  return event(
    ts,
    pid,
    'sched_process_exit',
    groupDead === undefined ? fields : { ...fields, group_dead: groupDead },
  );
}

/** From RCU, in the context of whoever runs. */
export function free(ts: number, pid: number): TraceEvent {
  return event(ts, 0, 'sched_process_free', { comm: 'child', pid, prio: 120 }, { flags: '..s1.' });
}

export interface Told {
  readonly stages: Stage[];
  readonly ended: ProcessRecord[];
  readonly report: Report;
  readonly process: (pid: number) => ProcessRecord;
  readonly signal: (name: string) => SignalRecord;
  readonly stagesOf: (name: StageName) => Stage[];
}

export interface Beside {
  readonly notes?: readonly TraceNote[];
  readonly lost?: readonly Loss[];
  /** Notes that come when all events have been applied. */
  readonly later?: readonly TraceNote[];
  /** Events in a batch; all in one by default. */
  readonly batch?: number;
}

export function lifeOf(events: Events, beside: Beside = {}): Told {
  const model = new Lifecycle({ source: 'raw' });
  const all = events.flat();
  const size = beside.batch ?? Math.max(1, all.length);
  const stages: Stage[] = [];
  const ended: ProcessRecord[] = [];
  const take = (step: { stages: Stage[]; ended: ProcessRecord[] }) => {
    stages.push(...step.stages);
    ended.push(...step.ended);
  };
  for (let at = 0; at === 0 || at < all.length; at += size) {
    const first = at === 0;
    take(
      model.apply(
        new EventList(all.slice(at, at + size), first ? beside.lost : [], [], first ? beside.notes : []),
      ),
    );
  }
  if (beside.later) take(model.apply(new EventList([], [], [], beside.later)));
  const last = model.finish();
  take(last);
  return {
    stages,
    ended,
    report: last.report,
    process: (pid) => {
      const found = last.report.processes.find((process) => process.pid === pid);
      if (!found) throw new Error(`no process ${pid}`);
      return found;
    },
    signal: (name) => {
      const found = last.report.signals.find((signal) => signal.signal === name);
      if (!found) throw new Error(`no ${name}`);
      return found;
    },
    stagesOf: (name) => stages.filter((stage) => stage.stage === name),
  };
}
