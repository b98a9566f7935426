/**
 * Pairs the enter and the exit event of each system call, by thread, and hands the pair to the subject that
 * follows the call. Calls that nobody follows never reach this: they cost one look-up by the event's name.
 *
 * Exit without enter: the trace began inside the call, a child's return from clone, or a call that seccomp
 * denied. Enter without exit: exit, exit_group, or a thread killed inside (kernel/entry/common.c).
 */
import { fieldOf, type TraceEvent } from '../trace-event';
import { exactNumber } from './field-values';
import { interruptionOf, type PendingCall } from './pending-call';
import type { Task } from './process';
import type { ProcessTable } from './process-table';

export interface CallSubject {
  enter?(task: Task, call: PendingCall): void;
  /**
   * @param call null where the enter event is missing
   * @param ret signed; -4095 to -1 is an errno
   */
  exit?(task: Task, call: PendingCall | null, ret: number, event: TraceEvent): void;
  /** The first event of an unknown thread is the return from this call: a child was born. */
  returnedInChild?(event: TraceEvent, name: string): void;
}

export type EventHandler = (event: TraceEvent) => void;

/** The event handlers for these calls, by event name. */
export function callHandlers(
  table: ProcessTable,
  subjects: ReadonlyMap<string, CallSubject>,
): Map<string, EventHandler> {
  const handlers = new Map<string, EventHandler>();
  for (const [name, subject] of subjects) {
    handlers.set(`sys_enter_${name}`, (event) => {
      const task = table.meet(event);
      if (!task) return;
      const { ts, pid: tid } = event;
      const call = { name, ts, tid, event, path: null, child: null, flags: null, ret: null, shown: null };
      task.call = call;
      task.interrupted = null;
      table.remember(task.process, call);
      task.silent = false;
      subject.enter?.(task, call);
    });
    handlers.set(`sys_exit_${name}`, (event) => {
      const ret = exactNumber(fieldOf(event, 'ret'));
      if (ret === 0 && subject.returnedInChild && !table.find(event.pid)) {
        subject.returnedInChild(event, name);
        return;
      }
      const task = table.meet(event);
      if (!task) return;
      const pending = task.call;
      task.call = null;
      task.interrupted = ret === null ? null : interruptionOf(name, ret, event.ts);
      task.silent = false;
      // execveat that succeeds returns as execve: the kernel rewrites the number (arch/x86, ELF_PLAT_INIT).
      const paired = pending?.name === name || (pending?.name === 'execveat' && name === 'execve');
      if (paired && ret !== null) {
        pending.ret = ret;
        task.process.recent.changed();
      }
      if (ret !== null) subject.exit?.(task, paired ? pending : null, ret, event);
    });
  }
  return handlers;
}
