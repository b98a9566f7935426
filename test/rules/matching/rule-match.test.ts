import assert from 'node:assert/strict';
import type { SignalRecord } from '../../../src/model/report';
import { readRuleSet } from '../../../src/rules/language/rule-set';
import { compileCondition } from '../../../src/rules/matching/compiled-condition';
import { A_OUT, HANDLED, OUTSIDER, signalRecord } from '../signal-records';

function holds(when: unknown, changes: Partial<SignalRecord> = {}): boolean {
  const [rule] = readRuleSet([{ name: 'r', when, verdict: 'expected' }]).rules;
  return compileCondition(rule!.when)(signalRecord(changes), A_OUT);
}

const TERM = { signal: 'SIGTERM', number: 15 };

const TABLE: [when: Record<string, unknown>, holds: boolean, changes?: Partial<SignalRecord>][] = [
  [{}, true],
  [{ signal: 'SIGKILL' }, true],
  [{ signal: 'kill' }, true],
  [{ signal: 9 }, true],
  [{ signal: 'SIGTERM' }, false],
  [{ signal: ['SIGTERM', 'SIGKILL'] }, true],
  [{ signal: '@fatal' }, true],
  [{ signal: '@fatal' }, false, { signal: 'SIGCHLD', number: 17 }],
  [{ signal: '@fatal' }, false, { signal: 'SIGSTOP', number: 19 }],
  [{ signal: '@core' }, true, { signal: 'SIGSEGV', number: 11 }],
  [{ signal: '@core' }, false],
  [{ signal: '@stop' }, true, { signal: 'SIGTTOU', number: 22 }],
  [{ signal: '@stop' }, false, TERM],
  [{ signal: '@rt' }, true, { signal: 'SIGRT_2', number: 34 }],
  [{ signal: '@rt' }, true, { signal: 'SIGRT_32', number: 64 }],
  [{ signal: '@rt' }, false, { signal: 'SIGRT_1', number: 33 }],
  [{ signal: 'SIGRTMIN+3' }, true, { signal: 'SIGRT_5', number: 37 }],
  [{ signal: 'SIGRTMAX-1' }, true, { signal: 'SIGRT_31', number: 63 }],
  [{ signal: 'SIGRTMIN+3' }, false, { signal: 'SIGRT_6', number: 38 }],
  [{ signal: 'SIGRT_5' }, true, { signal: 'SIGRT_5', number: 37 }],
  [{ signal: 'SIGPOLL' }, true, { signal: 'SIGIO', number: 29 }],
  [{ code: 'SI_USER' }, true],
  [{ code: 'SI_KERNEL' }, false],
  [{ code: 'SI_USER' }, false, { code: null }],
  [{ sender: { comm: 'bash' } }, true],
  [{ sender: { comm: ['zsh', 'ba*'] } }, true],
  [{ sender: { comm: 'ba' } }, false],
  [{ sender: { comm: 'systemd-networkd' } }, true, { sender: { ...OUTSIDER, comm: 'systemd-network' } }],
  [{ sender: { inTree: true } }, true],
  [{ sender: { inTree: true } }, false, { sender: OUTSIDER }],
  [{ sender: { inTree: false } }, true, { sender: OUTSIDER }],
  [{ sender: { inTree: false } }, false, { sender: null }],
  [{ sender: { inTree: false } }, false, { sender: { ...OUTSIDER, irq: true } }],
  [{ sender: { pid: 4994 } }, true],
  [{ sender: { pid: [1, 2] } }, false],
  [{ sender: { isParent: true } }, true],
  [{ sender: { isParent: false } }, true, { sender: { pid: 4990, comm: 'sshd', inTree: true, irq: null } }],
  [{ target: { comm: 'a.???' } }, true],
  [{ target: { path: '/root/*' } }, true],
  [{ target: { path: '/usr/*' } }, false],
  [{ target: { pid: 5441 } }, true],
  [{ origin: ['kill', 'tgkill'] }, true],
  [{ origin: 'oom' }, false],
  [{ result: 'delivered' }, true],
  [{ result: 'pending' }, false],
  [{ fatal: true }, true],
  [{ fatal: false }, false],
  [{ handled: false }, true],
  [{ handled: true }, true, HANDLED],
  [{ not: { sender: { inTree: true } } }, false],
  [{ not: { sender: { inTree: true } } }, true, { sender: null }],
  [{ not: { not: { fatal: true } } }, true],
  [{ signal: 'SIGKILL', sender: { comm: 'zsh' } }, false],
];

describe('the conditions of a rule', () => {
  for (const [when, expected, changes] of TABLE) {
    const against = changes ? ` for ${JSON.stringify(changes)}` : '';
    it(`${expected ? 'hold' : 'do not hold'}: ${JSON.stringify(when)}${against}`, () => {
      assert.equal(holds(when, changes), expected);
    });
  }

  it('do not hold for a path that the trace does not know', () => {
    const [rule] = readRuleSet([{ name: 'r', when: { target: { path: '*' } }, verdict: 'expected' }]).rules;
    assert.equal(compileCondition(rule!.when)(signalRecord(), { ...A_OUT, path: null }), false);
    assert.equal(compileCondition(rule!.when)(signalRecord(), null), false);
  });
});
