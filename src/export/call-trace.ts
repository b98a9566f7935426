/** The way into every system call, exception and thread, on x86 and arm64: the same in all call traces. */
const ENTRY =
  /^(entry_SYSCALL|do_syscall_64|do_fast_syscall|x64_sys_call|el0t?_|el0_|do_el0_|invoke_syscall|ret_from_|swapgs_restore|syscall_return|__x64_fast)/;

/**
 * A call trace on one line, in the order of the calls: `__x64_sys_kill → kill_pid_info → __send_signal`. Without
 * the frames of the kernel's entry code and without offsets.
 *
 * @param stack innermost first, as ftrace prints it
 */
export function callTraceLine(stack: readonly string[]): string {
  const names = stack.map((frame) => frame.replace(/\+0x[0-9a-f]+.*$/, '')).reverse();
  const telling = names.filter((name) => !ENTRY.test(name));
  return (telling.length > 0 ? telling : names).join(' → ');
}
