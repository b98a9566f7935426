/**
 * Signals as rules name them: one (`SIGTERM`, `TERM`, `15`, `SIGRT_2`, `SIGRTMIN+3`) or a set (`@fatal`).
 */
import { defaultAction, endsByDefault, SIGCONT, signalNumber } from '../../kernel/signals';

/** glibc keeps these for cancelling threads and for setxid among them (sysdeps/unix/sysv/linux/internal-signals.h). */
export const THREAD_LIBRARY_SIGNALS: readonly number[] = [32, 33];
/** The first and last real-time signal that a program may use: what `kill -l` calls SIGRTMIN and SIGRTMAX. */
const FIRST_REALTIME = 34;
const LAST_REALTIME = 64;

/** A test on a signal's number. */
export type SignalTest = (number: number) => boolean;

export const SIGNAL_SETS = {
  /** Ends the process where nothing handles it, with a core dump or without. */
  '@fatal': endsByDefault,
  '@core': (number: number) => defaultAction(number) === 'core',
  '@stop': (number: number) => defaultAction(number) === 'stop',
  /** A shell's job control: what stops a job, and what lets it go on. */
  '@job': (number: number) => number === SIGCONT || defaultAction(number) === 'stop',
  '@rt': (number: number) => number >= FIRST_REALTIME && number <= LAST_REALTIME,
} as const satisfies Record<string, SignalTest>;

/** A test for what a rule wrote, or null where that is not a signal. */
export function signalTest(written: string | number): SignalTest | null {
  if (typeof written === 'string' && Object.hasOwn(SIGNAL_SETS, written)) {
    return SIGNAL_SETS[written as keyof typeof SIGNAL_SETS];
  }
  const wanted = numberOf(written);
  return wanted !== null && wanted >= 1 && wanted <= LAST_REALTIME ? (number) => number === wanted : null;
}

function numberOf(written: string | number): number | null {
  if (typeof written === 'number') return Number.isInteger(written) ? written : null;
  if (/^\d+$/.test(written)) return Number(written);
  return signalNumber(written);
}
