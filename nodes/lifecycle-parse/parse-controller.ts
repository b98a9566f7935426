/** Rebuilds the lives of processes from events. */
import type { NodeMessage, NodeMessageInFlow } from 'node-red';
import {
  formatStory,
  type LifecycleStep,
  type ProcessRecord,
  type Report,
  type Stage,
} from '../../src/index';
import { TraceError } from '../../src/trace-error';
import { asError } from '../adapter/as-error';
import type { NodeController, NodeSurface, Send } from '../adapter/node-controller';
import { shortCount } from '../adapter/status-renderer';
import { metadataOf } from '../messages/message-metadata';
import { partsOf } from '../messages/message-parts';
import { countMessage, isTurnOver, nextTurn } from '../turns/event-loop-share';
import { OneByOne } from '../turns/one-by-one';
import { addToBacklog } from '../turns/series-backlog';
import { endStage } from './end-stage';
import { IncomingTrace, isLast, seriesKey } from './incoming-series';
import type { ParseSettings } from './parse-settings';
import type { ParseState } from './parse-states';
import { batchesOf } from './payload-batches';

/** An event that is followed takes a few microseconds; after this many it is looked whether others wait. */
const EVENTS_A_STEP = 256;

/** Traces that are open at once. One more, and the oldest is ended: its end may never come. */
const MAX_OPEN = 32;

export class ParseController implements NodeController {
  readonly #settings: ParseSettings;
  readonly #surface: NodeSurface<ParseState>;
  readonly #traces = new Map<string, IncomingTrace>();
  /** Messages of one trace one after the other, as they came, however many turns each takes. */
  readonly #turns = new OneByOne();
  #isClosed = false;

  constructor(settings: ParseSettings, surface: NodeSurface<ParseState>) {
    this.#settings = settings;
    this.#surface = surface;
  }

  async receive(message: NodeMessageInFlow, send: Send): Promise<void> {
    // A watch sends stages already.
    if (metadataOf(message).kind === 'records') {
      send([message, null]);
      return;
    }
    const isKnown = this.#traces.has(seriesKey(message));
    // A message that only ends, for a trace that never began, has nothing to report.
    if (message.payload === undefined && !isKnown && message['ftrace'] === undefined) {
      throw new TraceError('MESSAGE_INVALID', 'the message has no payload');
    }
    const trace = this.#traceOf(message, send);
    const isEnd = isLast(message);
    if (isEnd) this.#traces.delete(trace.key);
    const parts = partsOf(message);
    const done = parts === null ? undefined : addToBacklog(parts.id);
    try {
      await this.#turns.add(trace.key, async () => {
        const isLosing = await this.#followToEnd(trace, message, isEnd, send);
        if (isLosing === null) return;
        if (isEnd) await this.#end(trace, send);
        else this.#surface.status.show(isLosing ? 'losing' : 'following');
      });
    } finally {
      done?.();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#traces.clear();
  }

  #traceOf(message: NodeMessage, send: Send): IncomingTrace {
    const key = seriesKey(message);
    const open = this.#traces.get(key);
    if (open !== undefined) return open;
    const [oldest] = this.#traces.values();
    if (oldest !== undefined && this.#traces.size >= MAX_OPEN) {
      this.#traces.delete(oldest.key);
      this.#turns
        .add(oldest.key, () => this.#end(oldest, send))
        .catch((error: unknown) => {
          this.#surface.error(asError(error));
        });
    }
    const trace = new IncomingTrace(key, message);
    this.#traces.set(key, trace);
    return trace;
  }

  /** A last message that is refused ends its trace all the same: nothing would end it later. */
  async #followToEnd(
    trace: IncomingTrace,
    message: NodeMessage,
    isEnd: boolean,
    send: Send,
  ): Promise<boolean | null> {
    try {
      return await this.#follow(trace, message, send);
    } catch (error) {
      if (isEnd && !this.#isClosed) await this.#end(trace, send);
      throw error;
    }
  }

  /** @returns whether events were lost; null when the node was closed meanwhile */
  async #follow(trace: IncomingTrace, message: NodeMessage, send: Send): Promise<boolean | null> {
    let isLosing = false;
    for (const batch of batchesOf(message, trace.events)) {
      isLosing ||= batch.lost.length > 0;
      for (const step of trace.lifecycle.applyInSteps(batch, EVENTS_A_STEP)) {
        await this.#sendStep(trace, step, send);
        if (!(await this.#goOn())) return null;
      }
    }
    this.#sendArray(trace, send);
    return isLosing;
  }

  async #end(trace: IncomingTrace, send: Send): Promise<void> {
    await this.#sendStep(trace, trace.lifecycle.apply(trace.events.end()), send);
    if (!(await this.#goOn())) return;
    const { report, ...rest } = trace.lifecycle.finish();
    await this.#sendStep(trace, rest, send);
    this.#sendArray(trace, send);
    if (!(await this.#goOn())) return;
    const { lost } = report.trace;
    const message = trace.records.last({ kind: 'report', lost });
    // First, so that a Debug node shows it first.
    message.payload = { text: formatStory(report), ...report };
    const stagesEnd = trace.stages.last({ kind: 'end', lost });
    stagesEnd.payload = this.#settings.asArrays ? [endStage(report)] : endStage(report);
    send([stagesEnd, message]);
    this.#showEnd(report);
  }

  async #sendStep(trace: IncomingTrace, step: LifecycleStep, send: Send): Promise<void> {
    trace.nameMachine();
    await this.#sendStages(trace, step.stages, send);
    await this.#sendRecords(trace, step.ended, send);
  }

  async #sendStages(trace: IncomingTrace, found: readonly Stage[], send: Send): Promise<void> {
    const stages = found.filter(({ stage }) => this.#settings.stages.has(stage));
    if (this.#settings.asArrays) {
      trace.stagesOfMessage.push(...stages);
      return;
    }
    for (const stage of stages) {
      if (!(await this.#goOn())) return;
      const metadata = { kind: 'stage', stage: stage.stage, pid: stage.pid, process: stage.process };
      countMessage();
      send([trace.stages.next(stage, metadata), null]);
    }
  }

  async #sendRecords(trace: IncomingTrace, ended: readonly ProcessRecord[], send: Send): Promise<void> {
    for (const record of ended) {
      if (!(await this.#goOn())) return;
      countMessage();
      send([null, trace.records.next(record, { kind: 'process', pid: record.pid, process: record.id })]);
    }
  }

  /** With `arrays`: the stages of one incoming message, or those of the end. */
  #sendArray(trace: IncomingTrace, send: Send): void {
    const stages = trace.stagesOfMessage.splice(0);
    if (stages.length > 0 && !this.#isClosed) send([trace.stages.next(stages, { kind: 'stages' }), null]);
  }

  /** False when the node was closed meanwhile, and nothing is sent any more. */
  async #goOn(): Promise<boolean> {
    if (isTurnOver()) await nextTurn();
    return !this.#isClosed;
  }

  #showEnd({ processes, signals, trace }: Report): void {
    this.#surface.status.show(trace.lost === 0 ? 'done' : 'doneWithLoss', {
      processes: shortCount(processes.length),
      signals: shortCount(signals.length),
      lost: trace.lost === null ? '?' : shortCount(trace.lost),
    });
  }
}
