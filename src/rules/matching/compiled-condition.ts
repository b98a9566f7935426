/**
 * Builds from a condition what compares a signal with it. All that can be done once is done here: names are cut
 * to the kernel's length, globs and regular expressions are built, signals become a table of numbers. Comparing
 * makes no object.
 */
import type { SignalRecord, SignalTarget } from '../../model/report';
import { conditionField, type ConditionField, type FieldType } from '../language/condition-fields';
import type { Condition } from '../language/rule';
import { numberTest, signalNumberTest, textsTest, textTest, valueTest } from './field-test';

/** @param signal null for a zombie. @param target null where the trace does not know it. */
export type ConditionTest = (signal: SignalRecord | null, target: SignalTarget | null) => boolean;

/** Whether everything that the condition asks for is known and so. */
export function compileCondition(condition: Condition): ConditionTest {
  switch (condition.kind) {
    case 'all':
      return everyOf(cheapestFirst(condition.of).map(compileCondition));
    case 'any':
      return someOf(cheapestFirst(condition.of).map(compileCondition));
    case 'not': {
      const inner = compileCondition(condition.of);
      return (signal, target) => !inner(signal, target);
    }
    case 'field':
      return fieldTest(conditionField(condition.field), condition);
  }
}

/** What a comparison takes, roughly; a regular expression comes last. */
const COST: Readonly<Record<FieldType, number>> = {
  boolean: 1,
  choice: 1,
  signal: 1,
  number: 1,
  id: 1,
  code: 3,
  comm: 3,
  text: 3,
  comms: 8,
  texts: 10,
};
const REGEX_COST = 20;

function costOf(condition: Condition): number {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return condition.of.reduce((sum, each) => sum + costOf(each), 0);
    case 'not':
      return costOf(condition.of);
    case 'field':
      return COST[conditionField(condition.field).type] + (condition.test.regex ? REGEX_COST : 0);
  }
}

/** The order changes nothing but the time: no comparison has an effect. */
function cheapestFirst(conditions: readonly Condition[]): readonly Condition[] {
  return conditions.toSorted((a, b) => costOf(a) - costOf(b));
}

/** Pairs inside pairs: a loop over functions that are all others is slower. */
function everyOf(tests: readonly ConditionTest[]): ConditionTest {
  const [first = () => true, ...others] = tests;
  if (others.length === 0) return first;
  const rest = everyOf(others);
  return (signal, target) => first(signal, target) && rest(signal, target);
}

function someOf(tests: readonly ConditionTest[]): ConditionTest {
  return (signal, target) => {
    for (const test of tests) if (test(signal, target)) return true;
    return false;
  };
}

function fieldTest(field: ConditionField, { test }: Extract<Condition, { kind: 'field' }>): ConditionTest {
  if (test.known === false) return (signal, target) => field.read(signal, target) === null;
  switch (field.type) {
    case 'signal':
      return knownAnd(field.read, signalNumberTest(test));
    case 'number':
    case 'id':
      return knownAnd(field.read, numberTest(test));
    case 'texts':
    case 'comms':
      return knownAnd(field.read, textsTest(test, field.type === 'comms'));
    case 'code': {
      const matches = textTest(test, false);
      return knownAnd<string | number>(field.read, (code) => matches(String(code)));
    }
    case 'text':
    case 'comm':
      return knownAnd(field.read, textTest(test, field.type === 'comm'));
    case 'boolean':
    case 'choice':
      return knownAnd<string | boolean>(field.read, valueTest(test));
  }
}

function knownAnd<T>(
  read: (signal: SignalRecord | null, target: SignalTarget | null) => T | null,
  matches: (value: T) => boolean,
): ConditionTest {
  return (signal, target) => {
    const value = read(signal, target);
    return value !== null && matches(value);
  };
}
