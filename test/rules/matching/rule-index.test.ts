import assert from 'node:assert/strict';
import type { SignalRecord } from '../../../src/model/report';
import { RuleIndex } from '../../../src/rules/matching/rule-index';
import { compileRule } from '../../../src/rules/matching/rule-match';
import { readRuleSet } from '../../../src/rules/language/rule-set';
import { A_OUT, OUTSIDER, signalRecord } from '../signal-records';

const CONDITIONS: readonly Record<string, unknown>[] = [
  { signal: 'KILL' },
  { signal: { not: 'KILL' } },
  { not: { signal: ['KILL', 'TERM'] } },
  { not: { signal: 'KILL', fatal: true } },
  { not: { not: { signal: '@core' } } },
  { any: [{ signal: 'TERM' }, { fatal: true }] },
  { any: [{ signal: 'TERM' }, { number: { atLeast: 34 } }] },
  { any: [{ not: { signal: '@job' } }, { signal: 'CONT' }] },
  { fatal: true, 'sender.inTree': false },
  { fatal: true, 'sender.inTree': true, signal: '@fatal' },
  { fatal: true, all: [{ signal: 'TERM' }, { 'sender.comm': 'bash' }] },
  { 'sender.comm': 'bash' },
  { 'sender.comm': 'bash', fatal: false },
  { signal: { known: false } },
  { result: 'unknown' },
  {},
];

const RULES = readRuleSet(
  // Each twice, once where the evidence is whole, so that groups and orders mix.
  [...CONDITIONS, ...[...CONDITIONS].reverse()].map((when, index) => ({
    name: `rule ${index}`,
    when,
    verdict: 'attention',
    ...(index >= CONDITIONS.length && { requires: 'complete' }),
  })),
).rules.map(compileRule);

function* signals(): Generator<SignalRecord> {
  for (const number of [...Array.from({ length: 66 }, (_, index) => index), 100]) {
    for (const fatal of [true, false]) {
      for (const sender of [null, OUTSIDER, signalRecord().sender]) {
        for (const result of ['delivered', 'unknown'] as const) {
          yield signalRecord({ number, fatal, sender, result });
        }
      }
    }
  }
}

const NAMES = (found: readonly { rule: { name: string } }[]) => found.map(({ rule }) => rule.name);

describe('the index of the rules', () => {
  it('finds for every signal what comparing with each rule in turn would find', () => {
    const met = new Set<string>();
    for (let from = 0; from < RULES.length; from++) {
      // Other first rules each time: it is about which of them is first, too.
      const rules = [...RULES.slice(from), ...RULES.slice(0, from)];
      const index = new RuleIndex(rules);
      for (const signal of signals()) {
        const expected = rules.filter(({ holds }) => holds(signal, A_OUT));
        assert.deepEqual(NAMES(index.all(signal, A_OUT, () => true)), NAMES(expected));
        assert.equal(
          index.first(signal, A_OUT, () => true),
          expected[0] ?? null,
        );
        for (const name of NAMES(expected)) met.add(name);
      }
    }
    assert.equal(
      met.size,
      RULES.length - 3,
      'all but what asks for no signal, and for whole evidence of a lost one',
    );
  }).timeout(20_000);

  it('goes on where a rule that matches is not accepted', () => {
    const rules = RULES.slice(0, 3);
    const refused = rules[0];
    const index = new RuleIndex([...rules, RULES[15]!]);
    const accepts = (compiled: unknown) => compiled !== refused;
    assert.equal(index.first(signalRecord(), A_OUT, accepts), RULES[15]);
    assert.deepEqual(index.all(signalRecord(), A_OUT, accepts), [RULES[15]]);
  });
});
