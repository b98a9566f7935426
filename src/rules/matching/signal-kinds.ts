/** What kind of thing a signal is: a crash, a request, somebody's will. Which signal means what: signal(7). */
import type { SignalOrigin, SignalRecord, SignalTarget } from '../../model/report';
import { knownSender, sentByParent, sentToItself, wasHandled } from '../language/evidence';

/** Raised by the program's own instruction, or by its own abort(). */
const CRASHES = ['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGSYS', 'SIGABRT', 'SIGTRAP'];
/** Ask a process to end; a handler may clean up first, take its time, or refuse. */
const REQUESTS_TO_END = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'];
/** Only sent because a process wanted to. */
const SENT_ON_PURPOSE: readonly SignalOrigin[] = ['kill', 'tgkill', 'rt_sigqueue', 'pidfd', 'cgroup', 'bpf'];
const INIT = 1;

export function isCrash({ signal }: SignalRecord): boolean {
  return CRASHES.includes(signal);
}

export function isOnPurpose({ origin }: SignalRecord): boolean {
  return SENT_ON_PURPOSE.includes(origin) || origin === 'unknown';
}

export function isFromOutside(signal: SignalRecord): boolean {
  return knownSender(signal)?.inTree === false && isOnPurpose(signal);
}

export function isFromInside(signal: SignalRecord): boolean {
  return knownSender(signal)?.inTree === true && isOnPurpose(signal);
}

export function isFromItself(signal: SignalRecord): boolean {
  return sentToItself(signal) && isOnPurpose(signal);
}

export function isFromAnother(signal: SignalRecord): boolean {
  return knownSender(signal) !== null && isOnPurpose(signal) && !sentToItself(signal);
}

export function isRequestToEnd(signal: string): boolean {
  return REQUESTS_TO_END.includes(signal);
}

/** SIGTERM, SIGINT, SIGQUIT or SIGHUP from another process or from the terminal. */
export function asksToEnd(signal: SignalRecord): boolean {
  return isRequestToEnd(signal.signal) && (isFromAnother(signal) || signal.origin === 'tty');
}

/** SIGTERM and SIGINT are refused by nobody who works; SIGHUP and SIGQUIT mean other things to many programs. */
export function expectsAnEnd({ signal, origin }: SignalRecord): boolean {
  return origin !== 'tty' && (signal === 'SIGTERM' || signal === 'SIGINT');
}

/** By who may end a process in everyday life: its parent, its own tree, init, its terminal. */
export function isByItsKeeper(signal: SignalRecord, target: SignalTarget | null): boolean {
  if (signal.origin === 'tty') return true;
  return isFromInside(signal) || sentByParent(signal, target) || knownSender(signal)?.pid === INIT;
}

/** Meant to end it, and to have it report where it hangs. */
export function aborts(signal: SignalRecord): boolean {
  return signal.signal === 'SIGABRT' && isFromAnother(signal);
}

/** A watchdog, or a master whose worker does not answer, aborts a process; its handler reports where it hangs. */
export function reportsAHang(signal: SignalRecord): boolean {
  return aborts(signal) && wasHandled(signal);
}

/** A fault of the program itself that it has a handler for. */
export function isHandledFault(signal: SignalRecord): boolean {
  return isCrash(signal) && wasHandled(signal) && !isFromAnother(signal);
}

/** What the session follows for its own sake, and not because the workload started it. */
export function isSubject(target: SignalTarget | null): boolean {
  if (target?.role === 'workload' || target?.role === 'attached') return true;
  return target?.role !== 'descendant' && (target?.ancestors.length ?? 0) === 0;
}
