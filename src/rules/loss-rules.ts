import type { Loss } from '../trace-event';
import type { Verdict } from './default-verdicts';
import type { Rule } from './rule';
import type { CompiledRule } from './rule-match';

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

/** The rules about lost events (`on: loss`). Each counts what was lost since it last said so. */
export class LossRules {
  private readonly lost: number[];

  constructor(
    private readonly rules: readonly CompiledRule[],
    private readonly isAll: boolean,
  ) {
    this.lost = rules.map(() => 0);
  }

  /** @param isOn whether a rule has not expired */
  verdictsOn(
    loss: LossOfEvents,
    isOn: (rule: Rule) => boolean,
  ): { readonly verdict: Verdict; readonly rule: Rule | null }[] {
    const fired: { verdict: Verdict; rule: Rule | null }[] = [];
    for (const [index, { rule }] of this.rules.entries()) {
      if (!isOn(rule)) continue;
      // Nobody knows how many: it may be as many as the rule asks for.
      this.lost[index] = loss.count === null ? Infinity : this.lost[index]! + loss.count;
      if (this.lost[index] < (rule.atLeast ?? 1)) continue;
      this.lost[index] = 0;
      const { name, verdict, severity, reason } = rule;
      fired.push({ verdict: { verdict, rule: name, severity, reason }, rule });
      if (!this.isAll) break;
    }
    return fired.length > 0 ? fired : [{ verdict: lossVerdict(loss), rule: null }];
  }

  clear(): void {
    this.lost.fill(0);
  }
}
