/** What compares one known value of a field with its tests, built once for each condition. */
import { compileRegex } from '../language/linear-regex';
import { compileGlob } from './glob';
import type { FieldTest, TestValue } from '../language/rule';
import { signalTest, type SignalTest } from '../language/signal-sets';

/** TASK_COMM_LEN less its end: what the kernel keeps of a name. */
const COMM_BYTES = 15;
/** A regular expression costs about 40 ns for each character of the text: longer texts are cut. */
export const REGEX_TEXT = 4096;

const LAST_SIGNAL = 64;

/** A table for the signals that there are. */
export function signalNumberTest(test: FieldTest): (number: number) => boolean {
  const wanted = test.in?.map(signalOf);
  const unwanted = test.not?.map(signalOf) ?? [];
  const matches = (number: number): boolean =>
    (wanted === undefined || wanted.some((one) => one(number))) && !unwanted.some((one) => one(number));
  const table = Array.from({ length: LAST_SIGNAL + 1 }, (_, number) => matches(number));
  return (number) => table[number] ?? matches(number);
}

function signalOf(written: TestValue): SignalTest {
  const test = typeof written === 'boolean' ? null : signalTest(written);
  if (test === null) throw new TypeError(`${String(written)} is not a signal`);
  return test;
}

export function numberTest(test: FieldTest): (value: number) => boolean {
  const bounds = boundsTest(test);
  const { in: wanted, not: unwanted } = test;
  if (wanted === undefined && unwanted === undefined) return bounds ?? (() => true);
  return (value) =>
    (wanted === undefined || wanted.includes(value)) &&
    (unwanted === undefined || !unwanted.includes(value)) &&
    (bounds === null || bounds(value));
}

/** Null where no bound is given; each is compared only where it is. */
function boundsTest({ above, atLeast, below, atMost }: FieldTest): ((value: number) => boolean) | null {
  const low = lowest(above, atLeast);
  const high = highest(below, atMost);
  if (low !== null && high !== null) return (value) => low(value) && high(value);
  return low ?? high;
}

function lowest(above: number | undefined, atLeast: number | undefined) {
  if (above === undefined) return atLeast === undefined ? null : (value: number) => value >= atLeast;
  if (atLeast === undefined) return (value: number) => value > above;
  return (value: number) => value > above && value >= atLeast;
}

function highest(below: number | undefined, atMost: number | undefined) {
  if (below === undefined) return atMost === undefined ? null : (value: number) => value <= atMost;
  if (atMost === undefined) return (value: number) => value < below;
  return (value: number) => value < below && value <= atMost;
}

/** Of something that is true or false, or one of a few words. */
export function valueTest(test: FieldTest): (value: string | boolean) => boolean {
  const { in: wanted, not: unwanted } = test;
  return (value) =>
    (wanted === undefined || wanted.includes(value)) && (unwanted === undefined || !unwanted.includes(value));
}

type TextPredicate = (text: string) => boolean;

/** @param isComm whether the kernel keeps only the beginning of the text, which a rule may write in full */
export function textTest(test: FieldTest, isComm: boolean): TextPredicate {
  const { wanted, unwanted } = textPredicates(test, isComm);
  const [first = () => true, ...others] = wanted;
  if (others.length === 0 && unwanted === null) return first;
  return (text) => unwanted?.(text) !== true && first(text) && others.every((matches) => matches(text));
}

/** Of several texts: each test holds for one of them, and `not` for all. */
export function textsTest(test: FieldTest, isComm: boolean): (texts: readonly string[]) => boolean {
  const { wanted, unwanted } = textPredicates(test, isComm);
  return (texts) => {
    if (unwanted !== null && texts.some(unwanted)) return false;
    for (const matches of wanted) if (!texts.some(matches)) return false;
    return true;
  };
}

function textPredicates(test: FieldTest, isComm: boolean) {
  const globs = (values: readonly TestValue[]) =>
    anyOf(values.map((value) => compileGlob(isComm ? asComm(String(value)) : String(value))));
  const wanted: TextPredicate[] = [];
  if (test.in) wanted.push(globs(test.in));
  if (test.glob) wanted.push(globs(test.glob));
  if (test.regex) wanted.push(anyOf(test.regex.map(regexTest)));
  return { wanted, unwanted: test.not ? globs(test.not) : null };
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
  const matches = compileRegex(source);
  return (text) => matches(text.length > REGEX_TEXT ? text.slice(0, REGEX_TEXT) : text);
}

/** A rule may name a program in full; the kernel has only the beginning of a long name. */
function asComm(pattern: string): string {
  if (/[*?]/.test(pattern)) return pattern;
  return new TextDecoder().decode(new TextEncoder().encode(pattern).subarray(0, COMM_BYTES));
}
