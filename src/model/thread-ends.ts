/**
 * How the first and the last thread of a process left it, where nothing ended the whole process: then the status that wait
 * returns is that of the last thread since Linux 6.0 (kernel/exit.c, synchronize_group_exit), before that of the first. A
 * thread calls exit, or the kernel ends it at once: seccomp does (kernel/seccomp.c, __seccomp_filter), without a
 * signal, where other threads live on.
 */
import { int32 } from './field-values';
import { argument, type PendingCall } from './pending-call';

export type ThreadEnd =
  | { readonly kind: 'exit'; readonly code: number | null }
  /** Null where the trace does not show who forbids its system calls, and how. */
  | { readonly kind: 'kernel'; readonly signal: 'SIGSYS' | 'SIGKILL' | null };

export class ThreadEnds {
  first: ThreadEnd | null = null;
  last: ThreadEnd | null = null;
  /** When the last of its threads called exit. */
  lastCallTs: number | null = null;
  /** What a system call that seccomp forbids ends a thread with. */
  seccomp: 'SIGSYS' | 'SIGKILL' | null = null;

  calledExit(isFirst: boolean, call: PendingCall): void {
    this.#set(isFirst, { kind: 'exit', code: int32(argument(call, 'error_code')) });
    this.lastCallTs = call.ts;
  }

  endedByKernel(isFirst: boolean): void {
    this.#set(isFirst, { kind: 'kernel', signal: this.seccomp });
  }

  /**
   * Its first thread left before the end of the process.
   *
   * @param callsTraced a thread that did not call exit proves something only then
   */
  hasFirstLeft(callsTraced: boolean): boolean {
    return proven(this.first, callsTraced) !== null;
  }

  /** Those that may count. @param lastCounts null where the trace does not name its kernel */
  counting(lastCounts: boolean | null, callsTraced: boolean): ThreadEnd[] {
    const first = proven(this.first, callsTraced);
    const last = proven(this.last, callsTraced);
    if (lastCounts !== null) return [lastCounts ? last : first].filter((end) => end !== null);
    const isSame = first?.kind === 'exit' && last?.kind === 'exit' && first.code === last.code;
    return (first === last || isSame ? [last] : [first, last]).filter((end) => end !== null);
  }

  #set(isFirst: boolean, end: ThreadEnd): void {
    if (isFirst) this.first = end;
    this.last = end;
  }
}

function proven(end: ThreadEnd | null, callsTraced: boolean): ThreadEnd | null {
  return end?.kind === 'kernel' && !callsTraced ? null : end;
}
