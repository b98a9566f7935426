/** Reads a condition: which fields, compared how, joined by `all`, `any` and `not`. */
import { conditionField, FIELD_NAMES, isFieldName, type FieldName } from './condition-fields';
import { readFieldTest } from './field-test-reading';
import type { Condition } from './rule';
import { fullListAt, objectAt, refuse, type JsonObject } from './rule-input';

/** This only keeps a hostile file from exhausting the stack. */
const DEEPEST = 20;

/** `sender`, `target`, `delivered`: what is before the point of a field's name. */
const GROUPS: readonly string[] = [
  ...new Set(FIELD_NAMES.flatMap((name) => (name.includes('.') ? [name.slice(0, name.indexOf('.'))] : []))),
];

const JOINING = ['all', 'any', 'not'];

/** What may be asked at a place; a zombie has no signal and no sender, and only an end has an exit code. */
export type FieldScope = (name: FieldName) => boolean;
/** For a condition alone, as the editor puts it into words. */
export const ANY_FIELD: FieldScope = () => true;
export const OF_SIGNALS: FieldScope = (name) => !name.startsWith('exit.');
export const OF_EXITS: FieldScope = (name) => name.startsWith('exit.') || OF_ZOMBIES(name);
export const OF_ZOMBIES: FieldScope = (name) =>
  name === 'incomplete' || (name.startsWith('target.') && name !== 'target.tid');
export const OF_LOSSES: FieldScope = () => false;

export function readCondition(input: unknown, place: string, scope: FieldScope, depth = 0): Condition {
  if (depth > DEEPEST) refuse(place, 'deep', { values: { depth: DEEPEST } });
  const when = objectAt(input, place);
  const inside = (value: unknown, at: string) => readCondition(value, at, scope, depth + 1);
  const parts = Object.keys(when).map((key): Condition => {
    const value = when[key];
    const at = `${place}.${key}`;
    if (key === 'all' || key === 'any') return { kind: key, of: fullListAt(value, at, inside) };
    if (key === 'not') return negated(inside(value, at), at);
    if (GROUPS.includes(key)) return readGroup(key, objectAt(value, at), at, scope);
    return readField(key, value, at, scope, allowedKeys(scope));
  });
  return together(parts);
}

/** `"sender": { "uid": 0 }` is `"sender.uid": 0`. */
export function readGroup(group: string, input: JsonObject, place: string, scope: FieldScope): Condition {
  const short = namesIn(scope)
    .filter((name) => name.startsWith(`${group}.`))
    .map((name) => name.slice(group.length + 1));
  if (short.length === 0) refuseScope(place, scope, group === 'exit');
  const parts = Object.keys(input).map((key) => {
    const at = `${place}.${key}`;
    if (!isFieldName(`${group}.${key}`)) refuse(at, 'key', { found: key, known: short });
    return readField(`${group}.${key}`, input[key], at, scope, short);
  });
  // Asking for a sender without saying which asks that there is one.
  if (parts.length === 0 && group === 'sender') {
    return { kind: 'field', field: 'sender.pid', test: { known: true } };
  }
  return together(parts);
}

function readField(
  key: string,
  value: unknown,
  place: string,
  scope: FieldScope,
  allowed: readonly string[],
): Condition {
  if (!isFieldName(key)) refuse(place, 'key', { found: key, known: allowed });
  if (!scope(key)) refuseScope(place, scope, key.startsWith('exit.'));
  const tests = readFieldTest(value, conditionField(key), place);
  return together(tests.map((test): Condition => ({ kind: 'field', field: key, test })));
}

function negated(of: Condition, place: string): Condition {
  if (of.kind === 'all' && of.of.length === 0) refuse(place, 'emptyNot');
  return { kind: 'not', of };
}

function together(parts: readonly Condition[]): Condition {
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : { kind: 'all', of: parts };
}

/** @param isOfExits whether the key is about the end of a process */
function refuseScope(place: string, scope: FieldScope, isOfExits: boolean): never {
  if (isOfExits) refuse(place, 'exitsOnly');
  refuse(place, 'signalsOnlyKnown', { known: namesIn(scope) });
}

function namesIn(scope: FieldScope): readonly FieldName[] {
  return FIELD_NAMES.filter(scope);
}

function allowedKeys(scope: FieldScope): readonly string[] {
  const names = namesIn(scope);
  const flat = names.filter((name) => !name.includes('.'));
  const groups = GROUPS.filter((group) => names.some((name) => name.startsWith(`${group}.`)));
  return [...flat, ...groups, ...JOINING];
}

/** A field by its name, as `per` and `by` list them. */
export function fieldNameAt(input: unknown, place: string): FieldName {
  if (typeof input !== 'string' || !isFieldName(input)) {
    refuse(place, 'field', { found: input, known: FIELD_NAMES });
  }
  return input;
}
