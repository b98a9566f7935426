/** What a signal did to the system call that it interrupted: `read() returned EINTR`, `read() was restarted`. */
export function interruptionText({ call, restarted }: { call: string; restarted: boolean }): string {
  return `${call}() ${restarted ? 'was restarted' : 'returned EINTR'}`;
}
