/** What the form of a rule shows and writes: nothing is lost on the way there and back. */
import assert from 'node:assert/strict';
import { conditionForm, writtenCondition } from '../../nodes/signal-filter/editor/condition-rows';
import { freeName } from '../../nodes/signal-filter/editor/free-name';
import { sayIn } from '../rules/language/say-in';
import { refusalOfRules } from '../../nodes/signal-filter/editor/refusal';
import { readRulesText, rulesText, withKey } from '../../nodes/signal-filter/editor/rules-text';
import { joinValues, lastValue, splitValues } from '../../nodes/signal-filter/editor/value-list';
import { ANY_FIELD, PRESETS, readCondition, type JsonObject } from '../../src/rule-language';

/** The same conditions in one order: what must all hold holds in any. */
function meaning(written: unknown): unknown {
  const sorted = (condition: unknown): unknown => {
    const { kind, of } = condition as { kind: string; of: unknown };
    if (kind === 'not') return { kind, of: sorted(of) };
    if (kind === 'field') return splitTests(condition as { field: string; test: Record<string, unknown> });
    const parts = (of as unknown[]).map(sorted).flatMap((part) => {
      const inner = part as { kind: string; of: unknown[] };
      return inner.kind === kind ? inner.of : [part];
    });
    parts.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    return parts.length === 1 ? parts[0] : { kind, of: parts };
  };
  return sorted(readCondition(written, 'when', ANY_FIELD));
}

/** `{above: 1, below: 3}` asks for both, as two conditions do. */
function splitTests({ field, test }: { field: string; test: Record<string, unknown> }): unknown {
  const parts = Object.entries(test).map(([name, value]) => ({
    kind: 'field',
    field,
    test: { [name]: value },
  }));
  return parts.length === 1 ? parts[0] : { kind: 'all', of: parts };
}

/** Conditions that have rows, and how many. */
const SHOWN: readonly (readonly [when: JsonObject, rows: number])[] = [
  [{}, 0],
  [{ signal: 'TERM' }, 1],
  [{ signal: ['TERM', 9, '@rt'] }, 1],
  [{ signal: { is: 'TERM' } }, 1],
  [{ 'sender.uid': 0, sender: { comm: 'a,b' }, fatal: true }, 3],
  [{ sender: {} }, 1],
  [{ latency: { above: 0.5, atMost: 3 } }, 2],
  [{ target: { comm: { in: ['a', 'b'], not: 'c', regex: 'x,y' } } }, 3],
  [{ target: { comm: { glob: ['a*', '"q'] } } }, 1],
  [{ target: { unit: { known: false } } }, 1],
  [{ code: [1, 'SI_USER', -6] }, 1],
  [{ signal: 'TERM', not: { sender: { comm: 'systemd' } } }, 2],
  [{ signal: 'TERM', not: { any: [{ 'sender.uid': 0 }, { origin: 'oom' }] } }, 3],
  [{ any: [{ signal: 'TERM' }, { sender: { comm: 'a' } }, { not: { fatal: true } }] }, 3],
  [{ all: [{ stack: 'a*' }, { stack: 'b*' }] }, 2],
  [{ signal: { is: 'TERM', in: ['TERM', 'KILL'] } }, 2],
];

/** What is deeper than rows: it is not touched. */
const TOO_DEEP: readonly unknown[] = [
  { any: [{ signal: 'TERM', fatal: true }, { signal: 'KILL' }] },
  { signal: 'TERM', any: [{ fatal: true }] },
  { not: { signal: 'TERM', fatal: true } },
  { not: { not: { signal: 'TERM' } } },
  { all: [{ any: [{ signal: 'TERM' }] }] },
  { target: { comm: { regex: ['a', 'b'] } } },
  { signal: [] },
  { nothing: 1 },
  { sender: { nothing: 1 } },
  { signal: { unheard: 1 } },
  'TERM',
  null,
  [],
];

describe('the rows of a condition', () => {
  for (const [when, count] of SHOWN) {
    it(`say what ${JSON.stringify(when)} says`, () => {
      const form = conditionForm(when);
      assert.ok(form);
      assert.equal(form.rows.length, count);
      const written = writtenCondition(form);
      assert.deepEqual(meaning(written), meaning(when));
      // And once more: what they write, they show as it is.
      assert.deepEqual(conditionForm(written), { ...form, rows: conditionForm(written)?.rows });
      assert.deepEqual(writtenCondition(conditionForm(written)!), written);
    });
  }

  for (const when of TOO_DEEP) {
    it(`are none for ${JSON.stringify(when)}`, () => {
      assert.equal(conditionForm(when), null);
    });
  }

  it('say what each preset says, or are none', () => {
    let shown = 0;
    for (const rule of PRESETS.flatMap(({ rules }) => rules)) {
      if (rule['when'] === undefined) continue;
      const form = conditionForm(rule['when']);
      if (form === null) continue;
      shown++;
      assert.deepEqual(meaning(writtenCondition(form)), meaning(rule['when']));
    }
    assert.ok(shown >= 5, `only ${shown} presets have rows`);
  });

  it('keep a text where a number is wanted, so that the reader refuses it with its place', () => {
    const written = writtenCondition({
      join: 'all',
      rows: [{ denied: false, field: 'sender.pid', test: 'in', value: 'abc' }],
    });
    assert.deepEqual(written, { sender: { pid: 'abc' } });
    const refusal = refusalOfRules([{ name: 'x', when: written, verdict: 'expected' }], sayIn('en-US'));
    assert.match(refusal ?? '', /^rules\[0\]\.when\.sender\.pid: .*abc/);
  });
});

describe('a list of values in one field', () => {
  const LISTS: readonly (readonly [text: string, values: readonly string[]])[] = [
    ['SIGTERM', ['SIGTERM']],
    ['a, b', ['a', 'b']],
    ['a, "b,c"', ['a', 'b,c']],
    ['"", x', ['', 'x']],
    ['"\\"q\\"", " s "', ['"q"', ' s ']],
    ['a"b', ['a"b']],
  ];
  for (const [text, values] of LISTS) {
    it(`reads and writes ${text}`, () => {
      assert.deepEqual(splitValues(text), values);
      assert.equal(joinValues(values), text);
    });
  }

  it('takes what a person leaves open', () => {
    assert.deepEqual(splitValues('a,b, '), ['a', 'b']);
    assert.deepEqual(splitValues(''), ['']);
    assert.deepEqual(splitValues('"open, b'), ['"open', 'b']);
    assert.deepEqual(lastValue('SIGTERM, KI'), { before: 'SIGTERM, ', last: 'KI' });
    assert.deepEqual(lastValue('KI'), { before: '', last: 'KI' });
  });
});

describe('the text of the rules', () => {
  const RULES = [
    { name: 'a', when: { signal: 'TERM' }, verdict: 'expected', later: { key: [1] } },
    'no rule',
    7,
  ];

  for (const [what, text] of [
    ['a list', JSON.stringify(RULES)],
    ['an odd layout', `[ {"name":"a",\n\n"when":{}} ]`],
    ['an object', JSON.stringify({ $schema: 'x', rules: RULES })],
    ['an object that says how', JSON.stringify({ rules: RULES, match: 'all', more: 1 })],
    ['nothing', ''],
    ['spaces', '  '],
  ] as const) {
    it(`stays as it is where nothing changed: ${what}`, () => {
      const content = readRulesText(text);
      assert.ok(content);
      assert.equal(rulesText(content, text), text);
    });
  }

  it('becomes an object where each rule is to decide, and keeps what is around the list', () => {
    const list = readRulesText('[]');
    assert.ok(list);
    assert.deepEqual(JSON.parse(rulesText({ ...list, match: 'all' }, '[]')), { match: 'all', rules: [] });
    const object = readRulesText('{"$schema":"x","rules":[]}');
    assert.ok(object);
    assert.deepEqual(JSON.parse(rulesText({ ...object, rules: RULES }, '')), { $schema: 'x', rules: RULES });
  });

  it('is nothing for a list where it has another shape', () => {
    assert.equal(readRulesText('7'), null);
    assert.equal(readRulesText('{"rules":{}}'), null);
    assert.equal(readRulesText('{"rules":[],"match":"some"}'), null);
    assert.throws(() => readRulesText('['), SyntaxError);
  });
});

describe('a rule that is changed in one key', () => {
  const RULE = { verdict: 'expected', unheard: 1, name: 'a', when: {} };

  it('keeps its other keys in their order, also those that nobody knows', () => {
    assert.deepEqual(Object.keys(withKey(RULE, 'name', 'b')), ['verdict', 'unheard', 'name', 'when']);
    assert.deepEqual(withKey(RULE, 'when', undefined), { verdict: 'expected', unheard: 1, name: 'a' });
    assert.deepEqual(Object.keys(withKey({ name: 'a', verdict: 'expected' }, 'when', {})), [
      'name',
      'when',
      'verdict',
    ]);
  });

  it('takes the next name that is free', () => {
    const taken = new Set<unknown>(['a', 'a 2']);
    assert.deepEqual(freeName({ name: 'a', when: {} }, taken), { name: 'a 3', when: {} });
    assert.deepEqual(freeName({ name: 'a' }, taken), { name: 'a 4' });
    assert.equal(freeName('no rule', taken), 'no rule');
  });
});
