/**
 * What a signal means where no rule says otherwise. The table is read from the top; its first row that fits gives
 * the verdict, and the row's name (`default:...`) is what the alert carries, so that a user can write a rule
 * against exactly this row.
 *
 * Which signal means what: signal(7); why a death is judged by who sent it and not by what was delivered: a signal
 * that ends a process by default is delivered as SIGKILL whatever it was (kernel/signal.c, complete_signal).
 */
import type { Severity, SignalOrigin, SignalRecord, SignalTarget } from '../../model/report';
import { knownSender, sentByParent, wasHandled } from '../language/evidence';
import type { VerdictName } from '../language/rule';
import { SIGNAL_SETS, THREAD_LIBRARY_SIGNALS } from '../language/signal-sets';
import type { Verdict } from './verdict';

interface DefaultVerdict {
  readonly rule: string;
  readonly fits: (signal: SignalRecord, target: SignalTarget | null) => boolean;
  readonly verdict: VerdictName;
  readonly severity: Severity | ((signal: SignalRecord) => Severity);
  readonly reason: (signal: SignalRecord) => string;
}

/** Raised by the program's own instruction, or by its own abort(). */
const CRASHES = ['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGSYS', 'SIGABRT', 'SIGTRAP'];
/** Sent by the kernel for something that the program did or asked for. */
const LIMITS: Readonly<Record<string, string>> = {
  SIGPIPE: 'it wrote to a pipe or socket that nobody reads any more',
  SIGALRM: 'its own timer ran out and it has no handler for that',
  SIGVTALRM: 'its own timer ran out and it has no handler for that',
  SIGPROF: 'its own profiling timer ran out and it has no handler for that',
  SIGXCPU: 'it used more CPU time than its limit allows',
  SIGXFSZ: 'it wrote a file larger than its limit allows',
};
/** Ask a process to end; a handler may take its time, or refuse. */
const REQUESTS_TO_END = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGKILL'];
/** Only their sender's will is behind them. */
const SENT_ON_PURPOSE: readonly SignalOrigin[] = ['kill', 'tgkill', 'rt_sigqueue', 'pidfd', 'cgroup', 'bpf'];

const isCrash = (signal: SignalRecord) => CRASHES.includes(signal.signal);
const onPurpose = (signal: SignalRecord) =>
  SENT_ON_PURPOSE.includes(signal.origin) || signal.origin === 'unknown';
const fromOutside = (signal: SignalRecord) => knownSender(signal)?.inTree === false && onPurpose(signal);
const fromInside = (signal: SignalRecord) => knownSender(signal)?.inTree === true && onPurpose(signal);
const toItself = (signal: SignalRecord) => {
  const sender = knownSender(signal)?.pid;
  return sender === signal.target.tgid || sender === signal.target.pid;
};
const fromAnother = (signal: SignalRecord) =>
  knownSender(signal) !== null && onPurpose(signal) && !toItself(signal);
/** Leaves the process no chance to clean up, or says that its memory can not be trusted. */
const violent = (signal: SignalRecord) => signal.signal === 'SIGKILL' || isCrash(signal);

function senderName(signal: SignalRecord): string {
  const sender = knownSender(signal);
  if (!sender) return 'an unknown sender';
  return sender.comm === null ? `process ${sender.pid}` : `${sender.comm} (${sender.pid})`;
}

const FATAL: readonly DefaultVerdict[] = [
  {
    rule: 'default:crash',
    fits: (signal) => isCrash(signal) && !fromAnother(signal),
    verdict: 'unexpected',
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
    fits: (signal) => signal.signal in LIMITS && !fromAnother(signal),
    verdict: 'unexpected',
    severity: 'warning',
    reason: (signal) => LIMITS[signal.signal] ?? '',
  },
  {
    rule: 'default:killed-from-outside',
    fits: fromOutside,
    verdict: 'unexpected',
    severity: (signal) => (signal.signal === 'SIGKILL' ? 'critical' : 'error'),
    reason: (signal) => `${senderName(signal)}, which is not part of the traced tree, ended it`,
  },
  {
    rule: 'default:killed-by-kernel',
    fits: (signal) => ['pdeath', 'pidns', 'orphaned-pgrp', 'seccomp', 'ptrace'].includes(signal.origin),
    verdict: 'unexpected',
    severity: (signal) => (signal.origin === 'seccomp' ? 'error' : 'warning'),
    reason: (signal) => KERNEL_REASONS[signal.origin] ?? '',
  },
  {
    rule: 'default:terminal',
    fits: (signal) => signal.origin === 'tty',
    verdict: 'unexpected',
    severity: 'warning',
    reason: () => 'its terminal sent it: an interrupt key, or the terminal was closed',
  },
  {
    rule: 'default:killed-by-timer',
    fits: (signal) => signal.origin === 'timer',
    verdict: 'unexpected',
    severity: 'error',
    reason: () => 'a timer or a limit on CPU time ended it',
  },
  {
    rule: 'default:killed-itself',
    fits: (signal) => toItself(signal) && onPurpose(signal),
    verdict: 'unexpected',
    severity: 'error',
    reason: () => 'it sent the signal to itself',
  },
  {
    rule: 'default:killed-by-parent',
    fits: (signal, target) => fromInside(signal) && sentByParent(signal, target),
    verdict: 'unexpected',
    severity: (signal) => (violent(signal) ? 'error' : 'warning'),
    reason: (signal) => `its own parent, ${senderName(signal)}, killed it`,
  },
  {
    rule: 'default:killed-in-tree',
    fits: fromInside,
    verdict: 'unexpected',
    severity: (signal) => (violent(signal) ? 'error' : 'warning'),
    reason: (signal) => `${senderName(signal)}, of the same traced tree, killed it`,
  },
  {
    rule: 'default:killed-by-unknown',
    fits: () => true,
    verdict: 'unexpected',
    severity: 'error',
    reason: (signal) =>
      signal.origin === 'kernel'
        ? 'the kernel ended it'
        : 'this trace does not show who sent it: probably a process outside the traced tree',
  },
];

function severityOf({ severity }: DefaultVerdict, signal: SignalRecord): Severity {
  return typeof severity === 'function' ? severity(signal) : severity;
}

/** A core dump is an error whoever asked for it: Ctrl-\\ kills with SIGQUIT. */
function withCoreDump(signal: SignalRecord, severity: Severity): Severity {
  return signal.coreDumped === true && severity === 'warning' ? 'error' : severity;
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
    fits: (signal) =>
      signal.signal === 'SIGCHLD' &&
      (signal.origin === 'child' || (typeof signal.code === 'string' && signal.code.startsWith('CLD_'))),
    verdict: 'expected',
    severity: 'info',
    reason: () => 'the kernel tells a parent what became of its child',
  },
  {
    rule: 'default:harmless',
    fits: (signal) => ['SIGWINCH', 'SIGURG', 'SIGCONT'].includes(signal.signal) && !signal.fatal,
    verdict: 'expected',
    severity: 'info',
    reason: (signal) =>
      signal.signal === 'SIGCONT'
        ? 'it only lets a stopped process go on'
        : 'without a handler it does nothing',
  },
  {
    rule: 'default:thread-library',
    fits: (signal) => THREAD_LIBRARY_SIGNALS.includes(signal.number) && !signal.fatal,
    verdict: 'expected',
    severity: 'info',
    reason: () => 'the C library uses it among its own threads',
  },
  {
    rule: 'default:out-of-memory',
    fits: (signal) => signal.origin === 'oom',
    verdict: 'unexpected',
    severity: 'critical',
    reason: () => 'memory ran out, and the kernel chose this process to end',
  },
  ...FATAL.map((row) => ({
    ...row,
    fits: (signal: SignalRecord, target: SignalTarget | null) => signal.fatal && row.fits(signal, target),
    severity: (signal: SignalRecord) => withCoreDump(signal, severityOf(row, signal)),
  })),
  {
    rule: 'default:events-lost',
    fits: (signal) => signal.result === 'unknown',
    verdict: 'unknown',
    severity: 'notice',
    reason: () =>
      'nobody can say what became of it: events were lost, its target was not traced, or a signalfd or tracer took it',
  },
  {
    rule: 'default:queue-overflow',
    fits: (signal) => signal.result === 'overflow' || signal.result === 'info-lost',
    verdict: 'attention',
    severity: 'warning',
    reason: (signal) =>
      signal.result === 'overflow'
        ? 'the queue of pending signals was full, so it was not sent'
        : 'the queue of pending signals was full, so it arrived without saying from whom',
  },
  {
    rule: 'default:stopped',
    fits: (signal) => SIGNAL_SETS['@stop'](signal.number) && signal.delivered?.handler === 'default',
    verdict: 'attention',
    severity: 'warning',
    reason: (signal) =>
      signal.origin === 'ptrace'
        ? 'a debugger or tracer stopped the process'
        : 'the process stands still until it gets SIGCONT',
  },
  {
    rule: 'default:crash-handled',
    fits: (signal) => isCrash(signal) && wasHandled(signal),
    verdict: 'expected',
    severity: 'info',
    reason: () => 'the program handled it, as language runtimes and crash reporters do',
  },
  {
    rule: 'default:realtime-handled',
    fits: (signal) => SIGNAL_SETS['@rt'](signal.number) && wasHandled(signal),
    verdict: 'expected',
    severity: 'info',
    reason: () => 'the program has a handler for this real-time signal',
  },
  {
    rule: 'default:realtime',
    fits: (signal) => SIGNAL_SETS['@rt'](signal.number) && signal.result !== 'pending',
    verdict: 'unexpected',
    severity: 'warning',
    reason: () => 'a real-time signal to a process that has no handler for it: a control channel perhaps',
  },
  {
    rule: 'default:pending',
    fits: (signal) => signal.result === 'pending',
    verdict: 'attention',
    severity: (signal) => (SIGNAL_SETS['@rt'](signal.number) ? 'warning' : 'notice'),
    reason: () =>
      'it was queued and never delivered: blocked, or taken by sigwait(), whose call was not traced',
  },
  {
    rule: 'default:asked-to-end',
    fits: (signal) => REQUESTS_TO_END.includes(signal.signal) && fromOutside(signal),
    verdict: 'attention',
    severity: 'notice',
    reason: (signal) =>
      `${senderName(signal)}, which is not part of the traced tree, asked it to end, and it went on`,
  },
  {
    rule: 'default:no-harm',
    fits: () => true,
    verdict: 'expected',
    severity: 'info',
    reason: (signal) =>
      wasHandled(signal) ? 'the program has a handler for it' : 'it did not change the life of the process',
  },
];

/** The verdict of the first row that fits; the last row always does. */
export function defaultVerdict(signal: SignalRecord, target: SignalTarget | null): Verdict {
  const row =
    DEFAULT_VERDICTS.find((candidate) => candidate.fits(signal, target)) ?? DEFAULT_VERDICTS.at(-1)!;
  return {
    verdict: row.verdict,
    rule: row.rule,
    severity: severityOf(row, signal),
    reason: row.reason(signal),
  };
}
