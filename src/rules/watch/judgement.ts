/** What is said of what happened, and how: as an alert now, as one of several later, or as something expected. */
import type { Alert, Severity, SignalRecord, SignalTarget } from '../../model/report';
import { makeAlert, type AlertPattern } from '../alerts/alert';
import { AlertCounting, type AlertCountingOptions } from '../alerts/alert-counting';
import type { Verdict } from '../matching/verdict';
import { SEVERITIES, type Rule } from '../language/rule';
import type { WatchCounters } from './watch-counters';

export interface AlertWatchOptions extends AlertCountingOptions {
  /** What weighs less is passed on as expected; `info` where nothing is said. */
  readonly minSeverity?: Severity;
  /** Asked before each alert about a signal: what it takes is expected. */
  readonly learning?: { takes(verdict: Verdict, signal: SignalRecord, target: SignalTarget | null): boolean };
}

/** What nobody needs to look at, and why. */
export interface ExpectedSignal {
  readonly kind: 'passed';
  readonly verdict: Verdict;
  /** Null for a zombie, and for lost events. */
  readonly signal: SignalRecord | null;
  readonly target: SignalTarget | null;
}

export type Judgement = { readonly kind: 'alert'; readonly alert: Alert } | ExpectedSignal;

/** Collects judgements until they are taken, and counts them. */
export class Judgements {
  readonly #counting: AlertCounting;
  #list: Judgement[] = [];

  readonly #options: AlertWatchOptions;
  readonly #tallies: WatchCounters;

  constructor(options: AlertWatchOptions, tallies: WatchCounters) {
    this.#options = options;
    this.#tallies = tallies;

    this.#counting = new AlertCounting(options);
  }

  /** Alerts held back at this moment. */
  get held(): number {
    return this.#counting.held;
  }

  /** Whether a summary may become due. */
  get isWaiting(): boolean {
    return this.#counting.size > 0;
  }

  take(): Judgement[] {
    return this.#list.splice(0);
  }

  tick(ts: number): void {
    this.#say(this.#counting.tick(ts));
  }

  flush(): void {
    this.#say(this.#counting.flush());
  }

  /** @param at how far the trace is */
  raiseSignal(
    verdict: Verdict,
    signal: SignalRecord,
    target: SignalTarget | null,
    pattern: AlertPattern,
    rule: Rule | null,
    at: number,
  ): void {
    if (!this.isAlert(verdict)) this.passOn(verdict, signal, target);
    else if (this.#options.learning?.takes(verdict, signal, target) === true) {
      this.passOn(learnt(verdict), signal, target);
    } else this.raise(verdict, makeAlert(verdict, signal, target, pattern), rule, at);
  }

  raise(verdict: Verdict, alert: Alert, rule: Rule | null, at: number): void {
    if (!this.isAlert(verdict)) {
      this.passOn(verdict, alert.signal, alert.process);
      return;
    }
    this.#tallies.alerts += alert.count;
    this.#say(this.#counting.add(alert, rule?.repeats?.every, at));
  }

  passOn(verdict: Verdict, signal: SignalRecord | null, target: SignalTarget | null): void {
    this.#tallies.expected++;
    this.#list.push({ kind: 'passed', verdict, signal, target });
  }

  isAlert({ verdict, severity }: Verdict): boolean {
    const least = SEVERITIES.indexOf(this.#options.minSeverity ?? 'info');
    return verdict !== 'expected' && SEVERITIES.indexOf(severity) >= least;
  }

  #say(alerts: readonly Alert[]): void {
    for (const alert of alerts) this.#list.push({ kind: 'alert', alert });
  }
}

function learnt({ rule, reason, severity }: Verdict): Verdict {
  return {
    verdict: 'expected',
    rule: 'learning',
    severity,
    reason: `it is learnt; otherwise, by ${rule}: ${reason}`,
  };
}
