/** Classifies each signal as expected or unexpected, and raises an alert on the unexpected ones. */
import type { NodeMessage, NodeMessageInFlow } from 'node-red';
import { ruleWarnings, type AlertWatch, type Judgement, type Proposal } from '../../src/index';
import { asError } from '../adapter/as-error';
import type { NodeController, NodeSurface, Send } from '../adapter/node-controller';
import { shortCount } from '../adapter/status-renderer';
import { topicOf } from '../messages/message-metadata';
import { countMessage, isTurnOver, nextTurn } from '../turns/event-loop-share';
import { OneByOne } from '../turns/one-by-one';
import { evictedWarning, heldWarning, unjudgedWarning } from './closing-warnings';
import { readFilterAction } from './filter-action';
import type { FilterConfig } from './filter-def';
import { judgementMessage, proposalMessage } from './filter-messages';
import type { FilterState } from './filter-states';
import { FilterWatches, warnOf, type WatchSink } from './filter-watches';
import { PayloadWork } from './payload-work';

/** How often it is looked whether something is due in a live trace from which no message comes. */
const LOOK_MS = 500;

export class FilterController implements NodeController {
  readonly #config: FilterConfig;
  readonly #surface: NodeSurface<FilterState>;
  readonly #watches: FilterWatches;
  /** Messages of one topic one after the other, however many turns each takes. */
  readonly #turns = new OneByOne();
  /** Messages that are not judged to their end. */
  readonly #works = new Set<PayloadWork>();
  readonly #look: NodeJS.Timeout;
  #expected = 0;
  #hasCritical = false;
  /** The last message was refused: the status shows why until another one is judged. */
  #isRefused = false;
  #isClosed = false;

  constructor(config: FilterConfig, surface: NodeSurface<FilterState>) {
    this.#config = config;
    this.#surface = surface;
    this.#watches = new FilterWatches(config, (topic) => this.#turns.has(turnOf(topic)));
    this.#look = setInterval(() => {
      this.#lookAtClocks();
    }, LOOK_MS);
    for (const warning of ruleWarnings(config.rules, Date.now())) surface.warn(warning);
    if (config.learns) this.#showCounts();
  }

  async receive(message: NodeMessageInFlow, send: Send): Promise<void> {
    try {
      await this.#obey(message, send);
      this.#isRefused = false;
      this.#showCounts();
    } catch (error) {
      this.#isRefused = true;
      throw error;
    }
  }

  /** The rules that expect what was learnt so far. */
  proposal(): Proposal {
    return this.#watches.learnt.propose();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#look);
    const { traces } = this.#watches;
    for (const { watch, message } of traces.all()) this.#closeWatch(watch, message);
    for (const { ofReports, message } of this.#works)
      if (ofReports !== null) this.#closeWatch(ofReports, message);
    let left = 0;
    for (const work of this.#works) left += work.left;
    if (left > 0) this.#surface.warn(unjudgedWarning(left));
    traces.clear();
    this.#works.clear();
    if (traces.evicted > 0) this.#surface.warn(evictedWarning(traces.evicted));
  }

  async #obey(message: NodeMessage, send: Send): Promise<void> {
    const action = readFilterAction(message['action']);
    if (action === 'proposal') {
      send(proposalMessage(message, this.proposal()));
      return;
    }
    if (action !== null) this.#watches.isLearning = action === 'learn';
    const work = new PayloadWork(message, () => this.#watches.newWatch());
    this.#works.add(work);
    try {
      await this.#turns.add(turnOf(topicOf(message)), async () => {
        // With the closing it was counted and reported.
        if (!this.#isClosed) await this.#judge(work, send);
      });
    } finally {
      this.#works.delete(work);
    }
  }

  async #judge(work: PayloadWork, send: Send): Promise<void> {
    const { message } = work;
    const sink = this.#sinkTo(send);
    const trace = this.#watches.traceOf(message, sink);
    trace.came(message);
    for (const judgements of work.judge(trace.watch)) {
      for (const judgement of judgements) {
        countMessage();
        sink.judged(judgement, message);
      }
      if (isTurnOver()) await nextTurn();
      // What was judged is sent, or was sent when the node was closed.
      if (this.#isClosed) return;
    }
    trace.judged();
    if (work.ofReports !== null) this.#watches.end(work.ofReports, null, message, sink);
    this.#works.delete(work);
    warnOf(trace.watch, sink);
    if (message['complete'] === true) {
      this.#watches.traces.delete(topicOf(message));
      this.#watches.end(trace.watch, endOf(message.payload), message, sink);
    }
    work.refuse();
  }

  #lookAtClocks(): void {
    try {
      this.#watches.lookAtClocks(this.#sinkTo(this.#surface.send));
      if (this.#watches.traces.size > 0) this.#showCounts();
    } catch (error) {
      this.#surface.error(asError(error));
    }
  }

  #closeWatch(watch: AlertWatch, message: NodeMessage): void {
    const texts: string[] = [];
    const { held } = watch;
    const sink = this.#sinkTo(this.#surface.send);
    this.#watches.end(watch, null, message, {
      ...sink,
      judged: (judgement, from) => {
        if (judgement.kind === 'alert') texts.push(judgement.alert.text);
        sink.judged(judgement, from);
      },
    });
    if (held > 0) this.#surface.warn(heldWarning(held, texts));
  }

  #sinkTo(send: Send): WatchSink {
    return {
      judged: (judgement, message) => {
        this.#count(judgement);
        send(judgementMessage(judgement, message, this.#config.form));
      },
      warn: this.#surface.warn,
    };
  }

  #count(judgement: Judgement): void {
    if (judgement.kind === 'passed') this.#expected += 1;
    else this.#hasCritical ||= judgement.alert.severity === 'critical';
  }

  #showCounts(): void {
    if (this.#isRefused) return;
    let { alerts } = this.#watches;
    for (const { ofReports } of this.#works) alerts += ofReports?.tallies.alerts ?? 0;
    this.#surface.status.show(this.#stateWith(alerts), {
      alerts: shortCount(alerts),
      expected: shortCount(this.#expected),
      learnt: shortCount(this.#watches.learnt.count),
    });
  }

  #stateWith(alerts: number): FilterState {
    if (this.#watches.isLearning) return 'learning';
    if (this.#hasCritical) return 'critical';
    return alerts > 0 ? 'alerts' : 'quiet';
  }
}

function turnOf(topic: string | null): string {
  return `topic:${topic ?? ''}`;
}

/** The last moment of a trace, where its last message says it. */
function endOf(payload: unknown): number | null {
  const last: unknown = Array.isArray(payload) ? payload.at(-1) : payload;
  const ts = typeof last === 'object' && last !== null && 'stage' in last && 'ts' in last ? last.ts : null;
  return typeof ts === 'number' && Number.isFinite(ts) ? ts : null;
}
