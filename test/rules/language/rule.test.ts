import assert from 'node:assert/strict';
import { readRuleSet } from '../../../src/rules/language/rule-set';
import { READ, rule } from '../rules-files';

describe('reading rules', () => {
  it('takes a list, and an object with the list under rules', () => {
    assert.equal(readRuleSet([rule()]).rules[0]?.name, 'one');
    assert.equal(readRuleSet({ rules: [rule(), rule({ name: 'two' })] }).rules[1]?.name, 'two');
    assert.deepEqual(readRuleSet([]), { match: 'first', rules: [] });
  });

  for (const [verdict, severity] of [
    ['expected', 'info'],
    ['unexpected', 'error'],
    ['attention', 'warning'],
    ['unknown', 'notice'],
  ]) {
    it(`gives ${verdict} the severity ${severity} where the rule says none`, () => {
      assert.equal(readRuleSet([rule({ verdict })]).rules[0]?.severity, severity);
      assert.equal(readRuleSet([rule({ verdict, severity: 'critical' })]).rules[0]?.severity, 'critical');
    });
  }

  for (const [what, input] of READ) {
    it(`takes ${what}`, () => {
      readRuleSet(input);
    });
  }

  it('refuses a nesting that would exhaust the stack', () => {
    let when: Record<string, unknown> = { fatal: true };
    for (let depth = 0; depth < 50_000; depth++) when = { not: when };
    assert.throws(() => readRuleSet([rule({ when })]), /more than 20 conditions are nested/);
  });

  it('is refused with its place however deep a value is nested', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 20_000; level++) deep = [deep];
    assert.throws(() => readRuleSet([rule({ name: deep })]), {
      code: 'CONFIG_INVALID',
      message: /rules\[0\]\.name: expected a string, found something that cannot be shown$/,
    });
  });

  it('says nothing of what a far name might have meant', () => {
    assert.throws(
      () => readRuleSet([rule({ colour: 'red' })]),
      /colour: unknown key "colour"\. Known keys: name, enabled, /,
    );
  });

  it('gives what is not said its usual meaning', () => {
    assert.deepEqual(readRuleSet([rule()]), {
      match: 'first',
      rules: [
        {
          name: 'one',
          enabled: true,
          on: 'signal',
          when: { kind: 'field', field: 'signal', test: { in: ['SIGTERM'] } },
          pattern: null,
          olderThan: null,
          atLeast: null,
          except: [],
          verdict: 'expected',
          severity: 'info',
          reason: 'rule "one"',
          until: null,
          requiresComplete: false,
          repeats: null,
        },
      ],
    });
    const [counted] = readRuleSet([rule({ times: { atLeast: 3, within: 2 } })]).rules;
    assert.deepEqual(counted?.pattern, { kind: 'times', atLeast: 3, within: 2, per: ['target.id'] });
  });
});
