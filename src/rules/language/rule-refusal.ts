import { TraceError } from '../../trace-error';
import { nearestName } from '../../words/nearest-name';
import { shownValue } from '../../words/shown-value';
import type { Say } from './condition-words';
import { sayInEnglish, type RefusalKey } from './refusal-texts';

export interface RefusalDetails {
  /** The refused value itself. */
  readonly found?: unknown;
  /** What is allowed; the nearest of it is suggested. */
  readonly known?: readonly string[];
  readonly values?: Readonly<Record<string, string | number>>;
}

/** A rule that cannot be used: where in the rules, why, and what would be right, in any language. */
export class RuleRefusal extends TraceError {
  /** `rules[2].when.signal` */
  readonly place: string;
  readonly key: RefusalKey;
  readonly #details: RefusalDetails;

  constructor(place: string, key: RefusalKey, details: RefusalDetails) {
    super('CONFIG_INVALID', refusalText(place, key, details, sayInEnglish));
    this.place = place;
    this.key = key;
    this.#details = details;
  }

  /** @param say gives the texts under `refusal` */
  inWords(say: Say): string {
    return refusalText(this.place, this.key, this.#details, say);
  }
}

function refusalText(place: string, key: RefusalKey, details: RefusalDetails, say: Say): string {
  const { known = [], values } = details;
  const nearest = typeof details.found === 'string' ? nearestName(details.found, known) : null;
  const what = say(`refusal.${key}`, {
    found: foundWords(details, say),
    hint: nearest === null ? '' : say('refusal.hint', { name: nearest }),
    known: known.join(', '),
    ...values,
  });
  return say('refusal.at', { place, what });
}

function foundWords(details: RefusalDetails, say: Say): string {
  const { found } = details;
  if (found === undefined) return say('refusal.nothing');
  return found === '' ? say('refusal.emptyString') : shownValue(found);
}
