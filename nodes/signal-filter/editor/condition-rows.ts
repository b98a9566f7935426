/**
 * A condition as rows of a form, and back. The form knows one level: fields that must all hold or of which one must,
 * each also denied. What is deeper has no rows, and stays as it is written.
 */
import {
  CONDITION_FIELDS,
  conditionField,
  isFieldName,
  isObject,
  type JsonObject,
} from '../../../src/rule-language';
import { joinValues, splitValues } from './value-list';

export type RowTest = 'in' | 'not' | 'glob' | 'regex' | 'above' | 'atLeast' | 'below' | 'atMost' | 'known';

export interface ConditionRow {
  /** Whether the whole test is denied, which also holds where the field is not known. */
  readonly denied: boolean;
  readonly field: keyof typeof CONDITION_FIELDS;
  readonly test: RowTest;
  /** As the field shows it: values with commas between, one number, one regular expression. */
  readonly value: string;
}

export interface ConditionForm {
  readonly join: 'all' | 'any';
  readonly rows: readonly ConditionRow[];
}

const GROUPS = ['sender', 'target', 'delivered'];
const BOUNDS: readonly RowTest[] = ['above', 'atLeast', 'below', 'atMost'];

/** @returns null where the condition is nested deeper than the form, or is no condition */
export function conditionForm(written: unknown): ConditionForm | null {
  if (!isObject(written)) return null;
  const keys = Object.keys(written);
  if (keys.length === 1 && keys[0] === 'any') {
    const rows = eachOf(written['any'], onlyRow);
    return rows && { join: 'any', rows };
  }
  const rows: ConditionRow[] = [];
  for (const [key, value] of Object.entries(written)) {
    const more = key === 'not' ? deniedRows(value) : key === 'all' ? listed(value) : rowsOf(key, value);
    if (more === null) return null;
    rows.push(...more);
  }
  return { join: 'all', rows };
}

/** The rows in the shortest way to write them. */
export function writtenCondition({ join, rows }: ConditionForm): JsonObject {
  if (join === 'any' && rows.length > 0) return { any: rows.map(writtenRow) };
  const condition: Record<string, unknown> = {};
  const beside: JsonObject[] = [];
  for (const row of rows.filter(({ denied }) => !denied)) {
    if (!put(condition, row)) beside.push(writtenRow(row));
  }
  if (beside.length > 0) condition['all'] = beside;
  const denied = rows.filter((row) => row.denied).map((row) => writtenRow({ ...row, denied: false }));
  if (denied.length > 0) condition['not'] = denied.length === 1 ? denied[0] : { any: denied };
  return condition;
}

function listed(written: unknown): ConditionRow[] | null {
  if (!Array.isArray(written)) return null;
  const forms = written.map((each: unknown) => {
    const form = conditionForm(each);
    return form?.join === 'all' ? form.rows : null;
  });
  return forms.includes(null) ? null : forms.flatMap((rows) => rows ?? []);
}

/** `not` of one row, or of a list of which none must hold: of several that must hold at once the form knows nothing. */
function deniedRows(written: unknown): ConditionRow[] | null {
  const alone = onlyRow(written);
  if (alone !== null) return alone.denied ? null : [{ ...alone, denied: true }];
  if (!isObject(written) || Object.keys(written).join() !== 'any') return null;
  const rows = eachOf(written['any'], onlyRow);
  if (rows === null || rows.some(({ denied }) => denied)) return null;
  return rows.map((row) => ({ ...row, denied: true }));
}

function onlyRow(written: unknown): ConditionRow | null {
  const form = conditionForm(written);
  const [row, ...more] = form?.rows ?? [];
  return row === undefined || more.length > 0 ? null : row;
}

function eachOf<T>(written: unknown, read: (each: unknown) => T | null): T[] | null {
  if (!Array.isArray(written)) return null;
  const found = written.map(read);
  return found.includes(null) ? null : (found as T[]);
}

function rowsOf(key: string, value: unknown): ConditionRow[] | null {
  if (isFieldName(key)) return fieldRows(key, value);
  if (!GROUPS.includes(key) || !isObject(value)) return null;
  const names = Object.keys(value);
  // Asking for a sender without saying which asks that there is one.
  if (names.length === 0) {
    return key === 'sender' ? [{ denied: false, field: 'sender.pid', test: 'known', value: 'true' }] : [];
  }
  const rows: ConditionRow[] = [];
  for (const name of names) {
    const field = `${key}.${name}`;
    const more = isFieldName(field) ? fieldRows(field, value[name]) : null;
    if (more === null) return null;
    rows.push(...more);
  }
  return rows;
}

function fieldRows(field: ConditionRow['field'], written: unknown): ConditionRow[] | null {
  const row = (test: RowTest, value: unknown): ConditionRow | null => {
    const shown = shownValue(test, value);
    return shown === null ? null : { denied: false, field, test, value: shown };
  };
  if (!isObject(written)) {
    const only = row('in', written);
    return only && [only];
  }
  const rows = Object.entries(written).map(([name, value]) =>
    name === 'is'
      ? row('in', Array.isArray(value) ? null : value)
      : isRowTest(name)
        ? row(name, value)
        : null,
  );
  return rows.length === 0 || rows.includes(null) ? null : (rows as ConditionRow[]);
}

function isRowTest(name: string): name is RowTest {
  return ['in', 'not', 'glob', 'regex', 'known'].includes(name) || BOUNDS.includes(name as RowTest);
}

function shownValue(test: RowTest, written: unknown): string | null {
  const values: unknown[] = Array.isArray(written) ? written : [written];
  if (values.length === 0 || !values.every((value) => ['string', 'number', 'boolean'].includes(typeof value)))
    return null;
  const isSingle = test === 'regex' || test === 'known' || BOUNDS.includes(test);
  if (!isSingle) return joinValues(values.map(String));
  return values.length === 1 ? String(values[0]) : null;
}

/** Puts the row beside what is there. @returns false where the same is asked of the field already */
function put(condition: Record<string, unknown>, row: ConditionRow): boolean {
  const [group, name] = row.field.includes('.')
    ? (row.field.split('.') as [string, string])
    : [null, row.field];
  const place = (group === null ? condition : (condition[group] ??= {})) as Record<string, unknown>;
  const there = place[name];
  const tests: Record<string, unknown> =
    there === undefined ? {} : isObject(there) ? { ...there } : { in: there };
  if (row.test in tests) return false;
  tests[row.test] = writtenValue(row);
  place[name] = Object.keys(tests).join() === 'in' ? tests['in'] : tests;
  return true;
}

function writtenRow(row: ConditionRow): JsonObject {
  const condition: Record<string, unknown> = {};
  put(condition, row);
  return row.denied ? { not: condition } : condition;
}

function writtenValue({ field, test, value }: ConditionRow): unknown {
  if (test === 'known') return value === 'true';
  if (test === 'regex') return value;
  if (BOUNDS.includes(test)) return numberIn(value);
  const values = splitValues(value).map((each) => typedValue(field, each));
  return values.length === 1 ? values[0] : values;
}

/** A text stays where the field needs a number and this is none: the reader refuses it with its place. */
function typedValue(field: ConditionRow['field'], value: string): unknown {
  switch (conditionField(field).type) {
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : value;
    case 'signal':
    case 'code':
    case 'number':
    case 'id':
      return numberIn(value);
    default:
      return value;
  }
}

function numberIn(text: string): unknown {
  return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
}
