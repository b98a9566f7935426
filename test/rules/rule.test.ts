import assert from 'node:assert/strict';
import { readRuleSet } from '../../src/rules/rule-set';
import { TraceError } from '../../src/trace-error';

const rule = (changes: Record<string, unknown> = {}) => ({
  name: 'one',
  when: { signal: 'SIGTERM' },
  verdict: 'expected',
  ...changes,
});

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

  const refusals: [what: string, input: unknown, message: RegExp][] = [
    ['a text', 'SIGTERM', /: rules: expected a list of rules, not SIGTERM$/],
    ['nothing', undefined, /: rules: expected a list of rules, not nothing$/],
    ['null', null, /: rules: expected a list of rules, not null$/],
    ['a rule that is a number', [rule(), 7], /: rules\[1\]: expected an object, not 7$/],
    ['no name', [rule({ name: '' })], /: rules\[0\]\.name: expected a text, not an empty text$/],
    ['the same name twice', [rule(), rule()], /: rules\[1\]\.name: rules\[0\] is called one already$/],
    ['no conditions', [rule({ when: undefined })], /: rules\[0\]\.when: expected an object, not nothing$/],
    [
      'a signal that does not exist',
      [rule(), rule({ name: 'b' }), rule({ name: 'c', when: { signal: 'SIGFOO' } })],
      /: rules\[2\]\.when\.signal: SIGFOO is not a signal/,
    ],
    [
      'one bad signal in a list',
      [rule({ when: { signal: ['SIGTERM', '@nosuch'] } })],
      /: rules\[0\]\.when\.signal\[1\]: @nosuch is not a signal/,
    ],
    ['signal 65', [rule({ when: { signal: 65 } })], /: rules\[0\]\.when\.signal: 65 is not a signal/],
    ['an empty list', [rule({ when: { signal: [] } })], /: rules\[0\]\.when\.signal: the list is empty$/],
    [
      'a misspelt condition',
      [rule({ when: { sinal: 1 } })],
      /: rules\[0\]\.when\.sinal: there is no such key/,
    ],
    [
      'a misspelt key in not',
      [rule({ when: { not: { sender: { tree: true } } } })],
      /: rules\[0\]\.when\.not\.sender\.tree: there is no such key, did you mean inTree\?; pid, comm, exe/,
    ],
    [
      'an unknown origin',
      [rule({ when: { origin: 'mail' } })],
      /\.when\.origin: mail is not one of kill, tgkill/,
    ],
    [
      'an unknown result',
      [rule({ when: { result: ['ok'] } })],
      /\.when\.result\[0\]: ok is not one of delivered/,
    ],
    ['an unknown verdict', [rule({ verdict: 'bad' })], /\.verdict: bad is not one of expected, unexpected/],
    ['an unknown severity', [rule({ severity: 'fatal' })], /\.severity: fatal is not one of info, notice/],
    [
      'fatal as a text',
      [rule({ when: { fatal: 'yes' } })],
      /\.when\.fatal: expected true or false, not yes$/,
    ],
    [
      'a pid as a text',
      [rule({ when: { target: { pid: '1' } } })],
      /\.target\.pid: expected a number, whole and from 0, not 1$/,
    ],
    [
      'a prototype key',
      [JSON.parse('{"__proto__":1,"name":"x"}')],
      /: rules\[0\]\.__proto__: there is no such key/,
    ],
  ];
  for (const [what, input, message] of refusals) {
    it(`refuses ${what} and names the place`, () => {
      assert.throws(
        () => readRuleSet(input),
        (error) =>
          error instanceof TraceError && error.code === 'CONFIG_INVALID' && message.test(error.message),
      );
    });
  }

  it('refuses a nesting that would exhaust the stack', () => {
    let when: Record<string, unknown> = { fatal: true };
    for (let depth = 0; depth < 50_000; depth++) when = { not: when };
    assert.throws(() => readRuleSet([rule({ when })]), /more than 20 conditions inside each other/);
  });
});
