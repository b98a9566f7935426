/**
 * Signals by number and name, what they do by default, and what their `si_code` means.
 *
 * Numbers: include/uapi/asm-generic/signal.h, the same on x86, arm and riscv (mips, alpha, sparc and parisc
 * number some of them otherwise). Default actions: the masks SIG_KERNEL_*_MASK in include/linux/signal.h.
 * Codes: include/uapi/asm-generic/siginfo.h. Real-time signals are named as strace does, from SIGRTMIN = 32 of
 * the kernel: 34, the first that glibc leaves to programs, is `SIGRT_2`.
 */

export type DefaultAction = 'terminate' | 'core' | 'ignore' | 'stop' | 'continue';

export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGQUIT = 3;
export const SIGILL = 4;
export const SIGTRAP = 5;
export const SIGBUS = 7;
export const SIGFPE = 8;
export const SIGKILL = 9;
export const SIGSEGV = 11;
export const SIGPIPE = 13;
export const SIGALRM = 14;
export const SIGCHLD = 17;
export const SIGCONT = 18;
export const SIGSTOP = 19;
export const SIGTSTP = 20;
export const SIGTTIN = 21;
export const SIGTTOU = 22;
export const SIGURG = 23;
export const SIGXCPU = 24;
export const SIGXFSZ = 25;
export const SIGVTALRM = 26;
export const SIGPROF = 27;
export const SIGWINCH = 28;
export const SIGIO = 29;
export const SIGSYS = 31;

const FIRST_REALTIME = 32;
const LAST_REALTIME = 64;

const STANDARD: readonly (readonly [name: string, action: DefaultAction])[] = [
  ['SIGHUP', 'terminate'],
  ['SIGINT', 'terminate'],
  ['SIGQUIT', 'core'],
  ['SIGILL', 'core'],
  ['SIGTRAP', 'core'],
  ['SIGABRT', 'core'],
  ['SIGBUS', 'core'],
  ['SIGFPE', 'core'],
  ['SIGKILL', 'terminate'],
  ['SIGUSR1', 'terminate'],
  ['SIGSEGV', 'core'],
  ['SIGUSR2', 'terminate'],
  ['SIGPIPE', 'terminate'],
  ['SIGALRM', 'terminate'],
  ['SIGTERM', 'terminate'],
  ['SIGSTKFLT', 'terminate'],
  ['SIGCHLD', 'ignore'],
  ['SIGCONT', 'continue'],
  ['SIGSTOP', 'stop'],
  ['SIGTSTP', 'stop'],
  ['SIGTTIN', 'stop'],
  ['SIGTTOU', 'stop'],
  ['SIGURG', 'ignore'],
  ['SIGXCPU', 'core'],
  ['SIGXFSZ', 'core'],
  ['SIGVTALRM', 'terminate'],
  ['SIGPROF', 'terminate'],
  ['SIGWINCH', 'ignore'],
  ['SIGIO', 'terminate'],
  ['SIGPWR', 'terminate'],
  ['SIGSYS', 'core'],
];

/** `SIGTERM` for 15, `SIGRT_2` for 34; `SIG_70` for a number that no signal has. */
export function signalName(number: number): string {
  if (number >= FIRST_REALTIME && number <= LAST_REALTIME) return `SIGRT_${number - FIRST_REALTIME}`;
  return STANDARD[number - 1]?.[0] ?? `SIG_${number}`;
}

const NUMBERS: ReadonlyMap<string, number> = new Map([
  ...STANDARD.map(([name], index): [string, number] => [name, index + 1]),
  ...Array.from({ length: LAST_REALTIME - FIRST_REALTIME + 1 }, (_, above): [string, number] => [
    `SIGRT_${above}`,
    FIRST_REALTIME + above,
  ]),
  ['SIGIOT', 6],
  ['SIGPOLL', 29],
  ['SIGCLD', SIGCHLD],
]);

/** glibc keeps 32 and 33 for itself: what `kill -l` calls SIGRTMIN is the kernel's 34. */
const FIRST_FOR_PROGRAMS = 34;

/** The number of `SIGTERM`, `TERM`, `SIGRT_2`, `SIGRTMIN+3` or `SIGRTMAX-1`; null for any other text. */
export function signalNumber(name: string): number | null {
  const upper = name.toUpperCase();
  const realtime = /^(?:SIG)?RT(?:MIN(?:\+(\d{1,2}))?|MAX(?:-(\d{1,2}))?)$/.exec(upper);
  if (realtime !== null) {
    const number = upper.includes('MAX')
      ? LAST_REALTIME - Number(realtime[2] ?? 0)
      : FIRST_FOR_PROGRAMS + Number(realtime[1] ?? 0);
    return number >= FIRST_FOR_PROGRAMS && number <= LAST_REALTIME ? number : null;
  }
  return NUMBERS.get(upper.startsWith('SIG') ? upper : `SIG${upper}`) ?? null;
}

/** What the kernel does where the process neither handles nor ignores it. */
export function defaultAction(number: number): DefaultAction {
  return STANDARD[number - 1]?.[1] ?? 'terminate';
}

/** Ends the process by default. */
export function endsByDefault(number: number): boolean {
  const action = defaultAction(number);
  return action === 'terminate' || action === 'core';
}

export const SI_USER = 0;
export const SI_KERNEL = 128;
export const SI_QUEUE = -1;
export const SI_TIMER = -2;
export const SI_MESGQ = -3;
export const SI_TKILL = -6;
export const CLD_EXITED = 1;
export const CLD_KILLED = 2;
export const CLD_DUMPED = 3;
export const CLD_TRAPPED = 4;
export const CLD_CONTINUED = 6;

const ANY_SIGNAL: Readonly<Record<number, string>> = {
  [SI_USER]: 'SI_USER',
  [SI_KERNEL]: 'SI_KERNEL',
  [SI_QUEUE]: 'SI_QUEUE',
  [SI_TIMER]: 'SI_TIMER',
  [SI_MESGQ]: 'SI_MESGQ',
  [-4]: 'SI_ASYNCIO',
  [-5]: 'SI_SIGIO',
  [SI_TKILL]: 'SI_TKILL',
  [-7]: 'SI_DETHREAD',
  [-60]: 'SI_ASYNCNL',
};

/** Positive codes mean something else for each signal; the list starts at 1, '' is a number never used. */
const OF_ONE_SIGNAL: Readonly<Record<string, string>> = {
  SIGILL: 'ILLOPC ILLOPN ILLADR ILLTRP PRVOPC PRVREG COPROC BADSTK BADIADDR',
  SIGFPE: 'INTDIV INTOVF FLTDIV FLTOVF FLTUND FLTRES FLTINV FLTSUB - - - - - FLTUNK CONDTRAP',
  SIGSEGV: 'MAPERR ACCERR BNDERR PKUERR ACCADI ADIDERR ADIPERR MTEAERR MTESERR CPERR',
  SIGBUS: 'ADRALN ADRERR OBJERR MCEERR_AR MCEERR_AO',
  SIGTRAP: 'BRKPT TRACE BRANCH HWBKPT UNK PERF',
  SIGCHLD: 'EXITED KILLED DUMPED TRAPPED STOPPED CONTINUED',
  SIGIO: 'IN OUT MSG ERR PRI HUP',
  SIGSYS: 'SECCOMP USER_DISPATCH',
};
const PREFIXES: Readonly<Record<string, string>> = { SIGCHLD: 'CLD', SIGIO: 'POLL' };

/** `SI_USER`, `CLD_KILLED`, `SEGV_MAPERR`; the number itself where it has no name. */
export function signalCodeName(signal: number, code: number): string | number {
  const any = ANY_SIGNAL[code];
  if (any !== undefined) return any;
  const name = signalName(signal);
  const suffix = OF_ONE_SIGNAL[name]?.split(' ')[code - 1];
  if (suffix === undefined || suffix === '-') return code;
  return `${PREFIXES[name] ?? name.slice('SIG'.length)}_${suffix}`;
}
