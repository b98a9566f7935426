/**
 * What a watch has seen in all, counted by signal, origin and unit: for a summary, and in the text format of Prometheus
 * (prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4).
 */
import type { Alert, Exit, Service, Severity, SignalRecord } from '../model/report';
import type { WatchCount } from './watch-counters';
import type { WatchRecord } from './watch-record';

/** Different combinations of labels; what comes then is counted under `other`. */
const MAX_SERIES = 1_000;

export interface ServiceTotals {
  readonly name: string;
  deaths: number;
  restarts: number;
  lastSignal: string | null;
}

interface Death {
  readonly signal: string;
  readonly origin: string;
  readonly unit: string;
  count: number;
}

export class WatchTotals {
  signals = 0;
  fatal = 0;
  gaps = 0;
  readonly alerts = new Map<Severity, number>();
  readonly #deaths = new Map<string, Death>();
  readonly #bySignal = new Map<string, number>();
  readonly #services = new Map<string, ServiceTotals>();

  add(record: WatchRecord): void {
    const { stage, detail, service, target } = record;
    if (stage === 'gap') this.gaps++;
    if (stage === 'start') this.#startOf(detail as Service);
    if (stage === 'exit' && (detail as Exit).kind === 'signaled')
      this.#diedBy((detail as Exit).signal, service);
    if (stage !== 'signal') return;
    const signal = detail as SignalRecord;
    this.signals++;
    add(this.#bySignal, signal.signal);
    if (!signal.fatal) return;
    this.fatal++;
    this.#death(signal.signal, signal.origin, target?.identity?.unit ?? '');
  }

  addAlert({ severity, count }: Alert): void {
    this.alerts.set(severity, (this.alerts.get(severity) ?? 0) + count);
  }

  /** Those that restarted or died, the one with the most deaths first. */
  services(): ServiceTotals[] {
    return [...this.#services.values()].sort((a, b) => b.deaths - a.deaths || b.restarts - a.restarts);
  }

  #startOf(service: Service): void {
    if (service.generation > 1) this.#serviceOf(service).restarts++;
  }

  #diedBy(signal: string | null, service: Service | null): void {
    if (service === null) return;
    const totals = this.#serviceOf(service);
    totals.deaths++;
    totals.lastSignal = signal;
  }

  #serviceOf({ name }: Service): ServiceTotals {
    const key = this.#services.has(name) || this.#services.size < MAX_SERIES ? name : 'other';
    let totals = this.#services.get(key);
    if (totals === undefined) {
      totals = { name: key, deaths: 0, restarts: 0, lastSignal: null };
      this.#services.set(key, totals);
    }
    return totals;
  }

  #death(signal: string, origin: string, unit: string): void {
    const own = `${signal}\0${origin}\0${unit}`;
    const isKnown = this.#deaths.has(own) || this.#deaths.size < MAX_SERIES;
    const death = isKnown ? { signal, origin, unit } : { signal: 'other', origin: 'other', unit: 'other' };
    const key = isKnown ? own : 'other';
    const known = this.#deaths.get(key);
    if (known === undefined) this.#deaths.set(key, { ...death, count: 1 });
    else known.count++;
  }

  /**
   * @param cpuSeconds what this process has used of the CPU, user and system
   * @param seconds since the watch began
   */
  toPrometheus(count: WatchCount, cpuSeconds: number, seconds: number): string {
    const lines: string[] = [];
    const metric = (
      name: string,
      type: string,
      help: string,
      series: readonly (readonly [string, number])[],
    ): void => {
      lines.push(`# HELP ftrace_life_${name} ${help}`, `# TYPE ftrace_life_${name} ${type}`);
      for (const [labels, value] of series) lines.push(`ftrace_life_${name}${labels} ${value}`);
    };
    const plain = (value: number): (readonly [string, number])[] => [['', value]];
    metric(
      'deaths_total',
      'counter',
      'Processes that a signal ended.',
      [...this.#deaths.values()].map(({ signal, origin, unit, count: deaths }) => [
        labelled({ signal, origin, unit }),
        deaths,
      ]),
    );
    metric(
      'signals_total',
      'counter',
      'Signals to watched processes.',
      [...this.#bySignal].map(([signal, sent]) => [labelled({ signal }), sent]),
    );
    metric(
      'restarts_total',
      'counter',
      'New generations of services.',
      this.services().map(({ name, restarts }) => [labelled({ service: name }), restarts]),
    );
    metric(
      'alerts_total',
      'counter',
      'Alerts by severity.',
      [...this.alerts].map(([severity, alerts]) => [labelled({ severity }), alerts]),
    );
    metric('events_total', 'counter', 'Kernel events read.', plain(count.events));
    // NaN is what the format has for a number that nobody knows.
    metric('lost_events_total', 'counter', 'Kernel events lost.', plain(count.lost ?? NaN));
    metric('processes', 'gauge', 'Processes known.', plain(count.processes));
    metric('watched_processes', 'gauge', 'Processes watched.', plain(count.watched));
    metric('pending_signals', 'gauge', 'Signals whose outcome is open.', plain(count.pending));
    metric(
      'left_out_total',
      'counter',
      'What a limit of the watch left out.',
      [
        ['processes', count.processesLeftOut],
        ['pending', count.pendingLeftOut],
        ['services', count.servicesForgotten],
        ['unknown_tasks', count.unknownTasks],
      ].map(([limit, left]) => [labelled({ limit: String(limit) }), Number(left)]),
    );
    metric('cpu_seconds_total', 'counter', 'CPU time of the watching process.', plain(cpuSeconds));
    metric('watched_seconds', 'gauge', 'Seconds since the watch began.', plain(seconds));
    return `${lines.join('\n')}\n`;
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function labelled(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return `{${pairs.join(',')}}`;
}

/** In a label's value backslash, quote and newline are escaped. */
function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
