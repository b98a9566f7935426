/**
 * Programs taking the place of programs. `sched_process_exec` is the moment of no return (fs/exec.c); where it was
 * not traced, it is the call that returns 0. 32-bit programs have no exit event, so that both are needed.
 */
import { errnoName, isErrno } from '../kernel/errno';
import { SIGCHLD } from '../kernel/signals';
import { fieldOf, type TraceEvent } from '../trace-event';
import { int32, textOf } from './field-values';
import { takeOwnName } from './file-calls';
import { directoryOf } from './file-names';
import { resolvePath } from './working-directory';
import type { NamedPath, PendingCall } from './pending-call';
import { AddressSpace } from './mappings';
import type { Process, Task } from './process';
import type { ProcessTable } from './process-table';
import type { Exec } from './report';
import type { StageLog } from './stage-log';
import type { CallSubject } from './system-calls';
import type { Tree } from './tree';
import type { WallClock } from './wall-clock';

const MAX_EXECS = 10_000;
/** The session's probe that tells arguments is called so: src/tracefs/argument-probe.ts. */
export const ARGUMENTS_EVENT = 'argv';

export class Execs {
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

  /** Whether this trace has execs at all. */
  traced = false;

  /** sched_process_exec. */
  executed(event: TraceEvent): void {
    this.traced = true;
    const oldTid = int32(fieldOf(event, 'old_pid')) ?? event.pid;
    const caller = oldTid === event.pid ? null : this.#table.find(oldTid);
    if (caller && caller.process.tgid === event.pid) this.#table.becomeLeader(caller, event.ts);
    const task = this.#table.meet(event);
    if (!task) return;
    const call = task.call?.name.startsWith('execve') ? task.call : null;
    const filename = textOf(fieldOf(event, 'filename'));
    this.#replace(task, event.ts, call, filename === null ? null : { path: filename, source: 'exec-event' });
    task.execSeen = true;
    task.silent = call !== null;
  }

  /** The session's probe on the new program's stack (src/tracefs/argument-probe.ts), before sched_process_exec. */
  toldArguments(event: TraceEvent): void {
    const process = this.#table.meet(event)?.process;
    if (!process) return;
    const argc = int32(fieldOf(event, 'argc'));
    const argv: string[] = [];
    for (let index = 0; index < (argc ?? 0); index++) {
      const argument = textOf(fieldOf(event, `argv${index}`));
      // More than the probe tells, or a page that was not there: half of them would be untrue.
      if (argument === null || argument === '(fault)') return;
      argv.push(argument);
    }
    process.argvToCome = argv;
  }

  get calls(): readonly (readonly [string, CallSubject])[] {
    const subject: CallSubject = {
      enter: (task, call) => {
        this.traced = true;
        task.execSeen = false;
        takeOwnName(call);
      },
      exit: (task, call, ret, event) => {
        const seen = task.execSeen;
        task.execSeen = false;
        if (ret === 0 && !seen) this.#replace(task, event.ts, call ?? this.#callOfSibling(task), null);
        if (isErrno(ret)) this.#failed(task, event.ts, call, ret);
      },
    };
    return [
      ['execve', subject],
      ['execveat', subject],
    ];
  }

  /** Without sched_process_exec: the thread that called has gone, and the first one returns in its place. */
  #callOfSibling(task: Task): PendingCall | null {
    for (const sibling of task.process.tasks.values()) {
      if (sibling.call?.name.startsWith('execve')) return sibling.call;
    }
    return null;
  }

  #replace(task: Task, ts: number, call: PendingCall | null, reported: NamedPath | null): void {
    const { process } = task;
    const exec = this.#list(task, ts, call, reported, null);
    for (const thread of [...process.tasks.values()]) {
      if (thread === task || thread.tid === process.tgid) continue;
      if (thread.listed) thread.listed.end ??= ts;
      this.#table.forget(thread);
    }
    task.handlers = [];
    // A new program's end is always reported by SIGCHLD (fs/exec.c, de_thread).
    process.exitSignal = SIGCHLD;
    // The threads that it ended got the same 9 as those of a process that ends.
    process.ending.groupExits = 0;
    process.files = process.files.afterExec();
    if (process.memoryOwner === process) process.memory.clear(ts);
    process.memory = new AddressSpace();
    process.memoryOwner = process;
    this.#tree.executed(process);
    const { argvToCome } = process;
    process.argvToCome = null;
    if (process.record.role === 'workload' && this.#tree.argv && process.record.execs.length === 1) {
      exec.argv = [...this.#tree.argv];
      exec.argvSource = 'session';
    } else if (argvToCome !== null) {
      exec.argv = argvToCome;
      exec.argvSource = 'probe';
    }
    if (!process.commTraced && process.record.comm === null && exec.path !== null) {
      process.renamed(ts, exec.path.slice(exec.path.lastIndexOf('/') + 1).slice(0, 15), false);
    }
    this.#stages.add(
      'exec',
      ts,
      process,
      `${process.title} runs ${exec.path ?? 'a program of unknown name'}`,
      exec,
    );
  }

  #failed(task: Task, ts: number, call: PendingCall | null, ret: number): void {
    const exec = this.#list(task, ts, call, null, errnoName(ret));
    const { process } = task;
    const path = exec.path ?? 'a program of unknown name';
    this.#stages.add(
      'exec-failed',
      ts,
      process,
      `${process.title} could not run ${path}: ${exec.error ?? ''}`,
      exec,
    );
  }

  #list(
    task: Task,
    ts: number,
    call: PendingCall | null,
    reported: NamedPath | null,
    error: string | null,
  ): Exec {
    const { process } = task;
    const directory = call?.name === 'execveat' ? directoryOf(call) : null;
    // A probe inside the call may have seen the interpreter: where the program has no name, that is the first one.
    const named = call?.path?.source === 'probe' ? (reported ?? call.path) : (call?.path ?? reported);
    const found = (directory === null ? null : byDescriptor(process, directory, reported)) ?? named;
    const exec: Exec = {
      ts,
      time: this.#clock.timeOf(ts),
      path: found && resolvePath(process, found.path, directory),
      argv: null,
      argvSource: null,
      error,
      nameSource: found?.source ?? null,
      call: call?.name ?? 'execve',
    };
    if (process.record.execs.length < MAX_EXECS) process.record.execs.push(exec);
    else process.note(`more than ${MAX_EXECS} execs: the later ones are not listed`);
    return exec;
  }
}

/**
 * The program of an execveat, where its descriptor's name is known: the kernel calls it `/dev/fd/3`, or
 * `/dev/fd/3/name` in a directory (fs/exec.c, alloc_bprm).
 */
function byDescriptor(process: Process, fd: number, reported: NamedPath | null): NamedPath | null {
  const given = `/dev/fd/${fd}`;
  if (reported === null || !(reported.path === given || reported.path.startsWith(`${given}/`))) return null;
  const file = process.files.get(fd);
  if (!file?.path?.startsWith('/')) return null;
  return { path: file.path + reported.path.slice(given.length), source: reported.source };
}
