import type { Alert, Severity } from '../model/report';

export interface AlertCountingOptions {
  /** Seconds on the trace clock between two messages about the same; 60 where nothing is said. */
  readonly intervalSeconds?: number;
  /** How many different alerts are remembered at once. The oldest is summed up early when there are more. */
  readonly maxOpen?: number;
}

/** One fingerprint since its last message. */
interface Open {
  /** The trace time of the last message. */
  sentAt: number;
  /** The alerts held back since, as one; null while there are none. */
  held: Alert | null;
}

/**
 * Says the same thing once, and then how often: the first alert of a fingerprint passes at once; those that follow
 * within the interval are held and come as one alert whose `count` says how many they were, with `first`, `last`
 * and the last of them as the sample. Critical alerts are never held.
 *
 * Nothing is dropped: the counts of all that comes out, after `flush`, are the number of alerts that went in. Time
 * comes from the trace, so a replay at any speed gives the same; `tick` brings it forward while no alert comes.
 */
export class AlertCounting {
  private readonly interval: number;
  private readonly maxOpen: number;
  /** In the order of their last message, so that the first is always the next one due. */
  private readonly open = new Map<string, Open>();

  constructor(options: AlertCountingOptions = {}) {
    this.interval = options.intervalSeconds ?? 60;
    this.maxOpen = options.maxOpen ?? 10_000;
  }

  /** Alerts held back at this moment. */
  get held(): number {
    let held = 0;
    for (const { held: alert } of this.open.values()) held += alert?.count ?? 0;
    return held;
  }

  /** @returns what is to be sent now, in order: summaries that are due, then the alert unless it is held */
  add(alert: Alert): Alert[] {
    const due = this.tick(alert.last);
    if (passesAlways(alert.severity)) return [...due, alert];
    const open = this.open.get(alert.fingerprint);
    if (open) {
      open.held = open.held ? together(open.held, alert) : alert;
      return due;
    }
    if (this.open.size >= this.maxOpen) due.push(...this.closeOldest());
    this.open.set(alert.fingerprint, { sentAt: alert.last, held: null });
    return [...due, alert];
  }

  /** @param ts seconds on the trace clock; earlier than before means another trace, and sums up what is held */
  tick(ts: number): Alert[] {
    const due: Alert[] = [];
    for (const [fingerprint, open] of this.open) {
      const passed = ts - open.sentAt;
      // Events of several CPUs may be a little out of order: only a jump of a whole interval is another trace.
      const newTrace = passed < -this.interval;
      if (passed < this.interval && !newTrace) {
        break;
      }
      this.open.delete(fingerprint);
      if (!open.held) continue;
      due.push(summed(open.held));
      if (!newTrace) this.open.set(fingerprint, { sentAt: ts, held: null });
    }
    return due;
  }

  /** What is still held, at the end of the trace. Afterwards every alert counts as a first one again. */
  flush(): Alert[] {
    const rest = [...this.open.values()].flatMap(({ held }) => (held ? [summed(held)] : []));
    this.open.clear();
    return rest;
  }

  private closeOldest(): Alert[] {
    for (const [fingerprint, { held }] of this.open) {
      this.open.delete(fingerprint);
      return held ? [summed(held)] : [];
    }
    return [];
  }
}

function passesAlways(severity: Severity): boolean {
  return severity === 'critical';
}

function together(earlier: Alert, later: Alert): Alert {
  return {
    ...later,
    count: earlier.count + later.count,
    first: Math.min(earlier.first, later.first),
    last: Math.max(earlier.last, later.last),
  };
}

function summed(alert: Alert): Alert {
  if (alert.count === 1) return alert;
  const span = alert.last - alert.first;
  return { ...alert, text: `${alert.count} times in ${span.toFixed(3)} s, the last: ${alert.text}` };
}
