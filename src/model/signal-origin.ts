/**
 * What made a signal: read from the call trace after `signal_generate`, where a `stacktrace` trigger put one; else
 * from the call that the sender is in, the code and the context. `code` 0 alone proves no user's kill: SIGPIPE,
 * pdeath_signal and cgroup.kill have it too (kernel/signal.c, SEND_SIG_NOINFO).
 *
 * Functions: the callers of send_signal_locked and its relatives, kernel 5.10 to 7.x. The innermost frame that only one
 * subsystem passes decides. What several entries share (do_send_specific, kill_pid_info) decides nothing: then it is the
 * system call by which the kernel was entered. Outside of an interrupt's entry lies whoever was interrupted.
 */
import {
  CLD_CONTINUED,
  SIGALRM,
  SIGBUS,
  SIGCHLD,
  SIGFPE,
  SIGILL,
  SIGPIPE,
  SIGPROF,
  SIGSEGV,
  SIGSYS,
  SIGTRAP,
  SIGVTALRM,
  SIGXCPU,
  SIGXFSZ,
  SI_KERNEL,
  SI_MESGQ,
  SI_QUEUE,
  SI_TIMER,
  SI_TKILL,
} from '../kernel/signals';
import type { SignalOrigin } from './report';

const FRAMES: readonly (readonly [RegExp, SignalOrigin])[] = [
  [/^do_notify_parent(?:_cldstop)?$/, 'child'],
  [/^(?:__)?oom_kill_process$|^mem_cgroup_oom|^mem_cgroup_out_of_memory$|^oom_kill_memcg_member$/, 'oom'],
  [/^__secure_computing$|^__seccomp_filter$|^seccomp_/, 'seccomp'],
  [/^(?:do_|__)?bpf_send_signal/, 'bpf'],
  [/^(?:__)?cgroup_kill/, 'cgroup'],
  [/^zap_pid_ns_processes$/, 'pidns'],
  [/^(?:kill_orphaned_pgrp|reparent_leader)$/, 'orphaned-pgrp'],
  [/^(?:forget_original_parent|reparent_thread|do_pdeath)$/, 'pdeath'],
  [
    /^(?:it_real_fn|posix_timer_fn|posix_timer_event|posixtimer_send_sigqueue|alarm_handle_timer|alarm_timer_fired)$/,
    'timer',
  ],
  [
    /^(?:run_posix_cpu_timers|posix_cpu_timers_work|check_cpu_itimer|check_process_timers|check_thread_timers|handle_posix_cpu_timers|cpu_timer_fire)$/,
    'timer',
  ],
  // A file, socket or device that calls its owner (fs/fcntl.c), inside whatever made it ready.
  [/^(?:kill_fasync|kill_fasync_rcu|send_sigio|send_sigio_to_task|send_sigurg|sk_send_sigurg)$/, 'kernel'],
  [
    /^(?:__do_notify|kill_pid_usb_asyncio|sysrq_handle_\w+|send_sig_all|ctrl_alt_del|kill_cad_pid)$/,
    'kernel',
  ],
  // RLIMIT_FSIZE: where a file is written to (mm/filemap.c, fs/read_write.c), and where it is given a size (fs/attr.c).
  [/^(?:generic_write_check_limits|generic_write_checks|inode_newsize_ok)$/, 'kernel'],
  [
    /^(?:isig|__isig|n_tty_|tty_|pty_|vt_|disassociate_ctty|session_clear_tty|__tty_|job_control|do_SAK|__do_SAK)/,
    'tty',
  ],
  [
    /^(?:force_sig_fault|force_sig_mceerr|force_sig_bnderr|force_sig_pkuerr|force_sig_fault_to_task)$/,
    'fault',
  ],
  [
    /^(?:bad_area|do_trap|math_error|exc_|do_user_addr_fault|do_bus_error|arm64_force_sig|arm64_notify_die)/,
    'fault',
  ],
  [/^ptrace_|sys_ptrace$|^exit_ptrace$|^arch_ptrace$/, 'ptrace'],
];

/** Who sends SIGPIPE is in a write; where data only comes through these, they say nothing. */
const WRITES =
  /^(?:pipe_write|anon_pipe_write|fifo_pipe_write|sk_stream_error|unix_\w+_sendmsg|tcp_sendmsg|splice_|wait_for_space|generic_file_splice_|iter_file_splice_|opipe_prep|tee|link_pipe|vmsplice_)/;

/**
 * What an exiting task sends where the compiler left no frame of the function that decides: `reparent_leader` and
 * `forget_original_parent` are inlined, `kill_orphaned_pgrp` ends by a jump into `__kill_pgrp_info`.
 */
const SENT_BY_EXIT: readonly (readonly [RegExp, SignalOrigin])[] = [
  [/^(?:do|group)_send_sig_info$/, 'pdeath'],
  [/^__kill_pgrp_info$/, 'orphaned-pgrp'],
];
const EXIT = /^(?:do_exit|exit_notify)$/;

/** SIGTRAP for a tracee that runs another program (include/linux/ptrace.h, ptrace_event, which is inlined). */
const EXEC = /^(?:exec_binprm|bprm_execve|begin_new_exec|do_execveat_common)$/;

/** The entry of an interrupt, or of the work that follows it. */
const INTERRUPT =
  /^(?:asm_sysvec_|asm_common_interrupt|common_interrupt|sysvec_|__do_softirq|handle_softirqs|do_softirq|el[01]\w*_irq|gic_handle_irq|irq_exit)/;

/** How the kernel was entered: `__x64_sys_kill`, `__do_sys_kill`, `__arm64_compat_sys_kill`. */
const ENTRY = /^(?:__\w+?_)?(?:do_)?(?:compat_)?sys_(\w+)$/;

/** By the call that the sender is in. */
const CALLS: Readonly<Record<string, SignalOrigin>> = {
  kill: 'kill',
  tkill: 'tgkill',
  tgkill: 'tgkill',
  rt_sigqueueinfo: 'rt_sigqueue',
  rt_tgsigqueueinfo: 'rt_sigqueue',
  pidfd_send_signal: 'pidfd',
};

/** The same by inner functions, where the entry has no frame of its own. */
const INNER: readonly (readonly [RegExp, SignalOrigin])[] = [
  [/^do_pidfd_send_signal$/, 'pidfd'],
  [/^do_rt_(?:tg)?sigqueueinfo$/, 'rt_sigqueue'],
  [/^do_tkill$/, 'tgkill'],
  [/^kill_something_info$/, 'kill'],
];

/** Signals whose positive codes say what was wrong with an instruction; others have them from files (F_SETSIG). */
const FAULTS: readonly number[] = [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS];

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
  const found = originOfStack(evidence);
  if (found) return found;
  if (evidence.oomVictim && evidence.number === 9) return { origin: 'oom', evidence: 'mark_victim' };
  const { senderCall } = evidence;
  const call = senderCall === null || evidence.inInterrupt ? undefined : CALLS[senderCall];
  if (call) return { origin: call, evidence: senderCall };
  return { origin: originOfCode(evidence), evidence: null };
}

function originOfStack({ stack, number, code }: SignalEvidence): FoundOrigin | null {
  const names = framesOf(stack);
  let inner: FoundOrigin | null = null;
  for (const [index, name] of names.entries()) {
    const callee = names[index - 1] ?? '';
    if (number === SIGPIPE && WRITES.test(name)) return { origin: 'pipe', evidence: name };
    if (number === SIGTRAP && code === 0 && EXEC.test(name)) return { origin: 'ptrace', evidence: name };
    const found = EXIT.test(name)
      ? SENT_BY_EXIT.find(([pattern]) => pattern.test(callee))
      : FRAMES.find(([pattern]) => pattern.test(name));
    if (found) return { origin: found[1], evidence: name };
    const entry = ENTRY.exec(name)?.[1];
    const origin = entry === undefined ? undefined : CALLS[entry];
    if (origin !== undefined) return { origin, evidence: name };
    const byInner = INNER.find(([pattern]) => pattern.test(name));
    if (byInner) inner ??= { origin: byInner[1], evidence: name };
  }
  return inner;
}

/** The functions of a call trace, innermost first, up to the entry of an interrupt. */
export function framesOf(stack: readonly string[]): string[] {
  const names = stack.map(bareFunction);
  const interrupt = names.findIndex((name) => INTERRUPT.test(name));
  return interrupt < 0 ? names : names.slice(0, interrupt);
}

function originOfCode({ number, code, inInterrupt, toItself }: SignalEvidence): SignalOrigin {
  if (code === null) return 'unknown';
  if (number === SIGCHLD && code >= 1 && code <= CLD_CONTINUED) return 'child';
  if (number === SIGSYS && code === 1) return 'seccomp';
  if (code === SI_TIMER) return 'timer';
  if (code === SI_TKILL) return 'tgkill';
  if (code === SI_QUEUE) return 'rt_sigqueue';
  if (code === SI_MESGQ) return 'kernel';
  const ofTimer = number === SIGALRM || number === SIGVTALRM || number === SIGPROF || number === SIGXCPU;
  if (code === SI_KERNEL) return ofTimer ? 'timer' : 'kernel';
  if (code > 0 && code < SI_KERNEL) return FAULTS.includes(number) ? 'fault' : 'kernel';
  if (number === SIGPIPE && toItself && code === 0) return 'pipe';
  if (number === SIGXFSZ && toItself && code === 0) return 'kernel';
  return inInterrupt ? 'kernel' : 'unknown';
}

/** Without offset, address, module and compiler's suffix: `kill_something_info.constprop.0+0x1b` is `kill_something_info`. */
export function bareFunction(frame: string): string {
  return frame.replace(/[+ ].*$/, '').replace(/\.(?:constprop|isra|part|cold|llvm).*$/, '');
}

const MACHINERY =
  /^(?:trace_event_raw_event_|__traceiter_|perf_trace_|__bpf_trace_|trace_event_buffer_|__trace_event_)/;

/** Without the frames of the tracing itself, which are innermost. */
export function withoutMachinery(stack: readonly string[] | undefined): string[] {
  return (stack ?? []).filter((frame) => !MACHINERY.test(bareFunction(frame)));
}
