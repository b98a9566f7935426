/**
 * System calls that a signal interrupts. Inside the kernel such a call returns one of the -ERESTART numbers or -EINTR
 * to `sys_exit_*`, which comes before `signal_deliver`; what the program then gets depends on the handler
 * (arch/x86/kernel/signal.c, handle_signal; arch/arm64/kernel/signal.c, do_signal).
 */

/**
 * The calls that wait (man 7 signal, "Interruption of system calls"), as they are named in `syscalls/sys_exit_*`. A kernel
 * does not have all of them.
 */
export const INTERRUPTIBLE_CALLS: readonly string[] = [
  ...['read', 'readv', 'pread64', 'preadv', 'preadv2', 'write', 'writev', 'pwrite64', 'pwritev', 'pwritev2'],
  ...['sendfile64', 'splice', 'tee', 'vmsplice', 'ioctl', 'fcntl', 'flock', 'open', 'openat', 'openat2'],
  ...['accept', 'accept4', 'connect', 'recvfrom', 'recvmsg', 'recvmmsg', 'sendto', 'sendmsg', 'sendmmsg'],
  ...['poll', 'ppoll', 'select', 'pselect6', 'epoll_wait', 'epoll_pwait', 'epoll_pwait2'],
  ...['nanosleep', 'clock_nanosleep', 'pause', 'rt_sigsuspend', 'rt_sigtimedwait', 'restart_syscall'],
  ...[
    'wait4',
    'waitid',
    'futex',
    'futex_waitv',
    'futex_wait',
    'io_uring_enter',
    'io_getevents',
    'io_pgetevents',
  ],
  ...['msgrcv', 'msgsnd', 'semop', 'semtimedop', 'mq_timedreceive', 'mq_timedsend', 'getrandom', 'ptrace'],
  ...['clone', 'clone3', 'fork', 'vfork'],
];

export const EINTR = 4;
const ERESTARTSYS = 512;
const ERESTARTNOINTR = 513;
const ERESTARTNOHAND = 514;
const ERESTART_RESTARTBLOCK = 516;

/** Flag of sigaction: calls that a handler interrupted begin again. */
const SA_RESTART = 0x1000_0000;

/** Whether a call that returned this was interrupted by a signal. */
export function isInterrupted(ret: number): boolean {
  switch (-ret) {
    case EINTR:
    case ERESTARTSYS:
    case ERESTARTNOINTR:
    case ERESTARTNOHAND:
    case ERESTART_RESTARTBLOCK:
      return true;
    default:
      return false;
  }
}

/** @param saFlags of the handler that runs; null where the signal has none, and the process lives on */
export function isRestarted(ret: number, saFlags: number | null): boolean {
  if (-ret === EINTR) return false;
  if (saFlags === null || -ret === ERESTARTNOINTR) return true;
  return -ret === ERESTARTSYS && (saFlags & SA_RESTART) !== 0;
}
