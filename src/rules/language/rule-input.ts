/** Values of a rules file, each read with its place: a wrong one is refused, and nothing is guessed. */
import type { RefusalKey } from './refusal-texts';
import { RuleRefusal, type RefusalDetails } from './rule-refusal';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(input: unknown): input is JsonObject {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

/** @throws RuleRefusal, always: `rules[2].when.signal: "SIGFOO" is not a signal` */
export function refuse(place: string, why: RefusalKey, details: RefusalDetails = {}): never {
  throw new RuleRefusal(place, why, details);
}

export function objectAt(input: unknown, place: string): JsonObject {
  if (!isObject(input)) refuse(place, 'object', { found: input });
  return input;
}

export function textAt(input: unknown, place: string): string {
  if (typeof input !== 'string' || input === '') refuse(place, 'string', { found: input });
  return input;
}

export function booleanAt(input: unknown, place: string): boolean {
  if (typeof input !== 'boolean') refuse(place, 'boolean', { found: input });
  return input;
}

export function numberAt(input: unknown, place: string): number {
  if (typeof input !== 'number' || !Number.isFinite(input)) {
    refuse(place, 'number', { found: input });
  }
  return input;
}

/** Seconds: a number above 0. */
export function secondsAt(input: unknown, place: string): number {
  if (typeof input !== 'number' || !Number.isFinite(input) || input <= 0) {
    refuse(place, 'seconds', { found: input });
  }
  return input;
}

export function countAt(input: unknown, place: string): number {
  if (typeof input !== 'number' || !Number.isSafeInteger(input) || input < 1) {
    refuse(place, 'count', { found: input });
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
  if (!Array.isArray(input)) refuse(place, 'list', { found: input });
  // An empty list would match nothing, and silently.
  if (input.length === 0) refuse(place, 'emptyList');
  return input.map((value, index) => read(value, `${place}[${index}]`));
}

export function choiceAt<T extends string>(input: unknown, allowed: readonly T[], place: string): T {
  const found = allowed.find((value) => value === input);
  if (found === undefined) {
    refuse(place, 'choice', { found: input, known: allowed });
  }
  return found;
}

/** A misspelt key would be a condition that is never looked at: the rule would match too much. */
export function onlyKeys(object: JsonObject, allowed: readonly string[], place: string): void {
  for (const key of Object.keys(object)) {
    if (!allowed.includes(key))
      refuse(place === '' ? key : `${place}.${key}`, 'key', { found: key, known: allowed });
  }
}
