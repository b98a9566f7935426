/** Pids that mean something else: in pid namespaces, and numbers that are used again. */
import assert from 'node:assert/strict';
import type { ProcessRecord } from '../../src/model/report';
import type { Scenario } from './scenario';
import type { Told } from './told';

function namespace(
  name: string,
  scene: string,
  holds: Scenario['holds'],
  more: Partial<Scenario> = {},
): Scenario {
  return { name, program: 'namespaces', scene, holds, ...more };
}

/** The first process of the namespace, and those that it forked. */
function insiders(told: Told): { first: ProcessRecord; others: ProcessRecord[] } {
  const first = told.life(told.number('born'));
  return { first, others: told.childrenOf(first) };
}

export const NAMESPACES: readonly Scenario[] = [
  namespace('children whose parent knows them by other numbers', 'inside', (told) => {
    const { first, others } = insiders(told);
    assert.deepEqual(
      others.map(({ exit, reap }) => [exit?.code, reap?.by, reap?.call]),
      [
        [41, first.pid, 'wait4'],
        [42, first.pid, 'wait4'],
      ],
    );
    return 'ok';
  }),
  namespace('the end of a namespace’s first process, which ends the others', 'end-of-first', (told) => {
    const { first, others } = insiders(told);
    assert.equal(others.length, 2);
    for (const other of others) {
      const fatal = told.fatalOf(other);
      assert.deepEqual(
        [fatal.signal, fatal.origin, fatal.sender?.pid, other.exit?.signal],
        ['SIGKILL', 'pidns', first.pid, 'SIGKILL'],
      );
      assert.notEqual(other.state, 'running');
    }
    return 'ok';
  }),
  namespace('kill(-1): one call, a signal to each but its sender', 'kill-all', (told) => {
    const { first, others } = insiders(told);
    assert.equal(others.length, 3);
    for (const other of others) {
      const fatal = told.fatalOf(other);
      assert.deepEqual([fatal.signal, fatal.origin, fatal.sender?.pid], ['SIGTERM', 'kill', first.pid]);
      assert.equal(other.reap?.by, first.pid);
    }
    return 'ok';
  }),
  namespace('a first process that takes no SIGKILL from inside', 'unkillable', (told) => {
    const { first } = insiders(told);
    const signals = [...told.signalsTo(first, 'SIGKILL'), ...told.signalsTo(first, 'SIGTERM')];
    assert.deepEqual(
      signals.map(({ result, fatal }) => [result, fatal]),
      [
        ['ignored', false],
        ['ignored', false],
      ],
    );
    assert.equal(first.exit?.code, 45);
    return 'ok';
  }),
  namespace('a number that is used again: two lives', 'used-again', (told) => {
    const lives = told.livesOf(told.number('again'));
    assert.deepEqual(
      lives.map(({ exit }) => exit?.code),
      [46, 47],
    );
    assert.notEqual(lives[0]?.id, lives[1]?.id);
    return 'ok';
  }),
];
