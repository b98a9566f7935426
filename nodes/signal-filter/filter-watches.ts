/** The watches of a filter: one for each trace that it follows, and one for each message with whole reports. */
import type { NodeMessage } from 'node-red';
import { AlertWatch, LearntSignals, undecidedRemarks, type Judgement } from '../../src/index';
import { topicOf } from '../messages/message-metadata';
import type { FilterConfig } from './filter-def';
import { MAX_TRACES, OpenTraces } from './open-traces';
import { WatchedTrace } from './watched-trace';

export interface WatchSink {
  /** What a watch judged, with the message that it came with. */
  readonly judged: (judgement: Judgement, message: NodeMessage) => void;
  readonly warn: (text: string) => void;
}

export class FilterWatches {
  readonly traces = new OpenTraces();
  readonly learnt = new LearntSignals();
  isLearning: boolean;
  /** Of watches that have ended. */
  #endedAlerts = 0;

  readonly #config: FilterConfig;
  readonly #hasWork: (topic: string | null) => boolean;

  /** @param hasWork whether messages of a topic are still to be judged */
  constructor(config: FilterConfig, hasWork: (topic: string | null) => boolean) {
    this.#config = config;
    this.#hasWork = hasWork;

    this.isLearning = config.learns;
  }

  newWatch(): AlertWatch {
    const { rules, intervalSeconds, minSeverity } = this.#config;
    let hasBegun = false;
    const takes: LearntSignals['takes'] = (...given) => {
      if (!this.isLearning) return false;
      if (!hasBegun) this.learnt.beginRun();
      hasBegun = true;
      return this.learnt.takes(...given);
    };
    return new AlertWatch(rules, { intervalSeconds, minSeverity, learning: { takes } });
  }

  /** The trace of the message's topic; opening one more than there is room for ends another. */
  traceOf(message: NodeMessage, sink: WatchSink): WatchedTrace {
    const topic = topicOf(message);
    const open = this.traces.get(topic);
    if (open !== undefined) return open;
    this.#makeRoom(sink);
    const trace = new WatchedTrace(this.newWatch(), message);
    this.traces.add(topic, trace);
    return trace;
  }

  /** @param ts the last moment of the trace on its own clock; null where it is not known */
  end(watch: AlertWatch, ts: number | null, message: NodeMessage, sink: WatchSink): void {
    for (const judgement of watch.end(ts)) sink.judged(judgement, message);
    warnOf(watch, sink);
    for (const text of undecidedRemarks(watch.tallies)) sink.warn(text);
    this.#endedAlerts += watch.tallies.alerts;
  }

  /** So far, those that are held back among them. */
  get alerts(): number {
    let alerts = this.#endedAlerts;
    for (const { watch } of this.traces.all()) alerts += watch.tallies.alerts;
    return alerts;
  }

  /** What is due in live traces from which no message comes. */
  lookAtClocks(sink: WatchSink): void {
    for (const [topic, trace] of this.traces.entries()) {
      // What is still to be judged may be what is waited for.
      if (!trace.watch.isWaiting || this.#hasWork(topic)) continue;
      for (const judgement of trace.waited()) sink.judged(judgement, trace.message);
      warnOf(trace.watch, sink);
    }
  }

  #makeRoom(sink: WatchSink): void {
    const hadRoom = this.traces.evicted === 0;
    for (const { watch, message } of this.traces.takeExcess(this.#hasWork))
      this.end(watch, null, message, sink);
    if (!hadRoom || this.traces.evicted === 0) return;
    sink.warn(
      `more than ${MAX_TRACES} topics at once: the ones that have been silent the longest are ended early`,
    );
  }
}

/** What is no alert and must not be lost: that a rule has expired, that something stayed undecided. */
export function warnOf(watch: AlertWatch, { warn }: Pick<WatchSink, 'warn'>): void {
  for (const text of watch.takeRemarks()) warn(text);
}
