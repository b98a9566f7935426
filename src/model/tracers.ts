/**
 * Who is traced by ptrace, as strace and debuggers do: such a process stops at each signal, its tracer's `wait`
 * returns it while it lives, and its tracer decides which signal it gets (kernel/signal.c, ptrace_signal).
 */
import { int32 } from './field-values';
import type { ProcessTable } from './process-table';
import { argument } from './pending-call';
import { type CallSubject } from './system-calls';

const PTRACE_TRACEME = 0;
const PTRACE_ATTACH = 16;
const PTRACE_DETACH = 17;
const PTRACE_SEIZE = 0x4206;

export function tracerCalls(table: ProcessTable): readonly (readonly [string, CallSubject])[] {
  const ptrace: CallSubject = {
    exit: (task, call, ret) => {
      if (ret !== 0 || call === null) return;
      const request = int32(argument(call, 'request'));
      if (request === PTRACE_TRACEME) {
        table.traces(task.process.parent?.tgid ?? 'unknown', task.process);
        return;
      }
      const pid = int32(argument(call, 'pid'));
      const tracee = pid === null ? null : table.findLocal(task.process, pid)?.process;
      if (!tracee) return;
      if (request === PTRACE_ATTACH || request === PTRACE_SEIZE) table.traces(task.tid, tracee);
      if (request === PTRACE_DETACH) table.traces(null, tracee);
    },
  };
  return [['ptrace', ptrace]];
}
