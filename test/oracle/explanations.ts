/**
 * Why strace and a report may differ though both are right. Each has its reason, and explains one kind of fact only.
 */
import type { NamedLife } from './life';

export interface Difference {
  readonly process: string;
  readonly fact: string;
  readonly toldBy: 'strace' | 'ours';
  readonly strace: NamedLife | undefined;
  readonly ours: NamedLife | undefined;
}

export interface Explanation {
  readonly name: string;
  readonly reason: string;
  readonly explains: (difference: Difference) => boolean;
}

const SIGCHLD = /^gets SIGCHLD \((CLD_\w+)\) from ([\d.]+): (handled|ignored|coalesced|never delivered)$/;
const NOT_ARRIVED = /^gets (SIG\w+) \(SI_\w+\).*: (coalesced|never delivered)$/;

export const EXPLANATIONS: readonly Explanation[] = [
  {
    name: 'SIGCHLD coalesces',
    reason:
      'Of children that end close to each other, or while SIGCHLD is blocked, the first that is pending stands for all (kernel/signal.c, ' +
      'legacy_queue). Which of them that is depends on the moment, and a SIGCHLD that nobody handles stays pending ' +
      'for a tracee only (sig_ignored). Both runs must have one SIGCHLD at least that the parent got.',
    explains: ({ fact, toldBy, strace, ours }) => {
      if (!SIGCHLD.test(fact)) return false;
      if (arrived(strace) === 0 || arrived(ours) === 0) return false;
      // Ours tells each that was sent; what strace tells must be among them, arrived or coalesced.
      const [, code, child] = SIGCHLD.exec(fact)!;
      const notArrived = (told: string): boolean => /: (?:coalesced|never delivered)$/.test(told);
      const sameChild = `gets SIGCHLD (${code}) from ${child}: `;
      const other = toldBy === 'strace' ? ours : strace;
      if (toldBy === 'strace')
        return other?.facts.some((told) => told.startsWith(sameChild) && notArrived(told)) === true;
      return (
        other?.facts.includes(fact) === false &&
        (notArrived(fact) || !other.facts.some((told) => told.startsWith(sameChild)))
      );
    },
  },
  {
    name: 'SIGCHLD stays blocked',
    reason:
      'GNU make takes SIGCHLD only inside pselect, while it waits for a token of its job server; whether it ever waits ' +
      'depends on the moment. In a run without, the first SIGCHLD stays pending to the end and stands for all others.',
    explains: ({ fact, strace, ours }) => {
      if (!SIGCHLD.test(fact) || arrived(strace) === 0) return false;
      const fates = fatesOf(ours);
      const pending = fates.filter((fate) => fate === 'never delivered').length;
      return pending === 1 && fates.every((fate) => fate === 'never delivered' || fate === 'coalesced');
    },
  },
  {
    name: 'a program by its descriptor',
    reason:
      'The kernel calls the program of fexecve /dev/fd/N, and strace has the number alone. Where the report knows ' +
      'what that descriptor was, it tells the name.',
    explains: ({ fact, toldBy, strace, ours }) => {
      const unnamed = /^runs \/dev\/fd\/\d+$/;
      if (toldBy === 'strace') return unnamed.test(fact) && ours?.facts.includes(fact) === false;
      return /^runs \//.test(fact) && strace?.facts.some((told) => unnamed.test(told)) === true;
    },
  },
  {
    name: 'an orphan whose new parent takes its time',
    reason:
      'Strace tells who waited in the tree, and nothing of who inherits its zombies. The trace ends two seconds after ' +
      'the last of the tree has ended, and a busy init may not have waited by then: the report says zombie, as it is.',
    explains: ({ fact, toldBy, strace, ours }) => {
      const [inStrace, inReport] = ['is reaped by outside', 'is not reaped'];
      if (fact !== (toldBy === 'strace' ? inStrace : inReport)) return false;
      return strace?.facts.includes(inStrace) === true && ours?.facts.includes(inReport) === true;
    },
  },
  {
    name: 'a signal that never arrives',
    reason:
      'Strace stops at arrivals. What was coalesced, or waited blocked until its process ended, it shows in the call ' +
      'that sent it alone: it must have seen as many of those calls.',
    explains: ({ fact, toldBy, strace, ours }) => {
      const signal = NOT_ARRIVED.exec(fact)?.[1];
      if (toldBy !== 'ours' || signal === undefined || !strace || !ours) return false;
      const sent = ours.life.signals.filter((each) => each.signal === signal).length;
      return strace.life.asked.filter((each) => each === signal).length === sent;
    },
  },
];

/** What became of each SIGCHLD. */
function fatesOf(told: NamedLife | undefined): string[] {
  return told?.facts.flatMap((fact) => SIGCHLD.exec(fact)?.[3] ?? []) ?? [];
}

function arrived(told: NamedLife | undefined): number {
  return fatesOf(told).filter((fate) => fate === 'handled' || fate === 'ignored').length;
}
