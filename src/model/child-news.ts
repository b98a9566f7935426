/**
 * What a signal says of the end of a process, or of its stop: the kernel notifies the parent by the child's exit signal, which
 * is SIGCHLD unless `clone` asked for another (kernel/signal.c, do_notify_parent and do_notify_parent_cldstop).
 */
import { CLD_CONTINUED, CLD_DUMPED, CLD_EXITED, SIGCHLD } from '../kernel/signals';
import type { Process } from './process';
import { framesOf } from './signal-origin';

export type ChildNews = 'ended' | 'alive';

export interface SentByTask {
  readonly number: number;
  readonly code: number | null;
  /** Innermost first; empty where the trace has no call traces. */
  readonly stack: readonly string[];
  readonly sender: Process;
  /** Null where it is not traced. */
  readonly target: Process | null;
}

/**
 * Null where it is no news of a child. Anybody may send SIGCHLD, but only the kernel sends these codes to another process:
 * rt_sigqueueinfo takes them for the caller's own process alone (do_rt_sigqueueinfo), and nobody is his own child.
 */
export function childNews({ number, code, stack, sender, target }: SentByTask): ChildNews | null {
  if (code === null || code < CLD_EXITED || code > CLD_CONTINUED || sender === target) return null;
  const frames = framesOf(stack);
  if (frames.length > 0) {
    if (frames.includes('do_notify_parent')) return 'ended';
    return frames.includes('do_notify_parent_cldstop') ? 'alive' : null;
  }
  if (number === SIGCHLD) return code <= CLD_DUMPED ? 'ended' : 'alive';
  return number === sender.exitSignal && code <= CLD_DUMPED ? 'ended' : null;
}
