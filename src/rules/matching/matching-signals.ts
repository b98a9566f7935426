import { conditionField } from '../language/condition-fields';
import { numberTest, signalNumberTest } from './field-test';
import type { Condition } from '../language/rule';

export interface MatchingSignals {
  /** False: no signal of this number fulfils the condition. */
  readonly matches: (number: number) => boolean;
  /** The number alone decides, so that `not` may turn it round. */
  readonly isExact: boolean;
}

const ANY: MatchingSignals = { matches: () => true, isExact: false };

/** Which signals may fulfil a condition, as far as their numbers tell. */
export function signalsThatMatch(condition: Condition): MatchingSignals {
  switch (condition.kind) {
    case 'all': {
      const parts = condition.of.map(signalsThatMatch);
      return {
        matches: (number) => parts.every(({ matches }) => matches(number)),
        isExact: parts.every(({ isExact }) => isExact),
      };
    }
    case 'any': {
      const parts = condition.of.map(signalsThatMatch);
      return {
        matches: (number) => parts.some(({ matches }) => matches(number)),
        isExact: parts.every(({ isExact }) => isExact),
      };
    }
    case 'not': {
      const { matches, isExact } = signalsThatMatch(condition.of);
      return isExact ? { matches: (number) => !matches(number), isExact } : ANY;
    }
    case 'field': {
      const { field, test } = condition;
      if (field !== 'signal' && field !== 'number') return ANY;
      if (test.known === false) return { matches: () => false, isExact: true };
      const type = conditionField(field).type;
      return { matches: type === 'signal' ? signalNumberTest(test) : numberTest(test), isExact: true };
    }
  }
}
