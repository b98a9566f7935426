import type { Alert, Severity } from '../../model/report';
import { alertId } from './alert-id';
import { timesText } from './alert-text';
import { DueQueue, type Due } from './due-queue';
import { SEVERITIES } from '../language/rule';

export interface AlertCountingOptions {
  /** Seconds on the trace clock between two messages about the same; 60 where nothing is said. */
  readonly intervalSeconds?: number;
  /** How many different alerts are remembered at once. The one due next is summed up early when there are more. */
  readonly maxOpen?: number;
}

/** One fingerprint since its last message. */
interface Open {
  readonly fingerprint: string;
  readonly every: number;
  due: Due;
  /** How bad it was when it was last said. */
  said: Severity;
  /** The alerts held back since, as one; null while there are none. */
  held: Held | null;
}

interface Held {
  readonly alert: Alert;
  /** Not all of them are as bad as the sample. */
  readonly isMixed: boolean;
}

/** Seconds. Several CPUs are a little out of order; a longer way back is another trace. */
const OTHER_TRACE = 60;

/**
 * Says the same thing once, and then how often: the first alert of a fingerprint passes at once; those that follow
 * within the interval are held and come as one alert whose `count` says how many they were, with `first`, `last`
 * and the last of the worst of them as the sample. One that is worse than what was last said passes at once too.
 * Critical alerts are never held.
 *
 * Nothing is dropped: the counts of all that comes out, after `flush`, are the counts of the alerts that went in.
 * Time comes from the trace, and when a summary is due does not depend on how often `tick` is called: a replay at
 * any speed gives the same.
 */
export class AlertCounting {
  /** Summaries that came before their time, as there were too many different alerts. */
  summedEarly = 0;
  readonly #interval: number;
  readonly #maxOpen: number;
  readonly #open = new Map<string, Open>();
  #queue = new DueQueue<Open>();
  #now = -Infinity;

  constructor(options: AlertCountingOptions = {}) {
    this.#interval = options.intervalSeconds ?? 60;
    this.#maxOpen = options.maxOpen ?? 10_000;
  }

  /** Alerts held back at this moment. */
  get held(): number {
    let held = 0;
    for (const open of this.#open.values()) held += open.held?.alert.count ?? 0;
    return held;
  }

  /** Different alerts that are remembered. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * @param every seconds between two messages about this one; as the options say, where its rule does not
   * @param ts how far the trace is: an alert may be about a signal that was sent long before
   * @returns what is to be sent now, in order: summaries that are due, then the alert unless it is held
   */
  add(alert: Alert, every = this.#interval, ts = alert.last): Alert[] {
    const due = this.tick(ts);
    if (passesAlways(alert.severity) || every <= 0) return [...due, alert];
    const open = this.#open.get(alert.fingerprint);
    if (open) {
      if (isWorse(alert.severity, open.said)) {
        open.said = alert.severity;
        return [...due, alert];
      }
      open.held = open.held ? together(open.held, alert) : { alert, isMixed: false };
      return due;
    }
    if (this.#open.size >= this.#maxOpen) due.push(...this.#closeNext());
    const { fingerprint, severity: said } = alert;
    const added = { fingerprint, every, said, held: null } as Partial<Open> as Open;
    added.due = this.#queue.add(Math.max(ts, this.#now) + every, added);
    this.#open.set(fingerprint, added);
    return [...due, alert];
  }

  /** @param ts seconds on the trace clock; a minute earlier than before means another trace, and sums up what is held */
  tick(ts: number): Alert[] {
    if (ts < this.#now - OTHER_TRACE) {
      const rest = this.flush();
      this.#now = ts;
      return rest;
    }
    this.#now = Math.max(this.#now, ts);
    const summaries: Alert[] = [];
    for (let next = this.#queue.take(this.#now); next; next = this.#queue.take(this.#now)) {
      const { at, value: open } = next;
      if (open.held) {
        summaries.push(summed(open.held));
        open.said = open.held.alert.severity;
        open.held = null;
        open.due = this.#queue.add(at + open.every, open);
      } else {
        this.#open.delete(open.fingerprint);
      }
    }
    return summaries;
  }

  /** What is still held, at the end of the trace. Afterwards every alert counts as a first one again. */
  flush(): Alert[] {
    const rest: Alert[] = [];
    for (let next = this.#queue.takeFirst(); next; next = this.#queue.takeFirst()) {
      if (next.value.held) rest.push(summed(next.value.held));
    }
    this.#open.clear();
    this.#now = -Infinity;
    return rest;
  }

  #closeNext(): Alert[] {
    const next = this.#queue.takeFirst();
    if (!next) return [];
    this.#open.delete(next.value.fingerprint);
    if (!next.value.held) return [];
    this.summedEarly++;
    return [summed(next.value.held)];
  }
}

function passesAlways(severity: Severity): boolean {
  return severity === 'critical';
}

function isWorse(one: Severity, other: Severity): boolean {
  return SEVERITIES.indexOf(one) > SEVERITIES.indexOf(other);
}

function together({ alert: one, isMixed }: Held, other: Alert): Held {
  const isOther =
    one.severity === other.severity ? other.last >= one.last : isWorse(other.severity, one.severity);
  const sample = isOther ? other : one;
  const alert = {
    ...sample,
    text: textOfOne(sample),
    count: one.count + other.count,
    first: Math.min(one.first, other.first),
    last: Math.max(one.last, other.last),
  };
  return {
    alert: { ...alert, text: `${timesOf(alert)}${alert.text}` },
    isMixed: isMixed || one.severity !== other.severity,
  };
}

function timesOf({ count, first, last }: Alert): string {
  return count === 1 ? '' : timesText(count, last - first, 'last');
}

/** Without what it says of how many it stands for: it is about to stand for more. */
function textOfOne(alert: Alert): string {
  const times = timesOf(alert);
  return alert.text.startsWith(times) ? alert.text.slice(times.length) : alert.text;
}

/** One that stands for several has an id that is no longer that of the sample alone. */
function summed({ alert, isMixed }: Held): Alert {
  if (alert.count === 1) return alert;
  const { count, first, last } = alert;
  const text = isMixed ? `${timesText(count, last - first, 'worst')}${textOfOne(alert)}` : alert.text;
  return { ...alert, id: alertId(alert), text };
}
