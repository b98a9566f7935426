import assert from 'node:assert/strict';
import { readRuleSet } from '../../../src/rules/language/rule-set';
import { SignalJudge } from '../../../src/rules/matching/signal-judge';
import { A_OUT, HANDLED, NO_RULES, signalRecord } from '../signal-records';

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

  const named = (name: string, changes: Record<string, unknown> = {}) => ({
    name,
    when: { signal: 'KILL' },
    verdict: 'unexpected',
    ...changes,
  });
  const judging = (list: unknown[], match: 'first' | 'all' = 'first') =>
    new SignalJudge(readRuleSet({ match, rules: list }));

  it('gives the verdict of every rule that matches where the set says all', () => {
    const list = [named('a'), named('b', { when: { signal: 'TERM' } }), named('c', { verdict: 'expected' })];
    const rulesOf = (judge: SignalJudge) => judge.judgeAll(signalRecord(), A_OUT).map(({ rule }) => rule);
    assert.deepEqual(rulesOf(judging(list, 'all')), ['a', 'c']);
    assert.deepEqual(rulesOf(judging(list)), ['a']);
    assert.deepEqual(rulesOf(judging([], 'all')), ['default:killed-by-parent']);
    assert.equal(judging(list, 'all').judge(signalRecord(), A_OUT).rule, 'a');
    const control = signalRecord({ control: true });
    assert.deepEqual(
      judging(list, 'all')
        .judgeAll(control, A_OUT)
        .map(({ rule }) => rule),
      ['default:session-control'],
    );
  });

  it('leaves out what is switched off, and what needs more than this signal', () => {
    const list = [
      named('off', { enabled: false }),
      named('later', { without: { stage: 'exit', within: 5 } }),
      { name: 'zombie', on: 'zombie', olderThan: 3, verdict: 'attention' },
      { name: 'loss', on: 'loss', verdict: 'unknown' },
    ];
    assert.equal(judging(list).judge(signalRecord(), A_OUT).rule, 'default:killed-by-parent');
  });

  it('does not fire on incomplete evidence where the rule requires it complete', () => {
    const judge = judging([named('whole', { requires: 'complete' })]);
    assert.equal(judge.judge(signalRecord(), A_OUT).rule, 'whole');
    const incomplete = { ...A_OUT, incomplete: ['it was not traced from its start'] };
    assert.equal(judge.judge(signalRecord(), incomplete).rule, 'default:killed-by-parent');
    assert.equal(
      judge.judge(signalRecord({ result: 'unknown', fatal: false }), A_OUT).rule,
      'default:events-lost',
    );
  });

  describe('with exceptions', () => {
    const exception = (changes: Record<string, unknown> = {}) => [
      named('no kills', {
        severity: 'critical',
        except: [
          { sender: { comm: 'zsh' }, reason: 'another' },
          {
            sender: { comm: 'bash' },
            target: { path: '/root/*' },
            signal: ['TERM', 'KILL'],
            reason: 'restart',
            ...changes,
          },
        ],
      }),
    ];

    it('expects what one of them names, and says by which', () => {
      assert.deepEqual(judging(exception()).judge(signalRecord(), A_OUT), {
        verdict: 'expected',
        rule: 'no kills (except: restart)',
        severity: 'info',
        reason: 'restart',
      });
    });

    const unlike: [what: string, changes: Record<string, unknown>][] = [
      ['sender', { sender: { comm: 'systemd' } }],
      ['target', { target: { path: '/usr/*' } }],
      ['signal', { signal: 'TERM' }],
    ];
    for (const [what, changes] of unlike) {
      it(`asks for the ${what} too`, () => {
        assert.equal(judging(exception(changes)).judge(signalRecord(), A_OUT).rule, 'no kills');
      });
    }

    it('is over when the signal comes at or after its end, and tells it once', () => {
      const judge = judging(exception({ until: '2027-01-01T00:00:00Z' }));
      const ruleAt = (time: string | null) => judge.judge(signalRecord({ time }), A_OUT).rule;
      assert.equal(ruleAt('2026-12-31T23:59:59.999Z'), 'no kills (except: restart)');
      assert.deepEqual(judge.takeNotices(), []);
      assert.equal(ruleAt('2027-01-01T00:00:00.000Z'), 'no kills');
      assert.equal(ruleAt('2027-01-01T00:00:01.000Z'), 'no kills');
      assert.deepEqual(judge.takeNotices(), [
        'exception "restart" of rule "no kills" ended 2027-01-01T00:00:00.000Z: it is off',
      ]);
      assert.deepEqual(judge.takeNotices(), []);
    });
  });

  it('passes a rule by whose time is over, and keeps one that nobody can date', () => {
    const judge = judging([named('for now', { until: '2027-01-01T01:00:00+01:00' }), named('always')]);
    const ruleAt = (time: string | null) => judge.judge(signalRecord({ time }), A_OUT).rule;
    assert.equal(ruleAt('2026-12-31T23:59:59.000Z'), 'for now');
    assert.equal(ruleAt('2027-01-01T00:00:00.000Z'), 'always');
    assert.equal(ruleAt(null), 'for now');
    assert.equal(ruleAt(null), 'for now');
    assert.deepEqual(judge.takeNotices(), [
      'rule "for now" ended 2027-01-01T00:00:00.000Z: it is off',
      'rule "for now" ends 2027-01-01T00:00:00.000Z, but the trace does not know the wall time: it holds',
    ]);
  });
});
