import { AlertWatch, undecidedRemarks, type Alert, type Judgement, type RuleSet, type Stage } from '../index';

/** The alerts that a signal-filter would raise, from the stages as they come. */
export class WatchedAlerts {
  readonly alerts: Alert[] = [];
  readonly #watch: AlertWatch;

  constructor(rules: RuleSet) {
    this.#watch = new AlertWatch(rules);
  }

  take(stages: readonly Stage[]): void {
    for (const stage of stages) this.#keep(this.#watch.stage(stage));
  }

  /** @param ts the last moment of the trace; null where it had none */
  end(ts: number | null): void {
    this.#keep(this.#watch.end(ts));
  }

  /** What is to be said beside them: rules that have expired, and what stayed undecided. */
  remarks(): string[] {
    return [...this.#watch.takeRemarks(), ...undecidedRemarks(this.#watch.tallies)];
  }

  #keep(judgements: readonly Judgement[]): void {
    for (const judgement of judgements) if (judgement.kind === 'alert') this.alerts.push(judgement.alert);
  }
}
