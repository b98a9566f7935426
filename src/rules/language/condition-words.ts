/**
 * A condition as a person says it: "SIGTERM or SIGKILL from systemd to postgres*, where it ends the target".
 * The words come from whoever asks, so that they are in any language.
 */
import { signalName, signalNumber } from '../../kernel/signals';
import { conditionField, type FieldName } from './condition-fields';
import type { Condition, FieldTest, TestValue } from './rule';

/** Gives a text by its key, `words.or`, with `__first__` and the like replaced by the values. */
export type Say = (key: string, values?: Readonly<Record<string, string | number>>) => string;

type FieldCondition = Extract<Condition, { kind: 'field' }>;

/** More than these of a list are counted, not shown. */
const MAX_SHOWN = 4;

/** What names a sender or a target by itself, without the field's name. */
const NAMING = {
  sender: ['sender.comm', 'sender.exe', 'sender.unit', 'sender.user'],
  target: ['target.comm', 'target.path', 'target.exe', 'target.unit'],
} as const satisfies Record<string, readonly FieldName[]>;

/** The condition as the name of a signal: "a fatal signal from outside the traced tree". */
export function signalWords(condition: Condition, say: Say): string {
  if (condition.kind === 'any') {
    return joined(
      condition.of.map((each) => signalWords(each, say)),
      'or',
      say,
    );
  }
  const parts = partsOf(condition);
  const taken = new Set<Condition>();
  const take = <T>(find: (part: FieldCondition) => T | null): T | null => {
    for (const part of parts) {
      const found = part.kind === 'field' && !taken.has(part) ? find(part) : null;
      if (found === null) continue;
      taken.add(part);
      return found;
    }
    return null;
  };
  const signal = take((part) => signalPart(part, say)) ?? say('words.anySignal');
  const sender = take((part) => senderName(part, say));
  const target = take((part) => namingWords(part, NAMING.target, say));
  const named =
    sender !== null && target !== null
      ? say('words.fromTo', { signal, sender, target })
      : sender !== null
        ? say('words.from', { signal, sender })
        : target !== null
          ? say('words.to', { signal, target })
          : signal;
  return withClauses(
    named,
    parts.filter((part) => !taken.has(part)),
    say,
  );
}

/** A condition on processes: "postgres*, where the user id of the target is 0". */
export function targetWords(condition: Condition, say: Say): string {
  const parts = partsOf(condition);
  for (const part of parts) {
    const name = part.kind === 'field' ? namingWords(part, NAMING.target, say) : null;
    if (name !== null) {
      return withClauses(
        name,
        parts.filter((other) => other !== part),
        say,
      );
    }
  }
  return withClauses(say('words.anyProcess'), parts, say);
}

/** The condition as a sentence: "the user id of the sender is 0 and it ends the target". */
export function clauseWords(condition: Condition, say: Say, isInside = false): string {
  switch (condition.kind) {
    case 'field':
      return fieldWords(condition, say);
    case 'not':
      return say('words.not', { what: clauseWords(condition.of, say, true) });
    case 'all':
    case 'any': {
      const clauses = condition.of.map((each) => clauseWords(each, say, true));
      const text = joined(clauses, condition.kind === 'all' ? 'and' : 'or', say);
      return isInside && clauses.length > 1 ? `(${text})` : text;
    }
  }
}

/** "a, b or c"; what is beyond a few is counted. */
export function joined(texts: readonly string[], how: 'and' | 'or', say: Say): string {
  const shown =
    texts.length > MAX_SHOWN + 1
      ? [...texts.slice(0, MAX_SHOWN), say('words.more', { count: texts.length - MAX_SHOWN })]
      : texts;
  const last = shown.at(-1) ?? '';
  if (shown.length < 2) return last;
  return say(`words.${how}`, { first: shown.slice(0, -1).join(say('words.comma')), last });
}

/** What must all hold, with lists inside lists laid flat. */
function partsOf(condition: Condition): readonly Condition[] {
  return condition.kind === 'all' ? condition.of.flatMap(partsOf) : [condition];
}

function withClauses(named: string, rest: readonly Condition[], say: Say): string {
  const asked = rest.filter(({ kind }) => kind !== 'not');
  const clauses = asked.map((part) => clauseWords(part, say, asked.length > 1));
  const excluded = rest.flatMap((part) => (part.kind === 'not' ? [part.of] : []));
  const denied = excluded.map((part) => clauseWords(part, say, excluded.length > 1));
  const where =
    clauses.length === 0 ? named : say('words.where', { named, what: joined(clauses, 'and', say) });
  return denied.length === 0 ? where : say('words.unless', { named: where, what: joined(denied, 'or', say) });
}

/** The values of a test that asks for nothing else. */
function onlyValues(test: FieldTest): readonly TestValue[] | null {
  const { in: values, glob } = test;
  if (Object.keys(test).length !== 1) return null;
  return values ?? glob ?? null;
}

function signalPart({ field, test }: FieldCondition, say: Say): string | null {
  if (field !== 'signal') return null;
  const values = onlyValues(test);
  if (values !== null) return valuesWords(field, values, say);
  return test.not !== undefined && Object.keys(test).length === 1
    ? say('words.anyBut', { signal: valuesWords(field, test.not, say) })
    : null;
}

function senderName(part: FieldCondition, say: Say): string | null {
  const [is] = onlyValues(part.test) ?? [];
  if (part.field === 'sender.isParent' && is === true) return say('words.itsParent');
  if (part.field === 'sender.inTree' && is !== undefined) {
    return say(is === true ? 'words.inside' : 'words.outside');
  }
  return namingWords(part, NAMING.sender, say);
}

function namingWords({ field, test }: FieldCondition, naming: readonly FieldName[], say: Say): string | null {
  const values = naming.includes(field) ? onlyValues(test) : null;
  return values && valuesWords(field, values, say);
}

function valuesWords(field: FieldName, values: readonly TestValue[], say: Say): string {
  const isSignal = field === 'signal';
  return joined(
    values.map((value) => (isSignal ? oneSignal(value, say) : String(value))),
    'or',
    say,
  );
}

/** `15` and `term` are SIGTERM; SIGRTMIN+3 stays as it is written. */
function oneSignal(written: TestValue, say: Say): string {
  const text = String(written);
  if (text.startsWith('@')) return say(`words.set.${text.slice(1)}`);
  const number = /^\d+$/.test(text) ? Number(text) : signalNumber(text);
  const name = number === null ? text : signalName(number);
  return /^(SIG)?RT/i.test(text) && text.toUpperCase() !== name ? text : name;
}

function fieldWords({ field, test }: FieldCondition, say: Say): string {
  if (conditionField(field).type === 'boolean') {
    const [is] = test.in ?? test.not?.map((value) => value !== true) ?? [];
    if (is !== undefined && test.known === undefined) return say(`words.is.${field}.${String(is)}`);
  }
  const name = say(`field.${field}`);
  const tests: string[] = [];
  const add = (key: string, values: Record<string, string | number> = {}): void => {
    tests.push(say(`words.${key}`, { name, ...values }));
  };
  if (test.in) add('isOneOf', { values: valuesWords(field, test.in, say) });
  if (test.glob) add('isOneOf', { values: valuesWords(field, test.glob, say) });
  if (test.not) add('isNone', { values: valuesWords(field, test.not, say) });
  if (test.regex) {
    const sources = test.regex.map((source) => `/${source}/`);
    add('matches', { values: joined(sources, 'or', say) });
  }
  for (const bound of ['above', 'atLeast', 'below', 'atMost'] as const) {
    const number = test[bound];
    if (number !== undefined) add(bound, { number });
  }
  if (test.known !== undefined) add(test.known ? 'known' : 'unknown');
  return joined(tests, 'and', say);
}
