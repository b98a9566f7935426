/** Ends whose status several pieces of evidence claim: SIGCHLD, deliveries, exit calls. wait is the judge (src/statuses.c). */
import assert from 'node:assert/strict';
import type { Scenario } from './scenario';

function status(
  name: string,
  scene: string,
  holds: Scenario['holds'] = () => 'ok',
  more: Partial<Scenario> = {},
): Scenario {
  return { name, program: 'statuses', scene, holds, ...more };
}

export const STATUSES: readonly Scenario[] = [
  status('a SIGCHLD that a process forges changes nothing', 'forged', (told) => {
    const [forged] = told.facts('forged');
    assert.deepEqual([forged?.['own'], forged?.['other']], [0, -1], 'the kernel refuses it to others');
    const child = told.life(told.number('born'));
    assert.equal(child.exit?.cause, 'exit_group(3)');
    assert.equal(told.oneSignal(child, 'SIGCHLD').origin, 'rt_sigqueue');
    assert.equal(told.workload.exit?.code, 0);
    return 'ok';
  }),
  status('SIGKILL during a core dump', 'killed-while-dumping', (told) => {
    for (const { waited: pid, signal } of told.facts('waited')) {
      if (signal !== 9) continue;
      assert.match(told.life(Number(pid)).exit?.cause ?? '', /^SIGKILL from statuses \(\d+\)/);
    }
    return 'ok';
  }),
  status('SIGABRT and at once SIGKILL', 'aborted-and-killed'),
  status('a first thread that seccomp ends, while another goes on', 'first-thread-forbidden'),
  status('a last thread that seccomp ends, where the first had left', 'last-thread-forbidden'),
  status('a process that seccomp ends from one of its threads', 'process-forbidden', () => 'ok', {
    // Before Linux 5.16 the filter sends nothing, and the other thread gets a 9.
    admits: [/^the sending of the signal that ended it is not in the trace/],
  }),
  status('an end that another signal than SIGCHLD reports, and one that none does', 'exit-signals'),
  status(
    'a blocked signal is not what ends a process that exits or runs a program',
    'pending-at-exit',
    (told) => {
      for (const { born } of told.facts('born'))
        assert.deepEqual(
          told.signalsTo(told.life(Number(born)), 'SIGUSR1').map(({ fatal }) => fatal),
          [false],
        );
      return 'ok';
    },
  ),
];
