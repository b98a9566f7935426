/**
 * Which rules a signal has to be compared with. Most rules name their signals; each number has a list of its own of
 * the rules that it can fit, in their order, so that a signal never meets the others.
 */
import { conditionField } from './condition-fields';
import { numberTest, signalNumberTest } from './field-test';
import type { Condition } from './rule';
import type { CompiledRule } from './rule-match';

const LAST_SIGNAL = 64;

export class RuleIndex {
  readonly #byNumber: readonly (readonly CompiledRule[])[];

  constructor(private readonly rules: readonly CompiledRule[]) {
    const fitting = rules.map(({ rule }) => signalsOf(rule.when).fits);
    this.#byNumber = Array.from({ length: LAST_SIGNAL + 1 }, (_, number) =>
      rules.filter((_rule, index) => fitting[index]?.(number)),
    );
  }

  /** The rules that a signal of this number may fit, in their order; all of them for a number that no signal has. */
  candidates(number: number): readonly CompiledRule[] {
    return this.#byNumber[number] ?? this.rules;
  }
}

interface FittingSignals {
  /** False: no signal of this number fulfils the condition. */
  readonly fits: (number: number) => boolean;
  /** The number alone decides, so that `not` may turn it round. */
  readonly isExact: boolean;
}

const ANY: FittingSignals = { fits: () => true, isExact: false };

function signalsOf(condition: Condition): FittingSignals {
  switch (condition.kind) {
    case 'all': {
      const parts = condition.of.map(signalsOf);
      return {
        fits: (number) => parts.every(({ fits }) => fits(number)),
        isExact: parts.every(({ isExact }) => isExact),
      };
    }
    case 'any': {
      const parts = condition.of.map(signalsOf);
      return {
        fits: (number) => parts.some(({ fits }) => fits(number)),
        isExact: parts.every(({ isExact }) => isExact),
      };
    }
    case 'not': {
      const { fits, isExact } = signalsOf(condition.of);
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
