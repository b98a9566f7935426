/**
 * Why a rule is refused, in English. signal-filter's dialog has the same texts in its locale files, under `refusal`, so
 * that a refusal is shown in the language of the editor; a test holds the English ones equal to these.
 */
import type { Say } from './condition-words';

export const REFUSAL_TEXTS = {
  at: '__place__: __what__',
  hint: ' (did you mean "__name__"?)',
  nothing: 'nothing',
  emptyString: 'an empty string',

  rules: 'expected a list of rules, found __found__',
  object: 'expected an object, found __found__',
  string: 'expected a string, found __found__',
  boolean: 'expected true or false, found __found__',
  number: 'expected a number, found __found__',
  seconds: 'expected seconds above 0, found __found__',
  count: 'expected a whole number from 1, found __found__',
  id: 'expected a whole number from 0, found __found__',
  list: 'expected a list, found __found__',
  emptyList: 'expected at least one value, found an empty list',
  date: '__found__ is not a date (2027-01-01 or 2027-01-01T00:00:00Z)',
  signal: '__found__ is not a signal (a name, a number from 1 to 64, or __sets__)',
  regex: '__found__ is not in RE2 syntax, which has no lookaround and no backreferences: __why__',

  choice: '__found__ is not allowed__hint__. Allowed: __known__',
  key: 'unknown key __found____hint__. Known keys: __known__',
  field: '__found__ is not a field__hint__. Fields: __known__',
  noTest: 'needs at least one test. Known tests: __known__',
  sameName: '__found__ is already the name of __other__',

  onlyOn: 'only allowed on "__subject__"; this rule is on "__on__"',
  exceptOnLoss: 'not allowed on "loss": lost events have neither sender nor target',
  requiresOnLoss: 'not allowed on "loss": evidence with lost events is never complete',
  whenOnLoss: 'must be empty on "loss": lost events have no conditions',
  signalsOnly: 'not available: this rule is not about signals',
  exitsOnly: 'only available to a rule with "on": "exit"',
  signalsOnlyKnown: 'not available: this rule is not about signals. Known keys: __known__',

  together: 'cannot be combined with "__other__"',
  knownAlone: '"known": false cannot be combined with other tests',
  stageOrWhen: 'needs either "stage" or "when"',
  deep: 'more than __depth__ conditions are nested',
  emptyNot: 'an empty condition would never match',
  exceptEverySender: 'needs at least one field: it would exempt every sender',
  exceptEveryTarget: 'needs at least one field: it would exempt every target',
  exceptEverything: 'needs "sender", "target" or "signal": it would exempt everything',
} as const;

export type RefusalKey = keyof typeof REFUSAL_TEXTS;

/** The texts above, as a catalogue. */
export const sayInEnglish: Say = (key, values = {}) =>
  REFUSAL_TEXTS[key.replace(/^refusal\./, '') as RefusalKey].replace(/__([a-z]+)__/g, (_, name: string) =>
    String(values[name] ?? ''),
  );
