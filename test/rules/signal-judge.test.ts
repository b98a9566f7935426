import assert from 'node:assert/strict';
import { readRuleSet } from '../../src/rules/rule-set';
import { SignalJudge } from '../../src/rules/signal-judge';
import { A_OUT, HANDLED, NO_RULES, signalRecord } from './signal-records';

describe('judging a signal', () => {
  const rules = readRuleSet([
    {
      name: 'planned',
      when: { signal: 'SIGKILL', sender: { comm: 'bash' } },
      verdict: 'expected',
      reason: 'test',
    },
    { name: 'no kills', when: { signal: 'SIGKILL' }, verdict: 'unexpected', severity: 'critical' },
    { name: 'all', when: { handled: true }, verdict: 'attention' },
  ]);

  it('takes the first rule that matches', () => {
    assert.deepEqual(new SignalJudge(rules).judge(signalRecord(), A_OUT), {
      verdict: 'expected',
      rule: 'planned',
      severity: 'info',
      reason: 'test',
    });
    assert.deepEqual(
      new SignalJudge({ ...rules, rules: rules.rules.slice(1) }).judge(signalRecord(), A_OUT),
      {
        verdict: 'unexpected',
        rule: 'no kills',
        severity: 'critical',
        reason: 'rule "no kills"',
      },
    );
  });

  it('falls back on the default verdicts', () => {
    assert.equal(new SignalJudge(NO_RULES).judge(signalRecord(), A_OUT).rule, 'default:killed-by-parent');
  });

  it("expects the session's own control signal, whatever the rules say", () => {
    const control = signalRecord({ ...HANDLED, signal: 'SIGUSR2', number: 12, control: true });
    assert.equal(new SignalJudge(rules).judge(control, A_OUT).verdict, 'expected');
    assert.equal(new SignalJudge(rules).judge({ ...control, control: false }, A_OUT).rule, 'all');
  });
});
