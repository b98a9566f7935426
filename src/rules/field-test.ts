/** What compares one known value of a field with its tests, built once for each condition. */
import { compileGlob } from './glob';
import type { FieldTest, FieldValue } from './rule';
import { signalTest, type SignalTest } from './signal-sets';

/** TASK_COMM_LEN less its end: what the kernel keeps of a name. */
const COMM_BYTES = 15;
/** A regular expression may take a time that grows with the power of the text's length: longer texts are cut. */
export const REGEX_TEXT = 4096;

const LAST_SIGNAL = 64;

/** A table for the signals that there are. */
export function signalNumberTest(test: FieldTest): (number: number) => boolean {
  const wanted = test.in?.map(signalOf);
  const unwanted = test.not?.map(signalOf) ?? [];
  const fits = (number: number): boolean =>
    (wanted === undefined || wanted.some((one) => one(number))) && !unwanted.some((one) => one(number));
  const table = Array.from({ length: LAST_SIGNAL + 1 }, (_, number) => fits(number));
  return (number) => table[number] ?? fits(number);
}

function signalOf(written: FieldValue): SignalTest {
  const test = typeof written === 'boolean' ? null : signalTest(written);
  if (test === null) throw new TypeError(`${String(written)} is not a signal`);
  return test;
}

export function numberTest(test: FieldTest): (value: number) => boolean {
  const { in: wanted, not: unwanted } = test;
  const { above = -Infinity, atLeast = -Infinity, below = Infinity, atMost = Infinity } = test;
  return (value) =>
    value > above &&
    value >= atLeast &&
    value < below &&
    value <= atMost &&
    (wanted === undefined || wanted.includes(value)) &&
    (unwanted === undefined || !unwanted.includes(value));
}

export function valueTest(test: FieldTest): (value: string | boolean) => boolean {
  const { in: wanted, not: unwanted } = test;
  return (value) =>
    (wanted === undefined || wanted.includes(value)) && (unwanted === undefined || !unwanted.includes(value));
}

type TextPredicate = (text: string) => boolean;

export interface TextTest {
  readonly one: TextPredicate;
  /** Each test holds for one of the texts, and `not` for all of them. */
  readonly some: (texts: readonly string[]) => boolean;
}

/** @param isComm whether the kernel keeps only the beginning of the text, which a rule may write in full */
export function textTest(test: FieldTest, isComm: boolean): TextTest {
  const globs = (values: readonly FieldValue[]) =>
    anyOf(values.map((value) => compileGlob(isComm ? asComm(String(value)) : String(value))));
  const wanted: TextPredicate[] = [];
  if (test.in) wanted.push(globs(test.in));
  if (test.glob) wanted.push(globs(test.glob));
  if (test.regex) wanted.push(anyOf(test.regex.map(regexTest)));
  const unwanted = test.not ? globs(test.not) : () => false;
  return {
    one: (text) => !unwanted(text) && wanted.every((fits) => fits(text)),
    some: (texts) => !texts.some(unwanted) && wanted.every((fits) => texts.some(fits)),
  };
}

function anyOf(tests: readonly TextPredicate[]): TextPredicate {
  const [first] = tests;
  if (first !== undefined && tests.length === 1) return first;
  return (text) => {
    for (const test of tests) if (test(text)) return true;
    return false;
  };
}

function regexTest(source: string): TextPredicate {
  const regex = new RegExp(source);
  return (text) => regex.test(text.length > REGEX_TEXT ? text.slice(0, REGEX_TEXT) : text);
}

/** A rule may name a program in full; the kernel has only the beginning of a long name. */
function asComm(pattern: string): string {
  return /[*?]/.test(pattern) ? pattern : Buffer.from(pattern).subarray(0, COMM_BYTES).toString();
}
