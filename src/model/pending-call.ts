/** A system call between its enter and its exit event, and the file name that one of its events or a probe gave. */
import { isInterrupted } from '../kernel/interrupted-calls';
import { fieldOf, type FieldValue, type Tid, type TraceEvent } from '../trace-event';
import type { NameSource, PrecedingCall } from './report';

export interface NamedPath {
  readonly path: string;
  readonly source: NameSource;
}

/** A call that a thread has entered. */
export interface PendingCall {
  readonly name: string;
  readonly ts: number;
  readonly tid: Tid;
  /** Its fields are the arguments; decoded only when somebody asks. */
  event: TraceEvent;
  /** The file name, where the event or a probe has it. */
  path: NamedPath | null;
  /** For clone: the child, once it is known. */
  child: number | null;
  /** For clone: the flags that task_newtask had. */
  flags: number | null;
  /** What it returned; null before, and where the trace does not have it. */
  ret: number | null;
  /** As a line, once it has returned and somebody asked. */
  shown: PrecedingCall | null;
}

/** A system call that has just returned because of a signal, which is about to be delivered. */
export interface InterruptedCall {
  readonly call: string;
  readonly ret: number;
  readonly ts: number;
}

/** What a return value says; null where no signal interrupted the call. */
export function interruptionOf(call: string, ret: number, ts: number): InterruptedCall | null {
  return isInterrupted(ret) ? { call, ret, ts } : null;
}

/** One argument of the call, as its enter event has it; undefined where that event is missing. */
export function argument(call: PendingCall | null, name: string): FieldValue | undefined {
  return call === null ? undefined : fieldOf(call.event, name);
}

/**
 * Holds the arguments of a call that is still open by themselves: an event that is not decoded holds its whole batch,
 * and a call such as wait4 may be open for hours.
 */
export function keepArguments(call: PendingCall): void {
  const { event } = call;
  if (event.field === undefined) return;
  const { ts, cpu, pid, tgid, comm, name, fields, flags } = event;
  call.event = { ts, cpu, pid, tgid, comm, name, fields, flags };
}
