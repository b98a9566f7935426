import { conditionField } from '../language/condition-fields';
import { numberTest, signalNumberTest } from './field-test';
import type { Condition } from '../language/rule';

export interface FittingSignals {
  /** False: no signal of this number fulfils the condition. */
  readonly fits: (number: number) => boolean;
  /** The number alone decides, so that `not` may turn it round. */
  readonly isExact: boolean;
}

const ANY: FittingSignals = { fits: () => true, isExact: false };

/** Which signals may fulfil a condition, as far as their numbers tell. */
export function signalsThatFit(condition: Condition): FittingSignals {
  switch (condition.kind) {
    case 'all': {
      const parts = condition.of.map(signalsThatFit);
      return {
        fits: (number) => parts.every(({ fits }) => fits(number)),
        isExact: parts.every(({ isExact }) => isExact),
      };
    }
    case 'any': {
      const parts = condition.of.map(signalsThatFit);
      return {
        fits: (number) => parts.some(({ fits }) => fits(number)),
        isExact: parts.every(({ isExact }) => isExact),
      };
    }
    case 'not': {
      const { fits, isExact } = signalsThatFit(condition.of);
      return isExact ? { fits: (number) => !fits(number), isExact } : ANY;
    }
    case 'field': {
      const { field, test } = condition;
      if (field !== 'signal' && field !== 'number') return ANY;
      if (test.known === false) return { fits: () => false, isExact: true };
      const type = conditionField(field).type;
      return { fits: type === 'signal' ? signalNumberTest(test) : numberTest(test), isExact: true };
    }
  }
}
