/**
 * What made a signal: read from the call trace behind `signal_generate`, where a `stacktrace` trigger put one;
 * else from the call that the sender is in, the code and the context. `code` 0 alone proves no user's kill:
 * SIGPIPE, pdeath_signal and cgroup.kill have it too (kernel/signal.c, SEND_SIG_NOINFO).
 *
 * Functions: the callers of send_signal_locked and its relatives, kernel 5.10 to 7.x. The innermost frame that
 * says something decides, so that a kill inside an interrupt or a trace inside a syscall is named by its cause.
 */
import {
  CLD_CONTINUED,
  SIGALRM,
  SIGCHLD,
  SIGPIPE,
  SIGPROF,
  SIGSYS,
  SIGVTALRM,
  SIGXCPU,
  SI_KERNEL,
  SI_QUEUE,
  SI_TIMER,
  SI_TKILL,
} from '../kernel/signals';
import type { SignalOrigin } from './report';

const FRAMES: readonly (readonly [RegExp, SignalOrigin])[] = [
  [/^do_notify_parent(?:_cldstop)?$/, 'child'],
  [/^(?:__)?oom_kill_process$|^mem_cgroup_oom|^mem_cgroup_out_of_memory$|^oom_kill_memcg_member$/, 'oom'],
  [/^__secure_computing$|^__seccomp_filter$|^seccomp_/, 'seccomp'],
  [/^(?:__)?bpf_send_signal/, 'bpf'],
  [/^(?:__)?cgroup_kill/, 'cgroup'],
  [/^zap_pid_ns_processes$/, 'pidns'],
  [/^(?:kill_orphaned_pgrp|reparent_leader)$/, 'orphaned-pgrp'],
  [/^(?:forget_original_parent|reparent_thread|do_pdeath)$/, 'pdeath'],
  [
    /^(?:it_real_fn|posix_timer_fn|posix_timer_event|posixtimer_send_sigqueue|alarm_handle_timer|alarm_timer_fired)$/,
    'timer',
  ],
  [
    /^(?:run_posix_cpu_timers|posix_cpu_timers_work|check_cpu_itimer|check_process_timers|check_thread_timers|handle_posix_cpu_timers)$/,
    'timer',
  ],
  [/^(?:isig|__isig|n_tty_|tty_|disassociate_ctty|session_clear_tty|__tty_|job_control|do_SAK)/, 'tty'],
  [
    /^(?:pipe_write|anon_pipe_write|sk_stream_error|unix_stream_sendmsg|tcp_sendmsg|generic_file_splice_)/,
    'pipe',
  ],
  [
    /^(?:force_sig_fault|force_sig_mceerr|force_sig_bnderr|force_sig_pkuerr|force_sig_fault_to_task)$/,
    'fault',
  ],
  [
    /^(?:bad_area|do_trap|math_error|exc_|do_user_addr_fault|do_bus_error|arm64_force_sig|arm64_notify_die)/,
    'fault',
  ],
  [/^(?:do_)?pidfd_send_signal$|sys_pidfd_send_signal$/, 'pidfd'],
  [/^do_rt_(?:tg)?sigqueueinfo$|sys_rt_(?:tg)?sigqueueinfo$/, 'rt_sigqueue'],
  [/^do_tkill$|^do_send_specific$|sys_tg?kill$/, 'tgkill'],
  [/^ptrace_|sys_ptrace$|^exit_ptrace$|^arch_ptrace$/, 'ptrace'],
  [/^kill_something_info$|sys_kill$/, 'kill'],
];

/**
 * What an exiting task sends where the compiler left no frame of the function that decides: `reparent_leader` and
 * `forget_original_parent` are inlined, `kill_orphaned_pgrp` ends by a jump into `__kill_pgrp_info`.
 */
const SENT_BY_EXIT: readonly (readonly [RegExp, SignalOrigin])[] = [
  [/^(?:do|group)_send_sig_info$/, 'pdeath'],
  [/^__kill_pgrp_info$/, 'orphaned-pgrp'],
];
const EXIT = /^(?:do_exit|exit_notify)$/;

/** The call that the sender is in. */
const CALLS: Readonly<Record<string, SignalOrigin>> = {
  kill: 'kill',
  tkill: 'tgkill',
  tgkill: 'tgkill',
  rt_sigqueueinfo: 'rt_sigqueue',
  rt_tgsigqueueinfo: 'rt_sigqueue',
  pidfd_send_signal: 'pidfd',
};

export interface SignalEvidence {
  readonly number: number;
  readonly code: number | null;
  /** Innermost first, without the tracing machinery. */
  readonly stack: readonly string[];
  /** The system call that the sender is known to be in. */
  readonly senderCall: string | null;
  /** The sender named is only who was interrupted. */
  readonly inInterrupt: boolean;
  readonly toItself: boolean;
  /** oom/mark_victim chose the target just before. */
  readonly oomVictim: boolean;
}

export interface FoundOrigin {
  readonly origin: SignalOrigin;
  /** The function or call that says so; null where it follows from the code alone. */
  readonly evidence: string | null;
}

export function findOrigin(evidence: SignalEvidence): FoundOrigin {
  let inner = '';
  for (const frame of evidence.stack) {
    const name = bareFunction(frame);
    const callee = inner;
    inner = name;
    const found = EXIT.test(name)
      ? SENT_BY_EXIT.find(([pattern]) => pattern.test(callee))
      : FRAMES.find(([pattern]) => pattern.test(name));
    if (found) return { origin: found[1], evidence: outerCall(found[1], evidence.stack) ?? name };
  }
  if (evidence.oomVictim && evidence.number === 9) return { origin: 'oom', evidence: 'mark_victim' };
  const { senderCall } = evidence;
  const call = senderCall === null || evidence.inInterrupt ? undefined : CALLS[senderCall];
  if (call) return { origin: call, evidence: senderCall };
  return { origin: originOfCode(evidence), evidence: null };
}

/** For a signal that somebody asked for, the system call by which they did: `__x64_sys_kill`. */
function outerCall(origin: SignalOrigin, stack: readonly string[]): string | null {
  if (origin !== 'kill' && origin !== 'tgkill' && origin !== 'rt_sigqueue' && origin !== 'pidfd') return null;
  return stack.map(bareFunction).find((frame) => /^(?:__\w+?_)?(?:do_)?sys_\w+$/.test(frame)) ?? null;
}

function originOfCode({ number, code, inInterrupt, toItself }: SignalEvidence): SignalOrigin {
  if (code === null) return 'unknown';
  if (number === SIGCHLD && code >= 1 && code <= CLD_CONTINUED) return 'child';
  if (number === SIGSYS && code === 1) return 'seccomp';
  if (code === SI_TIMER) return 'timer';
  if (code === SI_TKILL) return 'tgkill';
  if (code === SI_QUEUE) return 'rt_sigqueue';
  const ofTimer = number === SIGALRM || number === SIGVTALRM || number === SIGPROF || number === SIGXCPU;
  if (code === SI_KERNEL) return ofTimer ? 'timer' : 'kernel';
  if (code > 0 && code < SI_KERNEL) return 'fault';
  if (number === SIGPIPE && toItself && code === 0) return 'pipe';
  return inInterrupt ? 'kernel' : 'unknown';
}

/** Without offset, address, module and compiler's suffix: `kill_something_info.constprop.0+0x1b` is `kill_something_info`. */
export function bareFunction(frame: string): string {
  return frame.replace(/[+ ].*$/, '').replace(/\.(?:constprop|isra|part|cold|llvm).*$/, '');
}

const MACHINERY =
  /^(?:trace_event_raw_event_|__traceiter_|perf_trace_|__bpf_trace_|trace_event_buffer_|__trace_event_)/;

/** Without the frames of the tracing itself, which stand innermost. */
export function withoutMachinery(stack: readonly string[] | undefined): string[] {
  return (stack ?? []).filter((frame) => !MACHINERY.test(bareFunction(frame)));
}
