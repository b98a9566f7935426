import type { Rule, RuleException } from '../language/rule';

/**
 * Whether something with an expiry holds at a signal's wall time, ISO 8601. Where the trace does not know the wall
 * time it does: a rule that nobody can date is better kept than lost.
 */
export function holdsAt(until: number | null, time: string | null): boolean {
  return until === null || time === null || !(Date.parse(time) >= until);
}

/** Keeps what is to be reported once: that a rule or an exception has expired, or that nobody can say whether it is. */
export class RuleExpiry {
  readonly #reported = new Set<string>();
  #notices: string[] = [];

  /** @param rule whose expiry it is, or whose exception */
  holds(
    rule: Rule,
    { until }: Rule | RuleException,
    time: string | null,
    exception?: RuleException,
  ): boolean {
    if (until === null) return true;
    const holds = holdsAt(until, time);
    if (time === null || !holds) this.#tell(rule, until, time === null, exception);
    return holds;
  }

  /** What has not been reported yet, a line for each. */
  takeNotices(): string[] {
    const notices = this.#notices;
    this.#notices = [];
    return notices;
  }

  #tell({ name }: Rule, until: number, isUndated: boolean, exception: RuleException | undefined): void {
    const what = exception ? `exception "${exception.reason}" of rule "${name}"` : `rule "${name}"`;
    const end = new Date(until).toISOString();
    const line = isUndated
      ? `${what} ends ${end}, but the trace does not know the wall time: it holds`
      : `${what} ended ${end}: it is off`;
    if (this.#reported.has(line)) return;
    this.#reported.add(line);
    this.#notices.push(line);
  }
}
