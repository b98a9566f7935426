/**
 * Why the kernel sent a signal that no program asked for, as a phrase for a sentence: `Ctrl-C on pts/3`, `urgent data on a
 * socket`. Read from the same call trace as its origin; without one, from the number and the code, as far as they tell.
 */
import {
  SIGALRM,
  SIGBUS,
  SIGCHLD,
  SIGCONT,
  SIGFPE,
  SIGHUP,
  SIGILL,
  SIGINT,
  SIGKILL,
  SIGPROF,
  SIGQUIT,
  SIGSEGV,
  SIGSYS,
  SIGTRAP,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  SIGURG,
  SIGVTALRM,
  SIGWINCH,
  SIGXCPU,
  SIGXFSZ,
  SI_MESGQ,
  SI_TIMER,
} from '../kernel/signals';
import type { SignalOrigin } from './report';
import { framesOf } from './signal-origin';

export interface CauseEvidence {
  readonly number: number;
  readonly code: number | null;
  readonly origin: SignalOrigin;
  /** Innermost first, without the tracing machinery. */
  readonly stack: readonly string[];
  /** `bash (4994)`; null for an interrupt, a kernel thread, and where it is not known. */
  readonly sender: string | null;
  readonly toItself: boolean;
}

/** Null where its sender is the whole cause, or nothing is known. */
export function causeOfSignal(evidence: CauseEvidence): string | null {
  const frames = framesOf(evidence.stack);
  switch (evidence.origin) {
    case 'tty':
      return causeAtTerminal(evidence, frames);
    case 'pipe':
      return causeOfBrokenPipe(frames);
    case 'timer':
      return causeOfTimer(evidence);
    case 'oom':
      return causeOfOom(frames);
    case 'fault':
      return causeOfFault(evidence);
    case 'kernel':
      return causeInKernel(evidence, frames);
    case 'ptrace':
      return causeOfTracer(evidence, frames);
    case 'pdeath':
      return evidence.sender === null
        ? "its parent's thread ended (PR_SET_PDEATHSIG)"
        : `its parent's thread ${evidence.sender} ended (PR_SET_PDEATHSIG)`;
    case 'cgroup':
      return 'its cgroup was killed (cgroup.kill)';
    case 'orphaned-pgrp':
      return 'its process group was orphaned while it was stopped';
    case 'pidns':
      return 'the first process of its pid namespace ended';
    case 'seccomp':
      return 'a system call that seccomp forbids';
    case 'bpf':
      return 'a BPF program';
    case 'kill':
    case 'tgkill':
    case 'rt_sigqueue':
    case 'pidfd':
    case 'child':
    case 'unknown':
      return null;
  }
}

/** In the cause, until somebody knows its name. */
const NO_TERMINAL = 'its terminal';

/** @param name `pts/3` */
export function withTerminal(cause: string, name: string): string {
  return cause.replace(`on ${NO_TERMINAL}`, `on ${name}`).replace(NO_TERMINAL, `${NO_TERMINAL} ${name}`);
}

/** By the number: the terminal driver has one key for each (man 3 termios, INTR, QUIT and SUSP). */
const KEYS: Readonly<Record<number, string>> = {
  [SIGINT]: 'Ctrl-C',
  [SIGQUIT]: 'Ctrl-\\',
  [SIGTSTP]: 'Ctrl-Z',
};

function causeAtTerminal({ number, sender, toItself }: CauseEvidence, frames: string[]): string {
  const by = sender === null || toItself ? '' : ` by ${sender}`;
  const has = (pattern: RegExp) => frames.some((frame) => pattern.test(frame));
  if (has(/^disassociate_ctty$/)) {
    if (has(/^do_exit$/))
      return `the leader of its session ended${sender === null || toItself ? '' : `: ${sender}`}`;
    return `the leader of its session gave up ${NO_TERMINAL}`;
  }
  if (has(/do_SAK/)) return `the secure attention key on ${NO_TERMINAL}`;
  if (number === SIGWINCH) return `the window of ${NO_TERMINAL} was resized${by}`;
  if (number === SIGHUP || (number === SIGCONT && has(/hangup|tty_signal_session_leader/)))
    return has(/vhangup/) ? `${NO_TERMINAL} was hung up${by}` : `${NO_TERMINAL} was closed${by}`;
  if (number === SIGTTIN) return `it read from ${NO_TERMINAL} in the background`;
  if (number === SIGTTOU) return `it wrote to ${NO_TERMINAL}, or changed its settings, in the background`;
  const key = KEYS[number];
  // TIOCSIG: the program at the other end asks for it.
  if (has(/^(?:pty_signal|pty_unix98_ioctl)$/)) return `${NO_TERMINAL} sent it${by}`;
  return key === undefined ? NO_TERMINAL : `${key} on ${NO_TERMINAL}`;
}

function causeOfBrokenPipe(frames: string[]): string {
  const isSocket = frames.some((frame) => /sock|sk_stream|unix_|tcp_|sendmsg|sendto/.test(frame));
  const isPipe = frames.some((frame) => /pipe|splice|wait_for_space/.test(frame));
  if (isSocket && !isPipe) return 'it wrote to a socket whose other end is closed';
  if (isPipe) return 'it wrote to a pipe that nobody reads';
  return 'it wrote to a pipe or socket that nobody reads';
}

function causeOfTimer({ number, code }: CauseEvidence): string {
  if (code === SI_TIMER) return 'a timer of timer_create() expired';
  switch (number) {
    case SIGALRM:
      return 'its alarm() or setitimer() expired';
    case SIGVTALRM:
      return 'its setitimer(ITIMER_VIRTUAL) expired';
    case SIGPROF:
      return 'its setitimer(ITIMER_PROF) expired';
    case SIGXCPU:
      return 'it used more processor time than its limit (RLIMIT_CPU)';
    case SIGKILL:
      return 'it used more processor time than its hard limit (RLIMIT_CPU)';
    default:
      return 'a timer expired';
  }
}

function causeOfOom(frames: string[]): string {
  if (frames.includes('oom_kill_memcg_member'))
    return 'the OOM killer ended its whole memory cgroup (memory.oom.group)';
  if (frames.some((frame) => frame.startsWith('mem_cgroup_')))
    return 'the OOM killer: its memory cgroup is at its limit';
  if (frames.includes('out_of_memory')) return 'the OOM killer: the machine ran out of memory';
  return 'the OOM killer';
}

const FAULTS: Readonly<Record<number, string>> = {
  [SIGSEGV]: 'a fault of its own: an invalid memory access',
  [SIGBUS]: 'a fault of its own: the memory at an address is missing or misaligned',
  [SIGFPE]: 'a fault of its own: an invalid arithmetic operation',
  [SIGILL]: 'a fault of its own: an illegal instruction',
  [SIGTRAP]: 'a breakpoint or a trap',
  [SIGSYS]: 'a system call that it does not allow itself',
};
/** BUS_MCEERR_AR and BUS_MCEERR_AO. */
const MEMORY_ERRORS: readonly number[] = [4, 5];

function causeOfFault({ number, code }: CauseEvidence): string {
  if (number === SIGBUS && code !== null && MEMORY_ERRORS.includes(code))
    return 'an error of the memory hardware';
  return FAULTS[number] ?? 'a fault of its own';
}

/** What made a file call its owner (fcntl O_ASYNC, F_SETSIG), by a function inside. */
const READY: readonly (readonly [RegExp, string])[] = [
  [/^(?:lease_|__break_lease)/, 'a lease that it holds is being broken'],
  [/^dnotify_/, 'a directory that it watches has changed'],
  [/^(?:inotify_|fsnotify|fanotify_)/, 'a file that it watches has changed'],
  [/^perf_/, 'its performance counter overflowed'],
  [
    /^(?:sock_wake_async|sk_wake_async|sk_send_sigurg|sock_def_|unix_)/,
    'its socket is ready or was closed (O_ASYNC)',
  ],
  [/^(?:pipe_|anon_pipe_|fifo_pipe_)/, 'its pipe is ready or was closed (O_ASYNC)'],
  [/^(?:n_tty_|tty_|__tty_|pty_)/, 'its terminal is ready (O_ASYNC)'],
];

function causeInKernel({ number, code }: CauseEvidence, frames: string[]): string | null {
  if (frames.some((frame) => /^(?:sk_)?send_sigurg$/.test(frame)) || (number === SIGURG && code !== 0))
    return 'urgent data on its socket';
  if (frames.some((frame) => /^(?:kill_fasync|send_sigio)/.test(frame))) {
    for (const frame of frames) {
      const ready = READY.find(([pattern]) => pattern.test(frame));
      if (ready) return ready[1];
    }
    return 'a file of its own is ready (O_ASYNC)';
  }
  if (code === SI_MESGQ || frames.includes('__do_notify'))
    return 'a message arrived in its queue (mq_notify)';
  if (number === SIGXFSZ) return 'it wrote past its file size limit (RLIMIT_FSIZE)';
  if (frames.includes('kill_pid_usb_asyncio')) return 'a USB request of its own is complete';
  if (frames.some((frame) => /^(?:sysrq_handle_|send_sig_all$)/.test(frame))) return 'SysRq';
  if (frames.some((frame) => /^(?:ctrl_alt_del|kill_cad_pid)$/.test(frame))) return 'Ctrl-Alt-Del';
  return null;
}

function causeOfTracer({ number }: CauseEvidence, frames: string[]): string | null {
  if (frames.includes('exit_ptrace')) return 'its tracer ended (PTRACE_O_EXITKILL)';
  if (number === SIGTRAP && frames.some((frame) => frame.includes('exec')))
    return 'it ran a program under ptrace';
  return number === SIGCHLD ? null : 'its tracer';
}
