import assert from 'node:assert/strict';
import type { SignalRecord } from '../../../src/model/report';
import { AlertWatch } from '../../../src/rules/watch/alert-watch';
import { LearntSignals } from '../../../src/rules/watch/learnt-signals';
import { readRuleSet } from '../../../src/rules/language/rule-set';
import { A_OUT, HANDLED, ITSELF, OUTSIDER, signalRecord } from '../signal-records';

/** One run: what is said of these signals while learning, and what is left of it with the proposed rules. */
function learn(runs: readonly (readonly Partial<SignalRecord>[])[], rules: unknown = []) {
  const learnt = new LearntSignals();
  const said: string[] = [];
  const judge = (set: unknown, learning?: LearntSignals): string[] =>
    runs.flatMap((run) => {
      learning?.beginRun();
      const watch = new AlertWatch(readRuleSet(set), learning ? { learning } : {});
      // A process ends once.
      const judgements = run.flatMap((changes, index) =>
        watch.settled(signalRecord(changes), { ...A_OUT, id: `${index}@1` }),
      );
      return [...judgements, ...watch.end()].map((each) =>
        each.kind === 'alert' ? `ALERT ${each.alert.rule}` : `${each.verdict.verdict} ${each.verdict.rule}`,
      );
    });
  said.push(...judge(rules, learnt));
  const proposal = learnt.propose();
  return { learnt, said, proposal, after: judge([...proposal.rules, ...(rules as unknown[])]) };
}

describe('learning', () => {
  it('passes on what would have been an alert, and proposes the rule that expects it', () => {
    const { said, proposal, after, learnt } = learn([[{}, { ts: 9993 }], [{}]]);
    assert.deepEqual(said, Array(3).fill('expected learning'));
    assert.equal(learnt.count, 3);
    assert.deepEqual(proposal, {
      rules: [
        {
          name: 'learnt: SIGKILL from bash to /root/a.out',
          when: {
            signal: 'SIGKILL',
            'sender.comm': 'bash',
            'target.path': '/root/a.out',
            outcome: ['killed'],
          },
          verdict: 'expected',
          reason: 'learnt: seen 3 times in 2 runs',
        },
      ],
      runs: 2,
      leftOut: 0,
    });
    assert.deepEqual(after, Array(3).fill('expected learnt: SIGKILL from bash to /root/a.out'));
  });

  it('proposes a rule that can be read where a name is empty', () => {
    const { proposal, after } = learn([[{ sender: { ...ITSELF, pid: 7, comm: '' } }]]);
    assert.deepEqual(
      proposal.rules.map(({ when }) => (when as Record<string, unknown>)['sender.comm']),
      [{ regex: '^$' }],
    );
    assert.match(after.join(), /^expected learnt: /);
  });

  it('never learns what is critical', () => {
    const { said, proposal } = learn([[{ sender: OUTSIDER }]]);
    assert.deepEqual(said, ['ALERT default:killed-from-outside']);
    assert.deepEqual(proposal.rules, []);
  });

  it('does not count what is expected anyway', () => {
    assert.deepEqual(learn([[{ ...HANDLED, signal: 'SIGUSR1', number: 10 }]]).proposal.rules, []);
  });

  it('proposes rules that do not fit another signal, sender, target or outcome', () => {
    const { proposal } = learn([[{}]]);
    const rules = readRuleSet(proposal.rules);
    const others: [Partial<SignalRecord>, object][] = [
      [{ signal: 'SIGABRT', number: 6 }, {}],
      [{ sender: { ...OUTSIDER, comm: 'dash' } }, {}],
      [{}, { path: '/root/b.out' }],
    ];
    for (const [changes, target] of others) {
      const watch = new AlertWatch(rules);
      const judgements = [...watch.settled(signalRecord(changes), { ...A_OUT, ...target }), ...watch.end()];
      assert.equal(judgements[0]?.kind, 'alert');
    }
  });

  for (const [what, changes] of [
    ['a name that looks like a pattern', { sender: { ...OUTSIDER, inTree: true, comm: 'a*b?' } }],
    ['a signal without a sender', { sender: null, signal: 'SIGSEGV', number: 11, origin: 'fault' }],
    ['a sender without a name', { sender: { ...OUTSIDER, inTree: true, comm: null } }],
  ] as [string, Partial<SignalRecord>][]) {
    it(`proposes a rule that matches ${what}`, () => {
      const { said, after } = learn([[changes]]);
      assert.deepEqual(said, ['expected learning']);
      assert.match(after.join(), /^expected learnt: /);
    });
  }

  it('knows the sender by its program too, but not where that was not read in time', () => {
    const identity = (exe: string) => ({
      ...{ exe, uid: 0, user: 'root', ppid: 1, cgroup: null, unit: null, container: null, startTime: 1 },
      ancestors: [],
    });
    const from = (exe: string | null): Partial<SignalRecord> => ({
      sender: { ...signalRecord().sender!, ...(exe !== null && { identity: identity(exe) }) },
    });
    const { proposal, after } = learn([[from('/bin/bash')], [from(null)]]);
    assert.equal(proposal.rules.length, 1);
    assert.match(after.join(), /^expected.*expected/);
    const watch = new AlertWatch(readRuleSet(proposal.rules));
    const judgements = [...watch.settled(signalRecord(from('/tmp/bash')), A_OUT), ...watch.end()];
    assert.equal(judgements[0]?.kind, 'alert');
  });

  it('has a limit, and counts what it leaves out', () => {
    const many = Array.from({ length: 1100 }, (_, index) => ({
      sender: { ...OUTSIDER, inTree: true, comm: `s${index}` },
    }));
    const { proposal } = learn([many]);
    assert.deepEqual([proposal.rules.length, proposal.leftOut], [1000, 100]);
  });
});
