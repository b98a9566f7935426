import Ajv2020 from 'ajv/dist/2020';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { SignalRecord, SignalTarget } from '../../src/model/report';
import { conditionField, FIELD_NAMES } from '../../src/rules/language/condition-fields';
import { PRESETS } from '../../src/rules/language/presets';
import { RULE_KEYS } from '../../src/rules/language/rule-reading';
import { DEFAULT_VERDICTS } from '../../src/rules/matching/default-verdicts';
import { compileRule, verdictOf } from '../../src/rules/matching/rule-match';
import { readRuleSet } from '../../src/rules/language/rule-set';
import { A_OUT, HANDLED, OUTSIDER, signalRecord } from '../rules/signal-records';
import { codeBlocksOf, codesIn, rowsOf, sectionsOf } from './markdown';

const FILE = 'docs/rules.md';
const sections = sectionsOf(FILE);
const under = (title: string) => sections.find((section) => section.title === title)!;
const blocks = codeBlocksOf(FILE).map((block): unknown => JSON.parse(block));
const named = (signal: string, number: number) => ({ signal, number });
const SYSTEMD = { pid: 1, comm: 'systemd', inTree: false, irq: false };
const database = { pid: 5441, tgid: 5441, comm: 'postgres' };
const SHELL = { pid: 80, comm: 'sh', inTree: false, irq: false };
const identity = (comm: string) => ({
  exe: null,
  uid: null,
  user: null,
  ppid: null,
  cgroup: null,
  unit: null,
  container: null,
  startTime: null,
  ancestors: [{ pid: 79, comm }],
});

/** By the rule's name: what it holds for and what not; for a rule over time, the signal that it starts from. */
/** What a watch says of a target; a trace of a command says nothing of it. */
const SERVICE: Partial<SignalTarget> = {
  service: { selector: 'unit:web.service', name: 'web.service', generation: 4, previous: null },
};

const CASES: [
  rule: string,
  holds: boolean,
  changes: Partial<SignalRecord>,
  verdict?: string | undefined,
  of?: Partial<SignalTarget>,
][] = [
  ['service restarts', true, { fatal: true }, 'service restarts', SERVICE],
  ['service restarts', false, { fatal: false }, undefined, SERVICE],
  ['service restarts', false, { fatal: true }],
  ['restart by systemd', true, { ...named('SIGTERM', 15), sender: SYSTEMD }, 'restart by systemd'],
  ['restart by systemd', false, { ...named('SIGTERM', 15), sender: { ...SYSTEMD, pid: 700 } }],
  ['database killed', true, { target: database, sender: OUTSIDER }, 'database killed'],
  [
    'database killed',
    true,
    { target: database, sender: SYSTEMD },
    'database killed (except: systemd stops the service)',
  ],
  [
    'database killed',
    true,
    { ...named('SIGQUIT', 3), target: database, sender: { ...OUTSIDER, comm: 'postgres' } },
    'database killed (except: postgres ends its own workers)',
  ],
  ['database killed', false, { ...HANDLED, ...named('SIGTERM', 15), target: database }],
  ['out of memory', true, { origin: 'oom' }, 'out of memory'],
  ['out of memory', false, {}],
  ['crash loop', true, { ...named('SIGSEGV', 11), origin: 'fault' }],
  ['crash loop', false, { ...named('SIGSEGV', 11), ...HANDLED, origin: 'fault' }],
  ['TERM then KILL', true, {}],
  ['TERM then KILL', false, named('SIGTERM', 15)],
  ['no exit after TERM', true, { ...named('SIGTERM', 15), ...HANDLED }],
  ['no exit after TERM', false, named('SIGTERM', 15)],
  [
    'log rotation',
    true,
    { ...named('SIGHUP', 1), sender: { ...SHELL, identity: identity('logrotate') } },
    'log rotation',
  ],
  ['log rotation', false, { ...named('SIGHUP', 1), sender: { ...SHELL, identity: identity('cron') } }],
  ['job control', true, { ...named('SIGTSTP', 20), origin: 'tty' }, 'job control'],
  ['job control', true, { ...named('SIGCONT', 18) }, 'job control'],
  ['job control', false, { ...named('SIGSTOP', 19), sender: OUTSIDER }],
];

describe(FILE, () => {
  it('has the rule of each example read, and taken by the schema', () => {
    const schema = JSON.parse(readFileSync('docs/rules.schema.json', 'utf8')) as object;
    const validate = new Ajv2020({ strict: false, inlineRefs: false }).compile(schema);
    assert.ok(blocks.length > PRESETS.length);
    for (const block of blocks) {
      assert.ok(readRuleSet(block).rules.length > 0);
      validate(block);
      assert.deepEqual(validate.errors ?? [], []);
    }
  });

  it('names each key of a rule, and no other', () => {
    assert.deepEqual(
      rowsOf(under('Keys of a rule')).map(([key = '']) => codesIn(key)[0]),
      [...RULE_KEYS],
    );
  });

  it('has each field with its meaning and its values', () => {
    const rows = rowsOf(under('Fields')).map(([name = '', values = '', meaning]) => ({
      name: codesIn(name)[0],
      choices: codesIn(values),
      meaning,
    }));
    const expected = FIELD_NAMES.map((name) => {
      const field = conditionField(name);
      return { name, choices: field.type === 'choice' ? [...field.values] : [], meaning: field.meaning };
    });
    assert.deepEqual(rows, expected);
  });

  it('has a row for each default verdict', () => {
    const rows = rowsOf(under('Default verdicts')).map(([name = '']) => codesIn(name)[0]);
    const missing = DEFAULT_VERDICTS.map(({ rule }) => rule).filter((rule) => !rows.includes(rule));
    assert.deepEqual(missing, []);
  });

  it('shows the presets as they are', () => {
    const shown = new Map(
      sections
        .filter(({ title, depth }) => depth === 3 && title.startsWith('`'))
        .map(({ title, lines }) => [codesIn(title)[0], lines.join('\n')]),
    );
    assert.deepEqual(
      [...shown.keys()],
      PRESETS.map(({ name }) => name),
    );
    for (const { name, words, rules } of PRESETS) {
      const text = shown.get(name)!;
      assert.ok(text.includes(`${words}.`), name);
      assert.deepEqual(JSON.parse(/```json\n([\s\S]*?)```/.exec(text)![1]!), rules, name);
    }
  });
});

describe('the presets', () => {
  const set = readRuleSet(PRESETS.flatMap(({ rules }) => rules));

  it('can be in one file', () => {
    assert.equal(set.rules.length, PRESETS.length);
  });

  for (const [name, holds, changes, verdict, of = {}] of CASES) {
    it(`${holds ? 'fit' : 'do not fit'} by "${name}": ${JSON.stringify({ ...changes, ...of })}`, () => {
      const compiled = compileRule(set.rules.find((rule) => rule.name === name)!);
      const signal = signalRecord(changes);
      const target = { ...A_OUT, comm: signal.target.comm, ...of };
      assert.equal(compiled.holds(signal, target), holds);
      if (verdict === undefined) return;
      assert.equal(verdictOf(compiled, signal, target).rule, verdict);
    });
  }

  it('have a case for each rule about a signal', () => {
    const tried = new Set(CASES.map(([name]) => name));
    const untried = set.rules.filter(({ on, name }) => on === 'signal' && !tried.has(name));
    assert.deepEqual(untried, []);
  });
});
