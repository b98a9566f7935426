import assert from 'node:assert/strict';
import { readRuleSet } from '../../../src/rules/language/rule-set';
import type { SignalRecord, SignalTarget } from '../../../src/model/report';
import { AlertWatch } from '../../../src/rules/watch/alert-watch';
import { A_OUT, HANDLED, signalRecord } from '../signal-records';

interface Said {
  readonly rule: string;
  readonly severity: string;
  readonly reason: string;
  readonly isAlert: boolean;
}

/** What a watch says of signals, each as of one whose fate is known. */
class Judged {
  readonly watch: AlertWatch;

  constructor(rules: unknown, match: 'first' | 'all' = 'first') {
    // Each alert is said at once: a summary would hide the second.
    this.watch = new AlertWatch(readRuleSet({ match, rules }), { intervalSeconds: 0 });
  }

  all(signal: SignalRecord, target: SignalTarget): Said[] {
    // A verdict on a death waits for the exit, or for the end of the trace.
    return [...this.watch.settled(signal, target), ...this.watch.end()].map((judgement) => {
      const { rule, severity, reason } = judgement.kind === 'alert' ? judgement.alert : judgement.verdict;
      return { rule, severity, reason, isAlert: judgement.kind === 'alert' };
    });
  }

  one(signal: SignalRecord, target: SignalTarget): Said {
    const [said, ...others] = this.all(signal, target);
    assert.ok(said && others.length === 0);
    return said;
  }
}

describe('judging a signal', () => {
  const rules = [
    {
      name: 'planned',
      when: { signal: 'SIGKILL', sender: { comm: 'bash' } },
      verdict: 'expected',
      reason: 'test',
    },
    { name: 'no kills', when: { signal: 'SIGKILL' }, verdict: 'unexpected', severity: 'critical' },
    { name: 'all', when: { handled: true }, verdict: 'attention' },
  ];

  it('takes the first rule that matches', () => {
    assert.deepEqual(new Judged(rules).one(signalRecord(), A_OUT), {
      rule: 'planned',
      severity: 'info',
      reason: 'test',
      isAlert: false,
    });
    assert.deepEqual(new Judged(rules.slice(1)).one(signalRecord(), A_OUT), {
      rule: 'no kills',
      severity: 'critical',
      reason: 'rule "no kills"',
      isAlert: true,
    });
  });

  it('falls back on the default verdicts', () => {
    assert.equal(new Judged([]).one(signalRecord(), A_OUT).rule, 'default:killed-by-parent');
  });

  it("expects the session's own control signal, whatever the rules say", () => {
    const control = signalRecord({ ...HANDLED, signal: 'SIGUSR2', number: 12, control: true });
    assert.equal(new Judged(rules).one(control, A_OUT).isAlert, false);
    assert.equal(new Judged(rules).one({ ...control, control: false }, A_OUT).rule, 'all');
  });

  const named = (name: string, changes: Record<string, unknown> = {}) => ({
    name,
    when: { signal: 'KILL' },
    verdict: 'unexpected',
    ...changes,
  });

  it('gives the alert of every rule that matches where the set says all', () => {
    const list = [named('a'), named('b', { when: { signal: 'TERM' } }), named('c')];
    const rulesOf = (judged: Judged) => judged.all(signalRecord(), A_OUT).map(({ rule }) => rule);
    assert.deepEqual(rulesOf(new Judged(list, 'all')), ['a', 'c']);
    assert.deepEqual(rulesOf(new Judged(list)), ['a']);
    assert.deepEqual(rulesOf(new Judged([], 'all')), ['default:killed-by-parent']);
    const control = new Judged(list, 'all').one(signalRecord({ control: true }), A_OUT);
    assert.equal(control.rule, 'default:session-control');
  });

  it('leaves out what is switched off, and what needs more than this signal', () => {
    const list = [
      named('off', { enabled: false }),
      named('later', { without: { stage: 'exit', within: 5 } }),
      { name: 'zombie', on: 'zombie', olderThan: 3, verdict: 'attention' },
      { name: 'loss', on: 'loss', verdict: 'unknown' },
    ];
    assert.equal(new Judged(list).one(signalRecord(), A_OUT).rule, 'default:killed-by-parent');
  });

  it('does not fire on incomplete evidence where the rule requires it complete', () => {
    const judged = new Judged([named('whole', { requires: 'complete' })]);
    assert.equal(judged.one(signalRecord(), A_OUT).rule, 'whole');
    const incomplete = { ...A_OUT, incomplete: ['it was not traced from its start'] };
    assert.equal(judged.one(signalRecord(), incomplete).rule, 'default:killed-by-parent');
    assert.equal(
      judged.one(signalRecord({ result: 'unknown', fatal: false }), A_OUT).rule,
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
      assert.deepEqual(new Judged(exception()).one(signalRecord(), A_OUT), {
        rule: 'no kills (except: restart)',
        severity: 'info',
        reason: 'restart',
        isAlert: false,
      });
    });

    const unlike: [what: string, changes: Record<string, unknown>][] = [
      ['sender', { sender: { comm: 'systemd' } }],
      ['target', { target: { path: '/usr/*' } }],
      ['signal', { signal: 'TERM' }],
    ];
    for (const [what, changes] of unlike) {
      it(`asks for the ${what} too`, () => {
        assert.equal(new Judged(exception(changes)).one(signalRecord(), A_OUT).rule, 'no kills');
      });
    }

    it('has expired when the signal comes at or after its end, and reports that once', () => {
      const judged = new Judged(exception({ until: '2027-01-01T00:00:00Z' }));
      const ruleAt = (time: string | null) => judged.one(signalRecord({ time }), A_OUT).rule;
      assert.equal(ruleAt('2026-12-31T23:59:59.999Z'), 'no kills (except: restart)');
      assert.deepEqual(judged.watch.takeRemarks(), []);
      assert.equal(ruleAt('2027-01-01T00:00:00.000Z'), 'no kills');
      assert.equal(ruleAt('2027-01-01T00:00:01.000Z'), 'no kills');
      assert.deepEqual(judged.watch.takeRemarks(), [
        'exception "restart" of rule "no kills" ended 2027-01-01T00:00:00.000Z: it is off',
      ]);
      assert.deepEqual(judged.watch.takeRemarks(), []);
    });
  });

  it('passes a rule by that has expired, and keeps one that nobody can date', () => {
    const judged = new Judged([named('for now', { until: '2027-01-01T01:00:00+01:00' }), named('always')]);
    const ruleAt = (time: string | null) => judged.one(signalRecord({ time }), A_OUT).rule;
    assert.equal(ruleAt('2026-12-31T23:59:59.000Z'), 'for now');
    assert.equal(ruleAt('2027-01-01T00:00:00.000Z'), 'always');
    assert.equal(ruleAt(null), 'for now');
    assert.equal(ruleAt(null), 'for now');
    assert.deepEqual(judged.watch.takeRemarks(), [
      'rule "for now" ended 2027-01-01T00:00:00.000Z: it is off',
      'rule "for now" ends 2027-01-01T00:00:00.000Z, but the trace does not know the wall time: it holds',
    ]);
  });
});
