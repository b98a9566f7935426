/**
 * Whom a watch follows, as a user writes it: `nginx*`, `unit:web.service`, `user:www,name:node`, `host`.
 *
 * One selector is one or more conditions with commas between, which must all hold; of several selectors one is enough.
 */
import { signalNumber } from '../kernel/signals';
import { InvalidValue } from '../trace-error';
import { didYouMean } from '../words/nearest-name';

/** What a condition looks at, by the word before its colon. */
export const SELECTOR_KINDS = [
  'name',
  'path',
  'unit',
  'container',
  'cgroup',
  'user',
  'pid',
  'pidfile',
  'children-of',
  'host',
] as const;
export type SelectorKind = (typeof SELECTOR_KINDS)[number];

export interface SelectorCondition {
  readonly kind: SelectorKind;
  /** As it was written, after the colon; '' for `host`. */
  readonly value: string;
}

export interface Selector {
  /** As it was written. */
  readonly text: string;
  readonly conditions: readonly SelectorCondition[];
}

export const WHOLE_HOST: Selector = { text: 'host', conditions: [{ kind: 'host', value: '' }] };

/** As many as a person writes; each costs a look at every new process. */
const MAX_SELECTORS = 100;
const MAX_LENGTH = 1_000;
/** Above every pid that a 64-bit kernel gives out (PID_MAX_LIMIT). */
const MAX_PID = 4 * 1024 * 1024;
const UNIT = /\.(?:service|scope|socket|mount|swap)$/;

/** A word without a kind: a unit by its ending, a path by its slash, a pid by its digits, else a name. */
function usualKind(word: string): SelectorKind {
  if (word === 'host') return 'host';
  if (UNIT.test(word)) return 'unit';
  if (word.includes('/')) return 'path';
  return /^\d+$/.test(word) ? 'pid' : 'name';
}

/** What may be a kind: `servce:ssh`, and not the title `postgres: writer`. A name like the first is `name:servce:ssh`. */
const LIKE_A_KIND = /^[a-z-]+:\S/;

function readCondition(word: string, place: string): SelectorCondition {
  const colon = word.indexOf(':');
  const before = colon < 0 ? '' : word.slice(0, colon);
  if (LIKE_A_KIND.test(word) && !SELECTOR_KINDS.some((known) => known === before)) {
    const hint = didYouMean(before, SELECTOR_KINDS);
    throw new InvalidValue(place, `${SELECTOR_KINDS.join(', ')} before a colon${hint}`, word);
  }
  const kind = SELECTOR_KINDS.find((known) => known === before) ?? usualKind(word);
  const value = kind === 'host' ? '' : before === kind ? word.slice(colon + 1) : word;
  if (value === '' && kind !== 'host') throw new InvalidValue(place, `something after "${kind}:"`, word);
  if (kind === 'pid' && !(/^\d+$/.test(value) && Number(value) > 0 && Number(value) < MAX_PID))
    throw new InvalidValue(place, `a pid from 1 to ${MAX_PID - 1}`, word);
  if (kind === 'pidfile' && !value.startsWith('/')) throw new InvalidValue(place, 'an absolute path', word);
  return { kind, value };
}

/** @throws InvalidValue with the place and the word */
export function readSelector(given: unknown, place: string): Selector {
  if (typeof given !== 'string' || given.length > MAX_LENGTH)
    throw new InvalidValue(place, `a text of at most ${MAX_LENGTH} characters`, given);
  const text = given.trim();
  const words = text.split(',').map((word) => word.trim());
  if (words.includes('')) throw new InvalidValue(place, 'conditions with commas between', given);
  return { text, conditions: words.map((word) => readCondition(word, place)) };
}

/**
 * Selectors from a flow, a message or a command line: an array, or a text with one on each line.
 * @param place what they are called there
 * @throws InvalidValue
 */
export function readSelectors(given: unknown, place: string): Selector[] {
  if (given === undefined || given === null) return [];
  const list: readonly unknown[] = Array.isArray(given)
    ? given
    : typeof given === 'string'
      ? given.split('\n').filter((line) => line.trim() !== '')
      : [given];
  if (list.length > MAX_SELECTORS)
    throw new InvalidValue(place, `at most ${MAX_SELECTORS} selectors`, list.length);
  return list.map((each) => readSelector(each, place));
}

/** Numbers of signals, from an array or a text with spaces or commas. @throws InvalidValue */
export function readMutedSignals(given: unknown, place: string): number[] | null {
  if (given === undefined || given === null) return null;
  const list: readonly unknown[] = Array.isArray(given)
    ? given
    : typeof given === 'string'
      ? given.split(/[\s,]+/).filter((word) => word !== '')
      : [given];
  return list.map((each) => {
    const number =
      typeof each === 'number' || /^\d+$/.test(String(each)) ? Number(each) : signalNumber(String(each));
    if (number !== null && Number.isInteger(number) && number >= 1 && number <= 64) return number;
    throw new InvalidValue(place, 'a signal such as SIGTERM, or its number', each);
  });
}
