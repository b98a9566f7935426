import assert from 'node:assert/strict';
import { readRuleSet } from '../../../src/rules/language/rule-set';
import { PRESETS } from '../../../src/rules/language/presets';
import { ruleWarnings } from '../../../src/rules/matching/rule-warnings';

const rule = (name: string, when: unknown, changes: Record<string, unknown> = {}) => ({
  ...{ name, when, verdict: 'unexpected' },
  ...changes,
});
const NOW = Date.parse('2027-06-01T12:00:00Z');
const off = { enabled: false };

describe('the warnings about rules', () => {
  const table: [what: string, rules: unknown, warnings: string[]][] = [
    ['rules that all have an effect', [rule('a', { signal: 'TERM' }), rule('b', {})], []],
    [
      'a rule without a signal left',
      [rule('a', { signal: 'TERM', not: { signal: '@fatal' } })],
      ['rules[0] "a": can never match, its conditions leave no signal'],
    ],
    [
      'bounds that exclude each other',
      [rule('a', { latency: { above: 2, below: 1 } })],
      ['rules[0] "a": can never match, its tests of latency exclude each other'],
    ],
    [
      'two values of one field',
      [rule('a', { 'target.pid': 1, target: { pid: 2 } })],
      ['rules[0] "a": can never match, its tests of target.pid exclude each other'],
    ],
    ['globs, which may overlap', [rule('a', { 'target.comm': 'a*', target: { comm: 'ab' } })], []],
    [
      'a rule after one that matches everything',
      [rule('all', {}), rule('b', { signal: 'TERM' })],
      ['rules[1] "b": has no effect, rules[0] "all" matches first'],
    ],
    [
      'a rule after a wider one',
      [
        rule('wide', { signal: '@fatal', fatal: true }),
        rule('b', { fatal: true, signal: ['TERM', 'KILL'], 'target.comm': 'x' }),
      ],
      ['rules[1] "b": has no effect, rules[0] "wide" matches first'],
    ],
    [
      'a rule after a narrower one, a rule over time, and one that is off',
      [
        rule('a', { signal: 'KILL' }),
        rule('b', {}, { times: { atLeast: 3, within: 5 } }),
        rule('c', {}, off),
        rule('d', { signal: ['KILL', 'TERM'] }),
      ],
      [],
    ],
    ['rules that all count', { match: 'all', rules: [rule('a', {}), rule('b', {})] }, []],
    [
      'two rules on losses',
      [1, 5].map((atLeast) => ({ name: `l${atLeast}`, on: 'loss', atLeast, verdict: 'unknown' })),
      ['rules[1] "l5": has no effect, rules[0] "l1" matches first'],
    ],
    [
      'what has expired',
      [
        rule('a', { signal: 'TERM' }, { until: '2027-06-01' }),
        rule(
          'b',
          { signal: 'KILL' },
          { except: [{ signal: 'KILL', reason: 'move', until: '2027-05-01T10:00:00Z' }] },
        ),
        rule('c', { signal: 'HUP' }, { until: '2027-06-02' }),
      ],
      [
        'rules[0] "a": expired 2027-06-01',
        'rules[1] "b": its exception "move" expired 2027-05-01T10:00:00.000Z',
      ],
    ],
  ];
  for (const [what, rules, warnings] of table) {
    it(`are right for ${what}`, () => {
      assert.deepEqual(ruleWarnings(readRuleSet(rules), NOW), warnings);
    });
  }

  it('are none for the presets', () => {
    assert.deepEqual(ruleWarnings(readRuleSet(PRESETS.flatMap(({ rules }) => rules)), NOW), []);
  });
});
