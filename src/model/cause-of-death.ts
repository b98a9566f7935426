/**
 * How a process ended, from the evidence in order of its worth: a signal that was sent and ends by default; what
 * SIGCHLD gave the parent; the argument of exit_group. The wait status itself is in user memory. Exit code and
 * signal are never mixed: exit(137) is no SIGKILL.
 */
import { CLD_DUMPED, CLD_EXITED, CLD_KILLED, SIGKILL, defaultAction } from '../kernel/signals';
import { endedBySession } from './own-hand';
import type { Exit, SignalOrigin, SignalRecord } from './report';
import { taskTitle } from './process';
import { bareFunction } from './signal-origin';
import type { ThreadEnd } from './thread-ends';

export interface DeathEvidence {
  readonly ts: number;
  /** CLD_EXITED, CLD_KILLED or CLD_DUMPED of the SIGCHLD that it sent; null where none was seen. */
  readonly childCode: number | null;
  /** `fatal` is a SIGKILL that the kernel accepted: that is final. */
  readonly isKilled: boolean;
  /** Its first thread had left by itself: then `childCode` is that thread's own. */
  readonly firstThreadLeft: boolean;
  readonly exitGroup: { readonly code: number | null } | null;
  /** Of the thread that counts where nobody ended the whole process; two where it is not known which one counts. */
  readonly threadEnds: readonly ThreadEnd[];
  readonly fatal: SignalRecord | null;
  /** It called exit_group or exit after the delivery of `fatal`. */
  readonly ranAfterFatal: boolean;
  /** The function or call that shows where the fatal signal came from. */
  readonly fatalEvidence: string | null;
  readonly oomVictim: boolean;
  /** Where in the kernel it ended: the call trace of the SIGCHLD that it sent, innermost first. */
  readonly exitStack: readonly string[];
}

export interface Death {
  readonly exit: Omit<Exit, 'time'> | null;
  readonly incomplete: string[];
}

export function causeOfDeath(evidence: DeathEvidence): Death {
  const { childCode, fatal, exitGroup } = evidence;
  const isToldKilled = childCode === CLD_KILLED || childCode === CLD_DUMPED;
  if (evidence.isKilled) return killedBy(evidence);
  // SIGCHLD has the first thread's own status, wait that of the group (kernel/signal.c, do_notify_parent; kernel/exit.c,
  // wait_task_zombie): where the first thread had left before the others ended, what ended them is what wait returns.
  const endedByFatal = fatal?.delivered?.handler === 'default' && !exitGroup && !evidence.ranAfterFatal;
  // The thread that seccomp ended has a status of its own, while another called exit_group.
  const isThreadsOwn = exitGroup !== null && endedBySeccomp(evidence.exitStack) !== null;
  if (evidence.firstThreadLeft || (isThreadsOwn && !isGroupEndedBySeccomp(evidence.exitStack))) {
    if (!fatal && !exitGroup && isGroupEndedBySeccomp(evidence.exitStack)) return killedBy(evidence);
    if (endedByFatal) return killedBy(evidence);
    if (exitGroup) return exited(evidence);
    if (evidence.threadEnds.length > 0) return endedByThread(evidence);
  }
  if (isToldKilled || (fatal && (childCode !== CLD_EXITED || endedByFatal))) {
    const death = killedBy(evidence);
    if (fatal === null && exitGroup)
      return doubted(death, `its exit call is exit_group(${exitGroup.code ?? ''})`, 'a signal ended it');
    if (isToldKilled || childCode === null || evidence.firstThreadLeft) return death;
    return doubted(death, `${fatal!.signal} was delivered and ended it`, 'it exited');
  }
  if (exitGroup) return exited(evidence);
  if (evidence.threadEnds.length > 0) return endedByThread(evidence);
  if (childCode === CLD_EXITED) return exited(evidence);
  return { exit: null, incomplete: ['it ended, but neither an exit call nor a signal is in the trace'] };
}

/** Two pieces of evidence that cannot both be true. */
function doubted({ exit, incomplete }: Death, one: string, reported: string): Death {
  return {
    exit,
    incomplete: [...incomplete, `${one}, but the SIGCHLD to its parent says that ${reported}`],
  };
}

/** By the status of the thread that counts. */
function endedByThread(evidence: DeathEvidence): Death {
  const { ts, threadEnds, childCode } = evidence;
  const [end, other] = threadEnds;
  if (other !== undefined) {
    const isExit = childCode === CLD_EXITED || threadEnds.every(({ kind }) => kind === 'exit');
    const cause = `${threadEnds.map(threadEndText).join(' and ')} of its threads`;
    return {
      exit: { ts, kind: isExit ? 'exited' : 'signaled', code: null, signal: null, coreDumped: false, cause },
      incomplete: [
        'its exit code is that of its last thread since Linux 6.0, before that of its first; the trace does not name its kernel',
      ],
    };
  }
  if (end?.kind === 'exit') return exitedWith(ts, 'exit', end.code);
  const seccomp = endedBySeccomp(evidence.exitStack);
  const signal = end?.signal ?? seccomp?.signal ?? null;
  const place = seccomp === null ? '' : `, ${seccomp.place}`;
  return {
    exit: {
      ts,
      kind: 'signaled',
      code: null,
      signal,
      coreDumped: childCode === CLD_DUMPED,
      cause:
        signal === null
          ? 'the kernel ended the thread that counts, without a signal'
          : `${signal} for a system call that seccomp forbids${place}`,
    },
    incomplete: signal === null ? ['why the kernel ended its thread is not in the trace'] : [],
  };
}

function threadEndText(end: ThreadEnd): string {
  return end.kind === 'exit' ? `exit(${end.code ?? ''})` : `${end.signal ?? 'a signal'} by seccomp`;
}

function exited({ ts, exitGroup }: DeathEvidence): Death {
  if (exitGroup) return exitedWith(ts, 'exit_group', exitGroup.code);
  return exitedWith(ts, 'exit', null);
}

/** @param argument null where the call is not in the trace */
function exitedWith(ts: number, call: string, argument: number | null): Death {
  // The status that wait returns has eight bits of it (kernel/exit.c, do_group_exit).
  const code = argument === null ? null : argument & 0xff;
  const cause =
    code === null
      ? 'exited, as its SIGCHLD says; the exit call was not traced'
      : `${call}(${argument ?? code})`;
  return {
    exit: { ts, kind: 'exited', code, signal: null, coreDumped: false, cause },
    incomplete: code === null ? ['its exit code is not in the trace'] : [],
  };
}

function killedBy(evidence: DeathEvidence): Death {
  const { ts, childCode, fatal, fatalEvidence, oomVictim } = evidence;
  // A SIGCHLD that tells of the first thread's own exit says nothing of what came after it.
  const coreDumped = childCode === null || childCode === CLD_EXITED ? null : childCode === CLD_DUMPED;
  const unknownNumber = !fatal || (fatal.generated === null && fatal.number === SIGKILL);
  const ended = unknownNumber && !oomVictim ? endedBySeccomp(evidence.exitStack) : null;
  if (ended) {
    const cause = `${ended.signal} for a system call that seccomp forbids, ${ended.place}`;
    return {
      exit: { ts, kind: 'signaled', code: null, signal: ended.signal, coreDumped, cause },
      incomplete: [],
    };
  }
  if (unknownNumber) {
    const cause = oomVictim
      ? 'SIGKILL from the OOM killer, mark_victim'
      : 'an unknown signal: its sending was not traced, and fatal signals are delivered as 9';
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

/**
 * seccomp ends a thread at once, with a status of a signal that nobody sent: SIGKILL in its strict mode
 * (kernel/seccomp.c, __secure_computing_strict; __seccomp_permit_syscall by 7.3), SIGSYS for a filter's verdict before Linux 5.16 (__seccomp_filter).
 */
function endedBySeccomp(stack: readonly string[]): { signal: string; place: string } | null {
  const names = stack.map(bareFunction);
  if (names.includes('__seccomp_filter')) return { signal: 'SIGSYS', place: '__seccomp_filter' };
  const caller = names[names.indexOf('do_exit') + 1];
  if (!names.includes('do_exit') || caller === undefined) return null;
  if (!caller.startsWith('__secure_computing') && caller !== '__seccomp_permit_syscall') return null;
  return { signal: 'SIGKILL', place: caller };
}

/** The filter's verdict ended the whole process, which is its status then, whatever its threads did before. */
function isGroupEndedBySeccomp(stack: readonly string[]): boolean {
  const names = stack.map(bareFunction);
  return names.includes('do_group_exit') && names.includes('__seccomp_filter');
}

/** No program asked for these: the task that ran then has no part in it, or is named in the cause. */
const KERNEL_SENDS: readonly SignalOrigin[] = ['tty', 'pipe', 'timer', 'kernel'];

/** "SIGKILL from bash (4994), __x64_sys_kill", "SIGINT: Ctrl-C on pts/3, isig" */
function sentence(fatal: SignalRecord, evidence: string | null): string {
  const control = fatal.sender?.control ?? null;
  if (control !== null) return `${fatal.signal}, ${endedBySession(control)}`;
  const code = typeof fatal.code === 'string' && fatal.origin === 'fault' ? ` (${fatal.code})` : '';
  const place = evidence === null ? '' : `, ${evidence}`;
  if (KERNEL_SENDS.includes(fatal.origin) && fatal.cause) return `${fatal.signal}: ${fatal.cause}${place}`;
  return `${fatal.signal}${code} ${senderPhrase(fatal)}${place}`;
}

/** Who or what sent it: `from bash (4994)`, `for its own fault`, `from a timer`. */
export function senderPhrase(fatal: SignalRecord): string {
  const { sender: from, target } = fatal;
  if (!from) return 'from an unknown sender';
  // A timer of processor time sends in the thread that it counts (kernel/time/posix-cpu-timers.c).
  if (fatal.origin === 'timer') return 'from a timer';
  // Whoever ran when the terminal driver sent it had no part in it.
  if (fatal.origin === 'tty') return 'from its terminal';
  if (fatal.origin === 'seccomp') return 'for a system call that seccomp forbids';
  if (fatal.origin === 'pipe') return 'for a pipe or socket that nobody reads';
  if (from.irq === true) return 'from an interrupt';
  if (fatal.origin === 'oom') return `from the OOM killer, in ${taskTitle(from.comm, from.pid)}`;
  if ((from.tgid ?? from.pid) === target.tgid || from.pid === target.pid) {
    return fatal.origin === 'fault' ? 'for its own fault' : 'from itself';
  }
  const who = taskTitle(from.comm, from.pid);
  return fatal.origin === 'pdeath' ? `at the death of ${who}` : `from ${who}`;
}
