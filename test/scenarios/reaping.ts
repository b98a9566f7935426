/** Who buries whom. */
import assert from 'node:assert/strict';
import type { Scenario } from './scenario';
import type { Told } from './told';

/** The calls of init, and of whoever else reaps outside of the tree, are not in its trace. */
const OUTSIDE = [/^the wait that reaped it is not in the trace/];

function reaping(
  name: string,
  scene: string,
  holds: Scenario['holds'],
  more: Partial<Scenario> = {},
): Scenario {
  return { name, program: 'reaping', scene, holds, ...more };
}

/** Nobody reaps it: the kernel removes it, and the report is sure of that. */
function unattended(told: Told): 'ok' {
  const child = told.life(told.number('unattended'));
  assert.deepEqual(
    [child.state, child.reap, child.exit?.code],
    ['autoreaped', null, told.facts('unattended')[0]!['code']],
  );
  return 'ok';
}

/** Reaped by somebody outside of the tree, whom its SIGCHLD named. */
function buriedOutside(kind: string, code: number): (told: Told) => 'ok' {
  return (told) => {
    const child = told.life(told.number(kind));
    assert.deepEqual([child.exit?.code, child.state, child.reap?.call], [code, 'reaped', null]);
    const reaper = child.reap?.by ?? 0;
    assert.ok(!told.report.processes.some(({ pid }) => pid === reaper), `reaped by ${reaper}, of the tree`);
    return 'ok';
  };
}

const reaped = (): 'ok' => 'ok';

export const REAPING: readonly Scenario[] = [
  reaping('a child of a parent that ignores SIGCHLD', 'ignoring', unattended),
  reaping('a child of a parent with SA_NOCLDWAIT', 'nocldwait', unattended),
  reaping('the same where the parent handles SIGCHLD', 'nocldwait-handled', unattended),
  reaping('children that a handler of SIGCHLD reaps', 'in-handler', (told) => {
    assert.equal(told.facts('waited').length, 2);
    return 'ok';
  }),
  reaping('a zombie, and for how long', 'zombie', (told) => {
    const child = told.life(told.number('zombie'));
    assert.ok(child.reap!.zombieFor! > 0 && child.reap!.ts - child.exit!.ts >= child.reap!.zombieFor! - 1e-6);
    return 'ok';
  }),
  reaping('a zombie that its parent leaves to a subreaper', 'left-to-subreaper', reaped),
  reaping('a zombie that was killed, left by a parent that exits', 'killed-and-left', reaped),
  reaping('a zombie that its parent leaves to init', 'left-to-init', buriedOutside('left', 9), {
    admits: OUTSIDE,
  }),
  reaping('a daemon’s double fork: reaped by init', 'to-init', buriedOutside('orphan', 8), {
    admits: OUTSIDE,
  }),
  reaping('a double fork under a subreaper', 'to-subreaper', (told) => {
    assert.equal(told.life(told.number('orphan')).reap?.by, told.workload.pid);
    return 'ok';
  }),
  reaping('waitid for one child', 'by-id', reaped),
  reaping('waitid for any of several zombies', 'by-any-id', (told) => {
    const times = told.facts('waited').map(({ waited: pid }) => told.life(Number(pid)).reap!.ts);
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    );
    assert.equal(new Set(times).size, 3);
    return 'ok';
  }),
  reaping('waitid for any child, one at a time', 'by-any-id-in-turn', reaped),
  reaping('waitid for a pidfd', 'by-pidfd', reaped),
  reaping('waits that only look', 'by-nowait', reaped),
  reaping('a wait for a process group', 'by-group', reaped),
  reaping('a wait that asks and does not wait', 'polled', reaped),
];
