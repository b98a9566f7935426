/**
 * How processes and threads come to be. Best from `sched_process_fork` and `task_newtask` (kernel/fork.c), which
 * have the global tid and clone's flags; where they were not traced, from the two returns of the call itself, in
 * whichever order they come: the parent's has the child's pid, the child's has its tid.
 */
import {
  CLONE_FILES,
  CLONE_NEWPID,
  CLONE_PARENT,
  CLONE_THREAD,
  CLONE_VM,
  cloneFlagNames,
  hasCloneFlag,
} from '../kernel/clone-flags';
import { isErrno } from '../kernel/errno';
import { SIGCHLD } from '../kernel/signals';
import { fieldOf, type Tid, type TraceEvent } from '../trace-event';
import { exactNumber, int32, textOf } from './field-values';
import { Process, taskTitle, type Task } from './process';
import type { ProcessTable } from './process-table';
import type { StageLog } from './stage-log';
import { argument } from './pending-call';
import { type CallSubject } from './system-calls';
import type { Tree } from './tree';
import type { WallClock } from './wall-clock';

const VFORK_FLAGS = 0x4100;

interface Birth {
  readonly ts: number;
  readonly tid: Tid;
  readonly comm: string | null;
  /** Null where the trace does not have them: clone3 without task_newtask. */
  readonly flags: number | null;
}

export class Forks {
  readonly #table: ProcessTable;
  readonly #tree: Tree;
  readonly #stages: StageLog;
  readonly #clock: WallClock;

  constructor(table: ProcessTable, tree: Tree, stages: StageLog, clock: WallClock) {
    this.#table = table;
    this.#tree = tree;
    this.#stages = stages;
    this.#clock = clock;
  }

  /** task_newtask, in the parent's context. */
  newTask(event: TraceEvent): void {
    const parent = this.#table.meet(event);
    const tid = int32(fieldOf(event, 'pid'));
    if (!parent || tid === null) return;
    this.#addChild(parent, {
      ts: event.ts,
      tid,
      comm: textOf(fieldOf(event, 'comm')),
      flags: exactNumber(fieldOf(event, 'clone_flags')),
    });
  }

  /** sched_process_fork, in the parent's context, right after task_newtask where both are traced. */
  fork(event: TraceEvent): void {
    const parent = this.#table.meet(event);
    const tid = int32(fieldOf(event, 'child_pid'));
    if (!parent || tid === null) return;
    const comm = textOf(fieldOf(event, 'parent_comm'));
    if (parent.process.record.comm === null && comm !== null && parent.tid === parent.process.tgid)
      parent.process.renamed(event.ts, comm, false);
    const birth = {
      ts: event.ts,
      tid,
      comm: textOf(fieldOf(event, 'child_comm')),
      flags: flagsOfCall(parent),
    };
    if (parent.call?.child !== tid && parent.lastBorn !== tid) this.#addChild(parent, birth);
    parent.lastBorn = null;
  }

  get calls(): readonly (readonly [string, CallSubject])[] {
    const subject: CallSubject = {
      enter: (task) => {
        this.#callsTraced = true;
        this.#table.forking.add(task);
      },
      exit: (task, call, ret, event) => {
        this.#callsTraced = true;
        this.#table.forking.delete(task);
        if (ret > 0) this.#returnedInParent(task, call?.child ?? null, ret, event, call);
        else if (ret === 0) this.#returnedInChild(task, event.ts);
        else if (!isErrno(ret)) return;
      },
      returnedInChild: (event) => {
        this.#unknownChild(event);
      },
    };
    return [
      ['clone', subject],
      ['clone3', subject],
      ['fork', subject],
      ['vfork', subject],
    ];
  }

  #returnedInParent(
    parent: Task,
    known: Tid | null,
    ret: number,
    event: TraceEvent,
    call: Task['call'],
  ): void {
    let child = this.#table.find(known ?? ret);
    const fresh = child?.process.record.fork;
    if (known === null && !(fresh?.by === parent.tid && fresh.parentReturn === null)) {
      // New, or seen already, before anybody could tell whose child it is. The call has ended, but it has the flags.
      parent.call = call;
      child = this.#addChild(parent, { ts: event.ts, tid: ret, comm: null, flags: flagsOfCall(parent) });
      parent.call = null;
    }
    if (!child) return;
    child.localTid = ret;
    if (child.process === parent.process) return;
    const { process } = child;
    if (process.parent === parent.process) process.pidInParent = ret;
    const fork = process.record.fork;
    if (fork?.by === parent.tid) fork.parentReturn ??= event.ts;
  }

  #returnedInChild(child: Task, ts: number): void {
    const { fork } = child.process.record;
    if (fork && child.tid === child.process.tgid) fork.childReturn ??= ts;
  }

  /** A thread nobody knew returns 0 from clone: the child of whoever is inside clone, if that is only one. */
  #unknownChild(event: TraceEvent): void {
    const candidates = [...this.#table.forking].filter(
      (task) => task.call !== null && task.call.child === null,
    );
    const parent = candidates.length === 1 ? candidates[0] : undefined;
    if (!parent) {
      const task = this.#table.meet(event);
      if (task) task.process.returnedFromClone = event.ts;
      return;
    }
    const flags = flagsOfCall(parent);
    const child = this.#addChild(parent, { ts: event.ts, tid: event.pid, comm: event.comm, flags });
    this.#returnedInChild(child, event.ts);
  }

  #addChild(parent: Task, birth: Birth): Task {
    const { call } = parent;
    if (call) call.child = birth.tid;
    parent.lastBorn = birth.tid;
    if (birth.flags !== null && hasCloneFlag(birth.flags, CLONE_THREAD))
      return this.#addThread(parent, birth);
    const orphan = this.#orphan(birth.tid, call);
    const process = orphan
      ? this.#table.adopt(orphan, parent.process)
      : this.#table.start(birth.tid, birth.ts, parent.process, birth.comm);
    this.#inherit(parent.process, process, birth.flags);
    process.exitSignal = exitSignalOfCall(call);
    if (birth.flags !== null && hasCloneFlag(birth.flags, CLONE_PARENT)) {
      process.waiter = parent.process.waiter;
      process.exitSignal = parent.process.exitSignal;
    }
    const name = call && FORK_CALLS.has(call.name) ? call.name : null;
    process.record.fork = {
      ts: this.#forkTime(parent, birth),
      time: null,
      by: parent.tid,
      call: name,
      flags: birth.flags === null ? [] : cloneFlagNames(birth.flags),
      parentReturn: null,
      childReturn: orphan?.returnedFromClone ?? null,
    };
    process.record.fork.time = this.#clock.timeOf(process.record.fork.ts);
    if (birth.flags === null && name === 'clone3') {
      process.note(
        'clone3 keeps its flags in user memory and task_newtask was not traced: it may be a thread',
      );
    }
    this.#tree.childAdded(process);
    const by = taskTitle(parent.process.record.comm, parent.tid);
    const child = birth.comm === null ? `process ${birth.tid}` : taskTitle(birth.comm, birth.tid);
    const how = name === null ? '' : ` by ${name}`;
    this.#stages.add('fork', birth.ts, process, `${by} forked ${child}${how}`, process.record.fork);
    return process.tasks.get(birth.tid)!;
  }

  /** A process with this tid that began inside the call and belongs to nobody yet. */
  #orphan(tid: Tid, call: Task['call']): Process | null {
    const process = this.#table.find(tid)?.process;
    if (process?.tgid !== tid || process.record.fork !== null || process.parent !== null) return null;
    return call === null || process.start >= call.ts ? process : null;
  }

  /** Without the scheduler's event the only time of the fork itself is that of the call. */
  #forkTime(parent: Task, birth: Birth): number {
    return this.schedTraced ? birth.ts : (parent.call?.ts ?? birth.ts);
  }

  /** sched_process_fork or task_newtask has been seen in this trace. */
  schedTraced = false;
  #callsTraced = false;

  /** Whether this trace has forks at all. */
  get traced(): boolean {
    return this.schedTraced || this.#callsTraced;
  }

  #addThread(parent: Task, birth: Birth): Task {
    const { process } = parent;
    const known = this.#table.find(birth.tid);
    if (known?.process === process && known.ended === null) return known;
    const orphan = this.#orphan(birth.tid, parent.call);
    if (orphan && orphan !== process) this.#table.discard(orphan, process);
    const task = this.#table.startThread(process, birth.tid, birth.ts);
    this.#stages.add('thread', birth.ts, process, `${process.title} started thread ${birth.tid}`, {
      ...(task.listed ?? { tid: birth.tid, start: birth.ts, end: null }),
    });
    return task;
  }

  #inherit(parent: Process, child: Process, flags: number | null): void {
    const has = (flag: number) => flags !== null && hasCloneFlag(flags, flag);
    child.files = has(CLONE_FILES) ? parent.files : parent.files.copy();
    child.memory = has(CLONE_VM) ? parent.memory : parent.memory.copy();
    child.memoryOwner = has(CLONE_VM) ? parent.memoryOwner : child;
    child.cwd = parent.cwd;
    child.pidNamespace = has(CLONE_NEWPID) ? child : parent.pidNamespace;
    child.programBefore = parent.record.execs.length === 0 ? parent.programBefore : null;
    child.hasSignalfd = parent.hasSignalfd;
    child.threadEnds.seccomp = parent.threadEnds.seccomp;
    // Its tracer may have asked for its children (PTRACE_O_TRACEFORK), in memory that no trace shows.
    this.#table.traces(parent.tracer, child);
  }
}

const FORK_CALLS = new Set(['clone', 'clone3', 'fork', 'vfork']);

function flagsOfCall(task: Task): number | null {
  const { call } = task;
  switch (call?.name) {
    case 'clone':
      return exactNumber(argument(call, 'clone_flags') ?? argument(call, 'flags'));
    case 'fork':
      return 0;
    case 'vfork':
      return VFORK_FLAGS;
    default:
      return null;
  }
}

/** The lowest byte of clone's flags; clone3 has it in user memory. */
function exitSignalOfCall(call: Task['call']): number | null {
  switch (call?.name) {
    case 'clone': {
      const flags = exactNumber(argument(call, 'clone_flags') ?? argument(call, 'flags'));
      return flags === null ? null : flags % 0x100;
    }
    case 'fork':
    case 'vfork':
      return SIGCHLD;
    default:
      return null;
  }
}
