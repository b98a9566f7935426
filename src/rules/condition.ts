/**
 * Builds from a condition what compares a signal with it. All that can be done once is done here: names are cut
 * to the kernel's length, globs and regular expressions are built, signals become a table of numbers. Comparing
 * makes no object.
 */
import type { SignalRecord, SignalTarget } from '../model/report';
import { conditionField, type ConditionField } from './condition-fields';
import type { Condition } from './rule';
import { numberTest, signalNumberTest, textTest, valueTest } from './field-test';

/** @param signal null for a zombie. @param target null where the trace does not know it. */
export type ConditionTest = (signal: SignalRecord | null, target: SignalTarget | null) => boolean;

/** Whether everything that the condition asks for is known and so. */
export function compileCondition(condition: Condition): ConditionTest {
  switch (condition.kind) {
    case 'all':
      return everyOf(condition.of.map(compileCondition));
    case 'any':
      return someOf(condition.of.map(compileCondition));
    case 'not': {
      const inner = compileCondition(condition.of);
      return (signal, target) => !inner(signal, target);
    }
    case 'field':
      return fieldTest(conditionField(condition.field), condition);
  }
}

function everyOf(tests: readonly ConditionTest[]): ConditionTest {
  const [first, second] = tests;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (tests.length === 2) return (signal, target) => first(signal, target) && second(signal, target);
  return (signal, target) => {
    for (const test of tests) if (!test(signal, target)) return false;
    return true;
  };
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
    case 'signal': {
      const { read } = field;
      const fits = signalNumberTest(test);
      return (signal, target) => ifKnown(read(signal, target), fits);
    }
    case 'number':
    case 'id': {
      const { read } = field;
      const fits = numberTest(test);
      return (signal, target) => ifKnown(read(signal, target), fits);
    }
    case 'texts':
    case 'comms': {
      const { read } = field;
      const fits = textTest(test, field.type === 'comms');
      return (signal, target) => ifKnown(read(signal, target), fits.some);
    }
    case 'code': {
      const { read } = field;
      const fits = textTest(test, false);
      return (signal, target) => ifKnown(read(signal, target), (code) => fits.one(String(code)));
    }
    case 'text':
    case 'comm': {
      const { read } = field;
      const fits = textTest(test, field.type === 'comm');
      return (signal, target) => ifKnown(read(signal, target), fits.one);
    }
    case 'boolean':
    case 'choice': {
      const { read } = field;
      const fits = valueTest(test);
      return (signal, target) => ifKnown<string | boolean>(read(signal, target), fits);
    }
  }
}

function ifKnown<T>(value: T | null, fits: (value: T) => boolean): boolean {
  return value !== null && fits(value);
}
