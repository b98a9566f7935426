/**
 * Which events make up a life. Two instances (KERNEL: `signal_generate` happens in the sender's context, so a pid
 * filter on the victim never sees it): the *tree*, filtered to the traced parent and all that it forks, and the
 * *signals*, unfiltered, with only what other tasks do to processes; readers keep of it what concerns the tree.
 */

import { INTERRUPTIBLE_CALLS } from '../kernel/interrupted-calls';

/** System calls by which a process is born, becomes a program, opens and maps files, signals, ends, and is reaped. */
const LIFECYCLE_SYSCALLS: readonly string[] = [
  ...['clone', 'clone3', 'fork', 'vfork', 'execve', 'execveat', 'exit', 'exit_group'],
  ...[
    'open',
    'openat',
    'openat2',
    'creat',
    'memfd_create',
    'close',
    'close_range',
    'dup',
    'dup2',
    'dup3',
    'fcntl',
  ],
  ...['mmap', 'munmap', 'mremap', 'mprotect', 'chdir', 'fchdir'],
  ...['kill', 'tkill', 'tgkill', 'rt_sigqueueinfo', 'rt_tgsigqueueinfo', 'pidfd_open', 'pidfd_send_signal'],
  ...[
    'rt_sigaction',
    'rt_sigtimedwait',
    'signalfd4',
    'wait4',
    'waitid',
    'prctl',
    'seccomp',
    'setsid',
    'setpgid',
    'ptrace',
  ],
];

const LIFECYCLE_EVENTS: readonly string[] = [
  'sched/sched_process_fork',
  'sched/sched_process_exec',
  'sched/sched_process_exit',
  'task/task_newtask',
  'task/task_rename',
];

/** Its enter event is the end of a signal handler's run; on x86 it has no exit event. */
const HANDLER_RETURNS = 'syscalls/sys_enter_rt_sigreturn';

/** Only the returns that a signal caused: EINTR, and the kernel's own numbers for a call that may begin again. */
const INTERRUPTED = 'ret == -4 || (ret >= -516 && ret <= -512)';

/** F_DUPFD 0, F_SETFD 2, F_DUPFD_CLOEXEC 1030: the commands of fcntl that change which file a descriptor is. */
const FCNTL_OF_DESCRIPTORS = 'cmd == 0 || cmd == 2 || cmd == 1030';

export interface EventChoice {
  /** `sched/sched_process_fork`, or a whole system: `syscalls` */
  readonly event: string;
  readonly filter?: string;
  /** Put a call trace after each. */
  readonly stack?: boolean;
  /** A trigger on it, as one writes it; the event itself is recorded only where another choice enables it. */
  readonly trigger?: string;
  /** Absent on some kernels or architectures; do without. */
  readonly optional?: boolean;
}

export interface PresetOptions {
  readonly callTraces: boolean;
  readonly outsideSignals: boolean;
  readonly senderHistory: boolean;
}

/** The tree's signal events; `signal_generate` only where no second instance sees it from all sides. */
function signalsOfTree(options: PresetOptions): EventChoice[] {
  const deliver = { event: 'signal/signal_deliver', stack: options.callTraces };
  const generate = { event: 'signal/signal_generate', stack: options.callTraces };
  return options.outsideSignals ? [deliver] : [generate, deliver];
}

export function treeEvents(preset: 'lifecycle' | 'all', options: PresetOptions): EventChoice[] {
  const events: EventChoice[] = [...LIFECYCLE_EVENTS.map((event) => ({ event })), ...signalsOfTree(options)];
  if (preset === 'all') return [{ event: 'syscalls' }, ...events];
  for (const name of LIFECYCLE_SYSCALLS) {
    const filter = name === 'fcntl' ? { filter: FCNTL_OF_DESCRIPTORS } : {};
    events.push({ event: `syscalls/sys_enter_${name}`, optional: true, ...filter });
    events.push({ event: `syscalls/sys_exit_${name}`, optional: true });
  }
  events.push({ event: HANDLER_RETURNS, optional: true });
  for (const name of INTERRUPTIBLE_CALLS) {
    if (LIFECYCLE_SYSCALLS.includes(name)) continue;
    events.push({ event: `syscalls/sys_exit_${name}`, optional: true, filter: INTERRUPTED });
  }
  return events;
}

/**
 * Who everybody is, so that a sender can be named that is gone at once: `kill`, `timeout`, `systemctl`. task_newtask is
 * the fork that also says whether it makes a thread.
 */
const HISTORY_EVENTS: readonly string[] = [
  'task/task_newtask',
  'task/task_rename',
  'sched/sched_process_exec',
  'sched/sched_process_exit',
];

/** Ordinary exits of children are most of all signals; CLD_KILLED 2 and CLD_DUMPED 3 report each death by a signal. */
const DEATHS_OF_CHILDREN = 'sig == 17 && (code == 2 || code == 3)';

/**
 * The filter on signals that a watch has in the kernel: what is muted never reaches the buffer.
 * @param muted numbers of signals; SIGCHLD passes for deaths by a signal, muted or not
 */
export function signalsFilter(muted: readonly number[]): string {
  const others = [...new Set([...muted, 17])].map((number) => `sig != ${number}`).join(' && ');
  return `(${others}) || (${DEATHS_OF_CHILDREN})`;
}

/**
 * What a watch over the machine records of everybody: signals, and by what they are put in their place: who forks,
 * becomes a program, changes its name, ends and is gone.
 * @param cgroups also who is moved into which cgroup
 */
export function watchEvents(muted: readonly number[], cgroups: boolean): EventChoice[] {
  const delivered = [...new Set([...muted, 17])].map((number) => `sig != ${number}`).join(' && ');
  return [
    { event: 'signal/signal_generate', filter: signalsFilter(muted), stack: true },
    { event: 'signal/signal_deliver', filter: delivered },
    ...HISTORY_EVENTS.map((event) => ({ event })),
    { event: 'sched/sched_process_free' },
    { event: 'oom/mark_victim', optional: true },
    ...(cgroups ? [{ event: 'cgroup/cgroup_attach_task', optional: true }] : []),
  ];
}

/** What the second instance records: signal events, two events that only say that a process is gone, and who is who. */
export function outsideEvents(options: PresetOptions): EventChoice[] {
  return [
    { event: 'signal/signal_generate', stack: options.callTraces },
    { event: 'sched/sched_process_free' },
    { event: 'oom/mark_victim', optional: true },
    ...(options.senderHistory ? HISTORY_EVENTS.map((event) => ({ event })) : []),
  ];
}
