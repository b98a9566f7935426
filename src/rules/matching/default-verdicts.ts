/**
 * What a signal means where no rule says otherwise. The table is read from the top; its first row that matches gives
 * the verdict, and the row's name (`default:...`) is what the alert carries, so that a user can write a rule
 * against exactly this row.
 *
 * Which signal means what: signal(7); why a death is judged by who sent it and not by what was delivered: a signal
 * that ends a process by default is delivered as SIGKILL whatever it was (kernel/signal.c, complete_signal).
 */
import type { Severity, SignalOrigin, SignalRecord, SignalTarget } from '../../model/report';
import { sentByParent, sentToItself, wasHandled } from '../language/evidence';
import type { VerdictName } from '../language/rule';
import { SIGNAL_SETS, THREAD_LIBRARY_SIGNALS } from '../language/signal-sets';
import {
  asksToEnd,
  isByItsKeeper,
  isCrash,
  isFromAnother,
  isFromInside,
  isFromItself,
  isFromOutside,
  isOnPurpose,
  isSubject,
  reportsAHang,
} from './signal-kinds';
import type { Verdict } from './verdict';

interface DefaultVerdict {
  readonly rule: string;
  readonly matches: (signal: SignalRecord, target: SignalTarget | null) => boolean;
  readonly verdict: VerdictName;
  readonly severity: Severity | ((signal: SignalRecord, target: SignalTarget | null) => Severity);
  readonly reason: (signal: SignalRecord) => string;
}

/** Sent by the kernel for something that the program did or asked for. */
const LIMITS: Readonly<Record<string, string>> = {
  SIGPIPE: 'it wrote to a pipe or socket that nobody reads any more',
  SIGALRM: 'its own timer expired, and it has no handler for SIGALRM',
  SIGVTALRM: 'its own timer expired, and it has no handler for SIGVTALRM',
  SIGPROF: 'its own profiling timer expired, and it has no handler for SIGPROF',
  SIGXCPU: 'it used more CPU time than its limit allows',
  SIGXFSZ: 'it wrote a file larger than its limit allows',
};

/** Leaves the process no chance to clean up, or says that its memory cannot be trusted. */
const isViolent = (signal: SignalRecord) => signal.signal === 'SIGKILL' || isCrash(signal);

/** By its parent or its own tree: a request is how children are ended, SIGKILL is not. */
function severityInside(signal: SignalRecord): Severity {
  if (isViolent(signal)) return 'error';
  return asksToEnd(signal) ? 'info' : 'warning';
}

function severityFromOutside(signal: SignalRecord, target: SignalTarget | null): Severity {
  if (signal.signal === 'SIGKILL') return 'critical';
  if (!asksToEnd(signal)) return 'error';
  return isByItsKeeper(signal, target) ? 'info' : 'warning';
}

const FATAL: readonly Omit<DefaultVerdict, 'verdict'>[] = [
  {
    rule: 'default:crash',
    matches: (signal) => isCrash(signal) && !isFromAnother(signal),
    severity: 'error',
    reason: (signal) =>
      signal.signal === 'SIGABRT'
        ? 'the program gave up by abort() or a failed assertion'
        : signal.signal === 'SIGSYS'
          ? 'the program made a system call that its seccomp filter forbids'
          : `the program crashed by its own fault${typeof signal.code === 'string' ? ` (${signal.code})` : ''}`,
  },
  {
    rule: 'default:limit',
    matches: (signal) => signal.signal in LIMITS && !isFromAnother(signal),
    // A pipeline ends so: who reads has read enough.
    severity: (signal, target) => (signal.signal === 'SIGPIPE' && !isSubject(target) ? 'info' : 'warning'),
    reason: (signal) => LIMITS[signal.signal] ?? '',
  },
  {
    rule: 'default:killed-by-parent',
    matches: (signal, target) => isOnPurpose(signal) && sentByParent(signal, target) && !sentToItself(signal),
    severity: severityInside,
    reason: () => 'its own parent ended it',
  },
  {
    rule: 'default:killed-from-outside',
    matches: isFromOutside,
    severity: severityFromOutside,
    reason: () => 'a process that is not part of the traced tree ended it',
  },
  {
    rule: 'default:killed-by-kernel',
    matches: (signal) => KERNEL_REASONS[signal.origin] !== undefined,
    severity: (signal) => (signal.origin === 'seccomp' ? 'error' : 'warning'),
    reason: (signal) => KERNEL_REASONS[signal.origin] ?? '',
  },
  {
    rule: 'default:terminal',
    matches: (signal) => signal.origin === 'tty',
    severity: 'info',
    reason: (signal) =>
      signal.signal === 'SIGHUP' ? 'its terminal was closed' : 'a key of its terminal sent it',
  },
  {
    rule: 'default:killed-by-timer',
    matches: (signal) => signal.origin === 'timer',
    severity: 'error',
    reason: () => 'a timer or a limit on CPU time ended it',
  },
  {
    rule: 'default:killed-itself',
    matches: isFromItself,
    severity: (signal) => (isViolent(signal) ? 'error' : 'warning'),
    reason: () => 'it sent the signal to itself',
  },
  {
    rule: 'default:killed-in-tree',
    matches: isFromInside,
    severity: severityInside,
    reason: () => 'a process of the same traced tree ended it',
  },
  {
    rule: 'default:killed-by-unknown',
    matches: () => true,
    severity: 'error',
    reason: (signal) =>
      signal.origin === 'kernel'
        ? 'the kernel ended it'
        : 'the sender is not in this trace, so it is probably outside the traced tree',
  },
];

function severityOf(
  { severity }: Pick<DefaultVerdict, 'severity'>,
  signal: SignalRecord,
  target: SignalTarget | null,
): Severity {
  return typeof severity === 'function' ? severity(signal, target) : severity;
}

/** A core dump makes it worse, whoever asked for it: Ctrl-\\ kills with SIGQUIT. */
function withCoreDump({ coreDumped }: SignalRecord, severity: Severity): Severity {
  if (coreDumped !== true) return severity;
  if (severity === 'info') return 'warning';
  return severity === 'warning' ? 'error' : severity;
}

const KERNEL_REASONS: Readonly<Partial<Record<SignalOrigin, string>>> = {
  pdeath: 'its parent died, and it had asked to get this signal then (PR_SET_PDEATHSIG)',
  pidns: 'the first process of its pid namespace died, so the kernel killed all in it',
  'orphaned-pgrp': 'it was stopped when its process group lost its last parent',
  seccomp: 'it made a system call that its seccomp filter forbids',
  ptrace: 'its debugger or tracer ended it',
};

export const DEFAULT_VERDICTS: readonly DefaultVerdict[] = [
  {
    rule: 'default:child',
    // A user can not forge CLD_ codes for another process (kernel/signal.c, do_rt_sigqueueinfo).
    matches: (signal) =>
      signal.signal === 'SIGCHLD' &&
      (signal.origin === 'child' || (typeof signal.code === 'string' && signal.code.startsWith('CLD_'))),
    verdict: 'expected',
    severity: 'info',
    reason: () => 'the kernel reports to a parent what became of its child',
  },
  {
    rule: 'default:harmless',
    matches: (signal) => ['SIGWINCH', 'SIGURG', 'SIGCONT'].includes(signal.signal) && !signal.fatal,
    verdict: 'expected',
    severity: 'info',
    reason: (signal) =>
      signal.signal === 'SIGCONT'
        ? 'it only continues a stopped process'
        : 'without a handler it does nothing',
  },
  {
    rule: 'default:thread-library',
    matches: (signal) => THREAD_LIBRARY_SIGNALS.includes(signal.number) && !signal.fatal,
    verdict: 'expected',
    severity: 'info',
    reason: () => 'the C library uses it among its own threads',
  },
  {
    rule: 'default:out-of-memory',
    matches: (signal) => signal.origin === 'oom',
    verdict: 'unexpected',
    severity: 'critical',
    reason: () => 'memory ran out, and the kernel chose this process to end',
  },
  ...FATAL.map((row) => ({
    ...row,
    verdict: 'unexpected' as const,
    matches: (signal: SignalRecord, target: SignalTarget | null) =>
      signal.fatal && row.matches(signal, target),
    severity: (signal: SignalRecord, target: SignalTarget | null) =>
      withCoreDump(signal, severityOf(row, signal, target)),
  })),
  {
    rule: 'default:events-lost',
    matches: (signal) => signal.result === 'unknown',
    verdict: 'unknown',
    severity: 'notice',
    reason: () =>
      'its outcome is unknown: events were lost, its target was not traced, or a signalfd or tracer took it',
  },
  {
    rule: 'default:queue-overflow',
    matches: (signal) => signal.result === 'overflow' || signal.result === 'info-lost',
    verdict: 'attention',
    severity: 'warning',
    reason: (signal) =>
      signal.result === 'overflow'
        ? 'the queue of pending signals was full, so it was not sent'
        : 'the queue of pending signals was full, so it arrived without its sender',
  },
  {
    rule: 'default:stopped',
    matches: (signal) => SIGNAL_SETS['@stop'](signal.number) && signal.delivered?.handler === 'default',
    verdict: 'attention',
    severity: 'warning',
    reason: (signal) =>
      signal.origin === 'ptrace'
        ? 'a debugger or tracer stopped the process'
        : 'it is stopped until it gets SIGCONT',
  },
  {
    rule: 'default:hang-reported',
    matches: reportsAHang,
    verdict: 'attention',
    severity: 'warning',
    reason: () => 'another process aborted it, as watchdogs do with a process that hangs',
  },
  {
    rule: 'default:crash-handled',
    matches: (signal) => isCrash(signal) && wasHandled(signal),
    verdict: 'expected',
    severity: 'info',
    reason: () => 'the program handled it, as language runtimes and crash reporters do',
  },
  {
    rule: 'default:realtime-handled',
    matches: (signal) => SIGNAL_SETS['@rt'](signal.number) && wasHandled(signal),
    verdict: 'expected',
    severity: 'info',
    reason: () => 'the program has a handler for this real-time signal',
  },
  {
    rule: 'default:realtime',
    matches: (signal) => SIGNAL_SETS['@rt'](signal.number) && signal.result !== 'pending',
    verdict: 'unexpected',
    severity: 'warning',
    reason: () => 'a real-time signal to a process that has no handler for it, perhaps a control channel',
  },
  {
    rule: 'default:pending',
    matches: (signal) => signal.result === 'pending',
    verdict: 'attention',
    severity: (signal) => (SIGNAL_SETS['@rt'](signal.number) ? 'warning' : 'notice'),
    reason: () =>
      'it was queued and never delivered: blocked, or taken by sigwait(), whose call was not traced',
  },
  {
    rule: 'default:asked-to-end',
    matches: (signal) => asksToEnd(signal) && isFromOutside(signal) && signal.signal !== 'SIGHUP',
    verdict: 'attention',
    severity: 'notice',
    reason: () => 'another process asked it to end',
  },
  {
    rule: 'default:no-harm',
    matches: () => true,
    verdict: 'expected',
    severity: 'info',
    reason: (signal) =>
      wasHandled(signal) ? 'the program has a handler for it' : 'it did not change the life of the process',
  },
];

/** The verdict of the first row that matches; the last row always does. */
export function defaultVerdict(signal: SignalRecord, target: SignalTarget | null): Verdict {
  const row =
    DEFAULT_VERDICTS.find((candidate) => candidate.matches(signal, target)) ?? DEFAULT_VERDICTS.at(-1)!;
  const severity = severityOf(row, signal, target);
  const verdict = row.verdict === 'unexpected' && severity === 'info' ? 'attention' : row.verdict;
  return { verdict, rule: row.rule, severity, reason: row.reason(signal) };
}
