/** Values of a rules file, each read with its place: a wrong one is refused, and nothing is guessed. */
import { TraceError } from '../../trace-error';
import { didYouMean } from '../../words/nearest-name';
import { shownValue as shown } from '../../words/shown-value';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(input: unknown): input is JsonObject {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

/** @throws TraceError CONFIG_INVALID, always: `rules[2].when.signal: "SIGFOO" is not a signal` */
export function refuse(place: string, what: string): never {
  throw new TraceError('CONFIG_INVALID', `${place}: ${what}`);
}

export function objectAt(input: unknown, place: string): JsonObject {
  if (!isObject(input)) refuse(place, `expected an object, found ${shown(input)}`);
  return input;
}

export function textAt(input: unknown, place: string): string {
  if (typeof input !== 'string' || input === '') refuse(place, `expected a text, found ${shown(input)}`);
  return input;
}

export function booleanAt(input: unknown, place: string): boolean {
  if (typeof input !== 'boolean') refuse(place, `expected true or false, found ${shown(input)}`);
  return input;
}

export function numberAt(input: unknown, place: string): number {
  if (typeof input !== 'number' || !Number.isFinite(input)) {
    refuse(place, `expected a number, found ${shown(input)}`);
  }
  return input;
}

/** Seconds, or how many: a number above 0. */
export function amountAt(input: unknown, place: string, unit: string): number {
  if (typeof input !== 'number' || !Number.isFinite(input) || input <= 0) {
    refuse(place, `expected ${unit} above 0, found ${shown(input)}`);
  }
  return input;
}

export function countAt(input: unknown, place: string): number {
  if (typeof input !== 'number' || !Number.isSafeInteger(input) || input < 1) {
    refuse(place, `expected a whole number from 1, found ${shown(input)}`);
  }
  return input;
}

/** One value, or a list of some. */
export function listAt<T>(
  input: unknown,
  place: string,
  read: (value: unknown, place: string) => T,
): readonly T[] {
  return Array.isArray(input) ? fullListAt(input, place, read) : [read(input, place)];
}

export function fullListAt<T>(
  input: unknown,
  place: string,
  read: (value: unknown, place: string) => T,
): readonly T[] {
  if (!Array.isArray(input)) refuse(place, `expected a list, found ${shown(input)}`);
  // An empty list would match nothing, and silently.
  if (input.length === 0) refuse(place, 'expected at least one value, found an empty list');
  return input.map((value, index) => read(value, `${place}[${index}]`));
}

export function choiceAt<T extends string>(input: unknown, allowed: readonly T[], place: string): T {
  const found = allowed.find((value) => value === input);
  if (found === undefined) {
    refuse(
      place,
      `${shown(input)} is not allowed${didYouMean(input, allowed)}. Allowed: ${allowed.join(', ')}`,
    );
  }
  return found;
}

/** A misspelt key would be a condition that is never looked at: the rule would match too much. */
export function onlyKeys(object: JsonObject, allowed: readonly string[], place: string): void {
  for (const key of Object.keys(object)) {
    if (!allowed.includes(key)) refuse(place === '' ? key : `${place}.${key}`, noSuchKey(key, allowed));
  }
}

export function noSuchKey(key: string, allowed: readonly string[]): string {
  return `unknown key "${key}"${didYouMean(key, allowed)}. Known keys: ${allowed.join(', ')}`;
}
