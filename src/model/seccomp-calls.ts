/**
 * Calls by which a process forbids itself system calls: what the kernel then ends a thread with, for one that it does not
 * allow (kernel/seccomp.c).
 */
import { int32 } from './field-values';
import { argument } from './pending-call';
import type { CallSubject } from './system-calls';

const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_STRICT = 1;
const SECCOMP_SET_MODE_STRICT = 0;
const SECCOMP_SET_MODE_FILTER = 1;

export const SECCOMP_CALLS: readonly (readonly [string, CallSubject])[] = [
  [
    'prctl',
    {
      exit: ({ process }, call, ret) => {
        if (ret !== 0 || int32(argument(call, 'option')) !== PR_SET_SECCOMP) return;
        const isStrict = int32(argument(call, 'arg2')) === SECCOMP_MODE_STRICT;
        process.threadEnds.seccomp = isStrict ? 'SIGKILL' : 'SIGSYS';
      },
    },
  ],
  [
    'seccomp',
    {
      exit: ({ process }, call, ret) => {
        if (ret < 0) return;
        const operation = int32(argument(call, 'op'));
        if (operation === SECCOMP_SET_MODE_STRICT) process.threadEnds.seccomp = 'SIGKILL';
        if (operation === SECCOMP_SET_MODE_FILTER) process.threadEnds.seccomp = 'SIGSYS';
      },
    },
  ],
];
