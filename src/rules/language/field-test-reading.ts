/** Reads what one field is compared with: a value, a list of values, or an object of tests. */
import type { ConditionField, FieldType } from './condition-fields';
import { compileRegex } from './linear-regex';
import type { FieldTest, TestValue } from './rule';
import {
  booleanAt,
  fullListAt,
  isObject,
  listAt,
  numberAt,
  choiceAt,
  onlyKeys,
  refuse,
  textAt,
  type JsonObject,
} from './rule-input';
import { SIGNAL_SETS, signalTest } from './signal-sets';

export type TestName =
  'is' | 'in' | 'not' | 'glob' | 'regex' | 'above' | 'atLeast' | 'below' | 'atMost' | 'known';

const OF_TEXT: readonly TestName[] = ['is', 'in', 'not', 'glob', 'regex', 'known'];
const OF_NUMBER: readonly TestName[] = ['is', 'in', 'not', 'above', 'atLeast', 'below', 'atMost', 'known'];

/** Which tests a field of each type takes. */
export const TESTS_OF_TYPE: Readonly<Record<FieldType, readonly TestName[]>> = {
  signal: ['is', 'in', 'not', 'known'],
  code: OF_TEXT,
  text: OF_TEXT,
  comm: OF_TEXT,
  texts: OF_TEXT,
  comms: OF_TEXT,
  number: OF_NUMBER,
  id: OF_NUMBER,
  boolean: ['is', 'not', 'known'],
  choice: ['is', 'in', 'not', 'known'],
};

/** @returns tests that must all hold; more than one where both `is` and `in` are given */
export function readFieldTest(input: unknown, field: ConditionField, place: string): readonly FieldTest[] {
  if (isObject(input)) return readTests(input, field, place);
  return [
    { in: field.type === 'boolean' ? [booleanAt(input, place)] : listAt(input, place, valueOf(field)) },
  ];
}

function readTests(input: JsonObject, field: ConditionField, place: string): readonly FieldTest[] {
  const allowed = TESTS_OF_TYPE[field.type];
  onlyKeys(input, allowed, place);
  const written = Object.keys(input) as TestName[];
  if (written.length === 0) refuse(place, 'noTest', { known: allowed });
  if (input['known'] === false && written.length > 1) {
    refuse(`${place}.known`, 'knownAlone');
  }
  const tests: { -readonly [K in keyof FieldTest]: FieldTest[K] } = {};
  const read = valueOf(field);
  for (const name of written) {
    const value = input[name];
    const at = `${place}.${name}`;
    if (name === 'is') tests.in = [read(value, at)];
    else if (name === 'in') continue;
    else if (name === 'not') tests.not = listAt(value, at, read);
    else if (name === 'glob') tests.glob = listAt(value, at, textAt);
    else if (name === 'regex') tests.regex = listAt(value, at, readRegex);
    else if (name === 'known') tests.known = booleanAt(value, at);
    else tests[name] = numberAt(value, at);
  }
  if (!written.includes('in')) return [tests];
  const values = fullListAt(input['in'], `${place}.in`, read);
  return tests.in === undefined ? [{ ...tests, in: values }] : [tests, { in: values }];
}

/** How one value of the field is written. */
function valueOf(field: ConditionField): (value: unknown, place: string) => TestValue {
  switch (field.type) {
    case 'signal':
      return readSignal;
    case 'code':
      return (value, place) => (typeof value === 'number' ? numberAt(value, place) : textAt(value, place));
    case 'number':
      return numberAt;
    case 'id':
      return readId;
    case 'boolean':
      return booleanAt;
    case 'choice':
      return (value, place) => choiceAt(value, field.values, place);
    default:
      return textAt;
  }
}

export function readSignal(input: unknown, place: string): string | number {
  if ((typeof input === 'string' || typeof input === 'number') && signalTest(input)) return input;
  const sets = Object.keys(SIGNAL_SETS).join(', ');
  return refuse(place, 'signal', { found: input, values: { sets } });
}

function readId(input: unknown, place: string): number {
  if (typeof input !== 'number' || !Number.isSafeInteger(input) || input < 0) {
    refuse(place, 'id', { found: input });
  }
  return input;
}

function readRegex(input: unknown, place: string): string {
  const source = textAt(input, place);
  try {
    compileRegex(source);
  } catch (error) {
    // `error parsing regexp: missing closing ]: ...`
    const why = error instanceof Error ? error.message.replace(/^[\w ]*: /, '') : 'not a regular expression';
    refuse(place, 'regex', { found: source, values: { why } });
  }
  return source;
}
