/**
 * Signals as rules name them: one (`SIGTERM`, `TERM`, `15`, `SIGRTMIN+3`) or a set (`@fatal`). Standard signals are
 * compared by name, because their numbers differ between architectures; real-time signals by number, because
 * tools spell their names differently.
 *
 * The sets follow the masks of include/linux/signal.h (SIG_KERNEL_COREDUMP_MASK, SIG_KERNEL_STOP_MASK).
 */

/** All of x86, arm and riscv, 1 to 31 in order. */
export const STANDARD_SIGNALS = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGKILL',
  'SIGUSR1',
  'SIGSEGV',
  'SIGUSR2',
  'SIGPIPE',
  'SIGALRM',
  'SIGTERM',
  'SIGSTKFLT',
  'SIGCHLD',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGPROF',
  'SIGWINCH',
  'SIGIO',
  'SIGPWR',
  'SIGSYS',
] as const;

/** glibc keeps 32 and 33 for thread cancellation and setxid (nptl/internaltypes.h); musl 32 to 34. */
export const NPTL_SIGNALS: readonly number[] = [32, 33];
export const FIRST_REALTIME = 34;
export const LAST_REALTIME = 64;

/** End the process with a core dump where nothing handles them. */
const CORE = new Set([
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGFPE',
  'SIGSEGV',
  'SIGBUS',
  'SIGSYS',
  'SIGXCPU',
  'SIGXFSZ',
]);
/** Stop the process where nothing handles them; SIGSTOP always. */
const STOP = new Set(['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU']);
/** What the default action neither ends nor stops (signal(7)). */
const HARMLESS = new Set(['SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH']);

export const SIGNAL_SETS = {
  /** Every signal whose default action ends the process. */
  '@fatal': (signal: SignalName) => !HARMLESS.has(signal.signal) && !STOP.has(signal.signal),
  '@core': (signal: SignalName) => CORE.has(signal.signal),
  '@stop': (signal: SignalName) => STOP.has(signal.signal),
  /** Real-time signals that a program may use for itself: 34 to 64. */
  '@rt': (signal: SignalName) => signal.number >= FIRST_REALTIME && signal.number <= LAST_REALTIME,
} as const;

/** The part of a signal record that tells which signal it is. */
export interface SignalName {
  readonly signal: string;
  readonly number: number;
}

export type SignalTest = (signal: SignalName) => boolean;

const ALIASES: Readonly<Record<string, string>> = { SIGIOT: 'SIGABRT', SIGPOLL: 'SIGIO', SIGCLD: 'SIGCHLD' };

/** A test for what a rule wrote, or null where that is not a signal. */
export function signalTest(written: string | number): SignalTest | null {
  if (typeof written === 'number' || /^\d+$/.test(written)) {
    const number = Number(written);
    const known = Number.isInteger(number) && number >= 1 && number <= LAST_REALTIME;
    return known ? (signal) => signal.number === number : null;
  }
  if (written in SIGNAL_SETS) return SIGNAL_SETS[written as keyof typeof SIGNAL_SETS];
  const upper = written.toUpperCase();
  const full = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  const name = ALIASES[full] ?? full;
  if ((STANDARD_SIGNALS as readonly string[]).includes(name)) return (signal) => signal.signal === name;
  const realtime = realtimeNumber(name);
  return realtime === null ? null : (signal) => signal.number === realtime;
}

function realtimeNumber(name: string): number | null {
  const parts = /^SIGRT(?:(MIN)(?:\+(\d+))?|(MAX)(?:-(\d+))?|_?(\d+))$/.exec(name);
  if (!parts) return null;
  const [, min, above, max, below, plain] = parts;
  let number = Number(plain);
  if (min !== undefined) number = FIRST_REALTIME + Number(above ?? 0);
  if (max !== undefined) number = LAST_REALTIME - Number(below ?? 0);
  return number >= 32 && number <= LAST_REALTIME ? number : null;
}
