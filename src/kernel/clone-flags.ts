/**
 * The flags of `clone`, as its first argument and `task_newtask clone_flags` carry them.
 *
 * Source: include/uapi/linux/sched.h. The lowest byte of clone's argument is the signal that the child sends
 * when it ends (CSIGNAL), not a flag; `task_newtask` comes without it (kernel/fork.c, kernel_clone).
 */

export const CLONE_VM = 0x100;
export const CLONE_FS = 0x200;
export const CLONE_FILES = 0x400;
export const CLONE_VFORK = 0x4000;
export const CLONE_PARENT = 0x8000;
export const CLONE_THREAD = 0x10000;
export const CLONE_NEWPID = 0x20000000;

const FLAGS: readonly (readonly [number, string])[] = [
  [CLONE_VM, 'CLONE_VM'],
  [CLONE_FS, 'CLONE_FS'],
  [CLONE_FILES, 'CLONE_FILES'],
  [0x800, 'CLONE_SIGHAND'],
  [0x1000, 'CLONE_PIDFD'],
  [0x2000, 'CLONE_PTRACE'],
  [CLONE_VFORK, 'CLONE_VFORK'],
  [CLONE_PARENT, 'CLONE_PARENT'],
  [CLONE_THREAD, 'CLONE_THREAD'],
  [0x20000, 'CLONE_NEWNS'],
  [0x40000, 'CLONE_SYSVSEM'],
  [0x80000, 'CLONE_SETTLS'],
  [0x100000, 'CLONE_PARENT_SETTID'],
  [0x200000, 'CLONE_CHILD_CLEARTID'],
  [0x400000, 'CLONE_DETACHED'],
  [0x800000, 'CLONE_UNTRACED'],
  [0x1000000, 'CLONE_CHILD_SETTID'],
  [0x2000000, 'CLONE_NEWCGROUP'],
  [0x4000000, 'CLONE_NEWUTS'],
  [0x8000000, 'CLONE_NEWIPC'],
  [0x10000000, 'CLONE_NEWUSER'],
  [CLONE_NEWPID, 'CLONE_NEWPID'],
  [0x40000000, 'CLONE_NEWNET'],
  [0x80000000, 'CLONE_IO'],
  [0x100000000, 'CLONE_CLEAR_SIGHAND'],
  [0x200000000, 'CLONE_INTO_CGROUP'],
];

/** Whether one flag is set. Beyond 32 bits too, where the operators of JavaScript end. */
export function hasCloneFlag(flags: number, flag: number): boolean {
  return Math.floor(flags / flag) % 2 === 1;
}

/** `['CLONE_CHILD_CLEARTID', 'CLONE_CHILD_SETTID']` for 0x1200011; the signal in the lowest byte is left out. */
export function cloneFlagNames(flags: number): string[] {
  return FLAGS.filter(([flag]) => hasCloneFlag(flags, flag)).map(([, name]) => name);
}
