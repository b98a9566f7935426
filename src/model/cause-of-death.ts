/**
 * How a process ended, from the evidence in order of its worth: a signal that was sent and ends by default; what
 * SIGCHLD told the parent; the argument of exit_group. The wait status itself is in user memory. Exit code and
 * signal are never mixed: exit(137) is no SIGKILL.
 */
import { CLD_DUMPED, CLD_EXITED, CLD_KILLED, SIGKILL, defaultAction } from '../kernel/signals';
import type { Exit, SignalRecord } from './report';
import { taskTitle } from './process-table';

export interface DeathEvidence {
  readonly ts: number;
  /** CLD_EXITED, CLD_KILLED or CLD_DUMPED of the SIGCHLD that it sent; null where none was seen. */
  readonly childCode: number | null;
  readonly exitGroup: { readonly code: number | null } | null;
  /** The argument of its first thread's `exit`, where nobody called exit_group. */
  readonly exitArgument: number | null;
  readonly fatal: SignalRecord | null;
  /** The function or call that shows where the fatal signal came from. */
  readonly fatalEvidence: string | null;
  readonly oomVictim: boolean;
}

export interface Death {
  readonly exit: Omit<Exit, 'time'> | null;
  readonly incomplete: string[];
}

export function causeOfDeath(evidence: DeathEvidence): Death {
  const { childCode, fatal } = evidence;
  const killed = childCode === CLD_KILLED || childCode === CLD_DUMPED;
  if (killed || (fatal && childCode !== CLD_EXITED)) return killedBy(evidence);
  if (evidence.exitGroup || evidence.exitArgument !== null || childCode === CLD_EXITED)
    return exited(evidence);
  return { exit: null, incomplete: ['it ended, but neither an exit call nor a signal is in the trace'] };
}

function exited({ ts, exitGroup, exitArgument }: DeathEvidence): Death {
  // The status that wait returns has eight bits of it (kernel/exit.c, do_group_exit).
  const argument = exitGroup ? exitGroup.code : exitArgument;
  const code = argument === null ? null : argument & 0xff;
  const call = exitGroup ? 'exit_group' : 'exit';
  const cause =
    code === null
      ? 'exited, as SIGCHLD told its parent; the exit call was not traced'
      : `${call}(${argument ?? code})`;
  return {
    exit: { ts, kind: 'exited', code, signal: null, coreDumped: false, cause },
    incomplete: code === null ? ['its exit code is not in the trace'] : [],
  };
}

function killedBy({ ts, childCode, fatal, fatalEvidence, oomVictim }: DeathEvidence): Death {
  const coreDumped = childCode === null ? null : childCode === CLD_DUMPED;
  const unknownNumber = !fatal || (fatal.generated === null && fatal.number === SIGKILL);
  if (unknownNumber) {
    const cause = oomVictim
      ? 'SIGKILL from the OOM killer, mark_victim'
      : 'a signal that the trace does not show being sent; every one that ends a process arrives as 9';
    return {
      exit: { ts, kind: 'signaled', code: null, signal: oomVictim ? 'SIGKILL' : null, coreDumped, cause },
      incomplete: oomVictim ? [] : ['which signal ended it is not in the trace'],
    };
  }
  const dumps = defaultAction(fatal.number) === 'core';
  return {
    exit: {
      ts,
      kind: 'signaled',
      code: null,
      signal: fatal.signal,
      coreDumped: coreDumped ?? (dumps ? null : false),
      cause: sentence(fatal, fatalEvidence),
    },
    incomplete: [],
  };
}

/** "SIGKILL from bash (4994), __x64_sys_kill" */
function sentence(fatal: SignalRecord, evidence: string | null): string {
  const code = typeof fatal.code === 'string' && fatal.origin === 'fault' ? ` (${fatal.code})` : '';
  const place = evidence === null ? '' : `, ${evidence}`;
  return `${fatal.signal}${code} ${sender(fatal)}${place}`;
}

function sender(fatal: SignalRecord): string {
  const { sender: from, target } = fatal;
  if (!from) return 'from an unknown sender';
  if (from.irq === true) return fatal.origin === 'timer' ? 'from a timer' : 'from an interrupt';
  if (fatal.origin === 'oom') return `from the OOM killer, in ${taskTitle(from.comm, from.pid)}`;
  if (from.pid === target.pid || from.pid === target.tgid) {
    return fatal.origin === 'fault' ? 'for its own fault' : 'from itself';
  }
  return `from ${taskTitle(from.comm, from.pid)}`;
}
