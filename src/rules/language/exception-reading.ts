/** Reads an exception of a rule: who may do it, to whom, by which signal, why, and until when. */
import { readGroup, type FieldScope } from './condition-reading';
import { readFieldTest } from './field-test-reading';
import { conditionField } from './condition-fields';
import type { Condition, RuleException } from './rule';
import { objectAt, onlyKeys, refuse, textAt } from './rule-input';

export const EXCEPTION_KEYS = ['sender', 'target', 'signal', 'reason', 'until'] as const;

export function readException(input: unknown, place: string, scope: FieldScope): RuleException {
  const exception = objectAt(input, place);
  onlyKeys(exception, EXCEPTION_KEYS, place);
  const parts: Condition[] = [];
  for (const side of ['sender', 'target'] as const) {
    const given = exception[side];
    if (given === undefined) continue;
    if (Object.keys(objectAt(given, `${place}.${side}`)).length === 0) {
      refuse(`${place}.${side}`, side === 'sender' ? 'exceptEverySender' : 'exceptEveryTarget');
    }
    parts.push(readGroup(side, objectAt(given, `${place}.${side}`), `${place}.${side}`, scope));
  }
  if (exception['signal'] !== undefined) {
    if (!scope('signal')) refuse(`${place}.signal`, 'signalsOnly');
    const tests = readFieldTest(exception['signal'], conditionField('signal'), `${place}.signal`);
    parts.push(...tests.map((test): Condition => ({ kind: 'field', field: 'signal', test })));
  }
  if (parts.length === 0) refuse(place, 'exceptEverything');
  return {
    when: { kind: 'all', of: parts },
    reason: textAt(exception['reason'], `${place}.reason`),
    until: exception['until'] === undefined ? null : readUntil(exception['until'], `${place}.until`),
  };
}

/** RFC 3339 with its zone, or a day, which means its beginning in UTC. */
export const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** @returns milliseconds since 1970 */
export function readUntil(input: unknown, place: string): number {
  const ms = typeof input === 'string' && DATE.test(input) && isDay(input) ? Date.parse(input) : NaN;
  if (Number.isNaN(ms)) refuse(place, 'date', { found: input });
  return ms;
}

/** Date.parse takes 30 February for 2 March. */
function isDay(date: string): boolean {
  const day = date.slice(0, 10);
  const ms = Date.parse(day);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}
