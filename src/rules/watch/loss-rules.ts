import type { Loss } from '../../trace-event';
import type { Lost } from '../alerts/alert-text';
import type { Verdict } from '../matching/verdict';
import type { Rule } from '../language/rule';
import type { CompiledRule } from '../matching/rule-match';

/** A loss, with the number of traced processes that lived then, where the model says it. */
export interface LossOfEvents extends Loss {
  readonly processes?: number;
}

/** What is said of lost events where no rule does: an error, where a process that is followed lost a part of its life. */
export function lossVerdict({ processes = 0 }: LossOfEvents): Verdict {
  const reason =
    processes === 0
      ? 'what happened meanwhile is not in the trace'
      : `what happened meanwhile to ${processes} ${processes === 1 ? 'process' : 'processes'} is not in the trace`;
  return {
    verdict: 'attention',
    rule: 'default:events-lost',
    severity: processes === 0 ? 'notice' : 'error',
    reason,
  };
}

interface Found {
  readonly verdict: Verdict;
  readonly rule: Rule | null;
  readonly lost: Lost;
}

const NOTHING: Readonly<Sum> = { events: 0, gaps: 0 };

interface Sum {
  /** Infinity where nobody knows: it may be as many as the rule asks for. */
  events: number;
  gaps: number;
}

/** The rules about lost events (`on: loss`). Each counts what was lost since it last said so. */
export class LossRules {
  readonly #sums: readonly Sum[];

  readonly #rules: readonly CompiledRule[];
  readonly #isAll: boolean;

  constructor(rules: readonly CompiledRule[], isAll: boolean) {
    this.#rules = rules;
    this.#isAll = isAll;

    this.#sums = rules.map(() => ({ events: 0, gaps: 0 }));
  }

  /** @param isOn whether a rule has not expired */
  verdictsOn(loss: LossOfEvents, isOn: (rule: Rule) => boolean): Found[] {
    const { cpu } = loss;
    const fired: Found[] = [];
    for (const [index, { rule }] of this.#rules.entries()) {
      if (!isOn(rule)) continue;
      const sum = this.#sums[index]!;
      sum.events += loss.count ?? Infinity;
      sum.gaps++;
      const { events, gaps } = sum;
      if (events < (rule.atLeast ?? 1)) continue;
      Object.assign(sum, NOTHING);
      const { name, verdict, severity, reason } = rule;
      const lost = { cpu, count: events === Infinity ? null : events, gaps };
      fired.push({ verdict: { verdict, rule: name, severity, reason }, rule, lost });
      if (!this.#isAll) break;
    }
    const { count } = loss;
    return fired.length > 0
      ? fired
      : [{ verdict: lossVerdict(loss), rule: null, lost: { cpu, count, gaps: 1 } }];
  }

  clear(): void {
    for (const sum of this.#sums) Object.assign(sum, NOTHING);
  }
}
