/**
 * The rule language as a JSON Schema (draft 2020-12), built from the tables that the reader uses: for editors that
 * complete and check a rules file. `docs/rules.schema.json` is it, written out.
 *
 * The reader refuses a little more than a schema can say: names that are there twice, days that no month has,
 * regular expressions that are none, real-time signals that are out of range, conditions too deep.
 */
import { conditionField, FIELD_NAMES, type FieldName, type FieldType } from './condition-fields';
import { OF_EXITS, OF_SIGNALS, OF_ZOMBIES, type FieldScope } from './condition-reading';
import { DATE, EXCEPTION_KEYS } from './exception-reading';
import { TESTS_OF_TYPE, type TestName } from './field-test-reading';
import { SEVERITIES, USUAL_SEVERITY } from './rule';
import { AWAITED_STAGES, ONLY_ON, SUBJECTS } from './rule-reading';
import { MATCHINGS } from './rule-set';
import { signalsSchema } from './signal-schema';

export type JsonSchema = Readonly<Record<string, unknown>>;

const TEXT: JsonSchema = { type: 'string', minLength: 1 };
const AMOUNT: JsonSchema = { type: 'number', exclusiveMinimum: 0 };
const COUNT: JsonSchema = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER };
const UNTIL: JsonSchema = { type: 'string', pattern: DATE.source };
const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` });
const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', minItems: 1, items });
const oneOrMore = (one: JsonSchema): JsonSchema => ({ anyOf: [one, listOf(one)] });
const closed = (properties: JsonSchema, ...required: string[]): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...(required.length > 0 && { required }),
});

/** One value of a field. */
function valueSchema(type: FieldType, values: readonly string[]): JsonSchema {
  switch (type) {
    case 'signal':
      return ref('signal');
    case 'code':
      return { anyOf: [TEXT, { type: 'number' }] };
    case 'number':
      return { type: 'number' };
    case 'id':
      return { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
    case 'boolean':
      return { type: 'boolean' };
    case 'choice':
      return { enum: values };
    default:
      return TEXT;
  }
}

function testsSchema(type: FieldType, value: JsonSchema): JsonSchema {
  const shapes: Readonly<Record<TestName, JsonSchema>> = {
    is: value,
    in: listOf(value),
    not: oneOrMore(value),
    glob: oneOrMore(TEXT),
    regex: oneOrMore(TEXT),
    above: { type: 'number' },
    atLeast: { type: 'number' },
    below: { type: 'number' },
    atMost: { type: 'number' },
    known: { type: 'boolean' },
  };
  const properties = Object.fromEntries(TESTS_OF_TYPE[type].map((name) => [name, shapes[name]]));
  return {
    ...closed(properties),
    minProperties: 1,
    // What is not known fulfils no other test.
    if: { required: ['known'], properties: { known: { const: false } } },
    then: { maxProperties: 1 },
  };
}

/** Fields of a type are written alike; only words to choose from are each field's own. */
function fieldSchema(name: FieldName): JsonSchema {
  const field = conditionField(name);
  const { type, meaning: description } = field;
  if (field.type === 'choice') return { description, ...anyTest(type, field.values) };
  return { description, ...ref(`${type}Field`) };
}

function anyTest(type: FieldType, values: readonly string[]): JsonSchema {
  const value = valueSchema(type, values);
  const forms = type === 'boolean' ? [value] : [value, listOf(value)];
  return { anyOf: [...forms, testsSchema(type, value)] };
}

function groupsOf(names: readonly FieldName[]): Map<string, Record<string, JsonSchema>> {
  const groups = new Map<string, Record<string, JsonSchema>>();
  for (const name of names) {
    const [group, short] = name.split('.');
    if (group === undefined || short === undefined) continue;
    groups.set(group, { ...groups.get(group), [short]: fieldSchema(name) });
  }
  return groups;
}

function conditionSchema(self: string, scope: FieldScope): JsonSchema {
  const names = FIELD_NAMES.filter(scope);
  const groups = Object.fromEntries(
    [...groupsOf(names)].map(([group, fields]): [string, JsonSchema] => [group, closed(fields)]),
  );
  return closed({
    all: listOf(ref(self)),
    any: listOf(ref(self)),
    not: { ...ref(self), minProperties: 1 },
    ...Object.fromEntries(names.map((name) => [name, fieldSchema(name)])),
    ...groups,
  });
}

function exceptionSchema(scope: FieldScope): JsonSchema {
  const groups = groupsOf(FIELD_NAMES.filter(scope));
  const sides = (['sender', 'target'] as const).filter((side) => groups.has(side));
  const named = [...sides, ...(scope('signal') ? ['signal'] : [])];
  const side = (name: string) => ({ ...closed(groups.get(name) ?? {}), minProperties: 1 });
  const shapes: Readonly<Record<(typeof EXCEPTION_KEYS)[number], JsonSchema>> = {
    sender: side('sender'),
    target: side('target'),
    signal: fieldSchema('signal'),
    reason: TEXT,
    until: UNTIL,
  };
  const keys = EXCEPTION_KEYS.filter((key) => key === 'reason' || key === 'until' || named.includes(key));
  const properties = Object.fromEntries(keys.map((key) => [key, shapes[key]]));
  return { ...closed(properties, 'reason'), anyOf: named.map((key) => ({ required: [key] })) };
}

const WITHIN = { within: { ...AMOUNT, description: 'Seconds on the trace clock' } };

function ruleSchema(): JsonSchema {
  const fields = oneOrMore({ enum: FIELD_NAMES });
  return {
    ...closed(
      {
        name: { ...TEXT, description: 'What alerts carry; each rule has its own' },
        enabled: { type: 'boolean', default: true },
        on: { enum: SUBJECTS, default: 'signal' },
        when: { type: 'object' },
        after: closed({ when: ref('condition'), ...WITHIN }, 'when', 'within'),
        without: {
          ...closed({ stage: { enum: AWAITED_STAGES }, when: ref('condition'), ...WITHIN }, 'within'),
          oneOf: [{ required: ['stage'] }, { required: ['when'] }],
        },
        times: closed({ atLeast: COUNT, ...WITHIN, per: fields }, 'atLeast', 'within'),
        olderThan: { ...AMOUNT, description: 'Seconds as a zombie' },
        atLeast: { ...COUNT, description: 'Lost events' },
        except: { type: 'array' },
        verdict: { enum: Object.keys(USUAL_SEVERITY) },
        severity: { enum: SEVERITIES },
        reason: TEXT,
        until: UNTIL,
        requires: { const: 'complete' },
        repeats: closed({ by: fields, every: AMOUNT }, 'by', 'every'),
      },
      'name',
      'verdict',
    ),
    allOf: [
      { not: { required: ['after', 'without'] } },
      { not: { required: ['after', 'times'] } },
      { not: { required: ['without', 'times'] } },
      ...SUBJECTS.map(subjectSchema),
    ],
  };
}

/** What a rule on one subject has and has not. */
function subjectSchema(on: (typeof SUBJECTS)[number]): JsonSchema {
  const isOn: JsonSchema = { properties: { on: { const: on } } };
  const foreign = Object.entries(ONLY_ON).flatMap(([key, subject]) => (subject === on ? [] : [key]));
  const when: JsonSchema = {
    signal: ref('condition'),
    exit: ref('exitCondition'),
    zombie: ref('zombieCondition'),
    loss: { type: 'object', maxProperties: 0 },
  }[on];
  const except: JsonSchema | false = {
    signal: listOf(ref('exception')),
    // Of an end as of a zombie, an exception names the target.
    exit: listOf(ref('zombieException')),
    zombie: listOf(ref('zombieException')),
    loss: false as const,
  }[on];
  const required = { signal: ['when'], exit: ['when'], zombie: ['olderThan'], loss: [] }[on];
  return {
    if: on === 'signal' ? isOn : { ...isOn, required: ['on'] },
    then: {
      properties: {
        ...Object.fromEntries(foreign.map((key) => [key, false])),
        when,
        except,
        ...(on === 'loss' && { requires: false }),
      },
      ...(required.length > 0 && { required }),
    },
  };
}

export function ruleSetSchema(): JsonSchema {
  const types = Object.keys(TESTS_OF_TYPE).filter((type) => type !== 'choice') as FieldType[];
  const rules = { type: 'array', items: ref('rule') };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Rules of node-red-ftrace',
    anyOf: [
      rules,
      closed({ $schema: { type: 'string' }, match: { enum: MATCHINGS, default: 'first' }, rules }, 'rules'),
    ],
    $defs: {
      rule: ruleSchema(),
      condition: conditionSchema('condition', OF_SIGNALS),
      exitCondition: conditionSchema('exitCondition', OF_EXITS),
      zombieCondition: conditionSchema('zombieCondition', OF_ZOMBIES),
      exception: exceptionSchema(OF_SIGNALS),
      zombieException: exceptionSchema(OF_ZOMBIES),
      signal: signalsSchema(),
      ...Object.fromEntries(types.map((type) => [`${type}Field`, anyTest(type, [])])),
    },
  };
}
