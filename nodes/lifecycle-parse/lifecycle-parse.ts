/** Rebuilds the lives of processes from events. */
import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import type { LifecycleStep, ProcessRecord, Report, Stage, StageName } from '../../src/index';
import { TraceError } from '../../src/trace-error';
import { asError } from '../adapter/as-error';
import { countMessage, isTurnOver, nextTurn } from '../turns/event-loop-share';
import { guardClose } from '../adapter/guard-close';
import { guardInput, type Send } from '../adapter/guard-input';
import { readOrShowFailure } from '../adapter/show-failure';
import { shortCount, StatusRenderer, type Look } from '../adapter/status-renderer';
import { endStage } from './end-stage';
import { partsOf } from '../messages/message-parts';
import { addToBacklog } from '../turns/series-backlog';
import { IncomingTrace, isLast, seriesKey } from './incoming-series';
import { OneByOne } from '../turns/one-by-one';
import { batchesOf } from './payload-batches';
import { readStageNames } from './stage-names';

interface ParseDef extends NodeDef {
  stages?: unknown;
  stagesType?: unknown;
  arrays?: unknown;
}

type ParseState = 'following' | 'losing' | 'done' | 'doneWithLoss' | 'failed';
const LOOKS: Readonly<Record<ParseState, Look>> = {
  following: { fill: 'green', shape: 'dot' },
  losing: { fill: 'yellow', shape: 'dot' },
  done: { fill: 'grey', shape: 'ring' },
  doneWithLoss: { fill: 'yellow', shape: 'ring' },
  failed: { fill: 'red', shape: 'ring' },
};

/** An event that is followed takes a few microseconds; after this many it is looked whether others wait. */
const EVENTS_A_STEP = 256;

/** Traces that are open at once. One more, and the oldest is ended: its end may never come. */
const MAX_OPEN = 32;

interface ParseConfig {
  readonly stages: ReadonlySet<StageName>;
  readonly asArrays: boolean;
}

function readDef(def: ParseDef): ParseConfig {
  return {
    stages: readStageNames(def.stagesType === 'chosen' ? def.stages : undefined),
    asArrays: def.arrays === true,
  };
}

module.exports = (RED: NodeAPI): void => {
  RED.nodes.registerType('lifecycle-parse', function (this: Node, def: ParseDef) {
    RED.nodes.createNode(this, def);
    const config = readOrShowFailure(this, RED._('lifecycle-parse.status.invalid'), () => readDef(def));
    if (config === null) return;
    const status = new StatusRenderer<ParseState>(this, LOOKS, (key, values) =>
      RED._(`lifecycle-parse.${key}`, values),
    );
    const traces = new Map<string, IncomingTrace>();

    /** Messages of one trace one after the other, as they came, however many turns each takes. */
    const turns = new OneByOne();
    let isClosed = false;

    /** False when the node was closed meanwhile, and nothing is sent any more. */
    const goOn = async (): Promise<boolean> => {
      if (isTurnOver()) await nextTurn();
      return !isClosed;
    };

    const sendStages = async (trace: IncomingTrace, found: readonly Stage[], send: Send): Promise<void> => {
      const stages = found.filter(({ stage }) => config.stages.has(stage));
      if (config.asArrays) {
        trace.stagesOfMessage.push(...stages);
        return;
      }
      for (const stage of stages) {
        if (!(await goOn())) return;
        const metadata = { kind: 'stage', stage: stage.stage, pid: stage.pid, process: stage.process };
        countMessage();
        send([trace.stages.next(stage, metadata), null]);
      }
    };

    const sendRecords = async (
      trace: IncomingTrace,
      ended: readonly ProcessRecord[],
      send: Send,
    ): Promise<void> => {
      for (const record of ended) {
        if (!(await goOn())) return;
        countMessage();
        send([null, trace.records.next(record, { kind: 'process', pid: record.pid, process: record.id })]);
      }
    };

    const sendStep = async (trace: IncomingTrace, step: LifecycleStep, send: Send): Promise<void> => {
      trace.nameMachine();
      await sendStages(trace, step.stages, send);
      await sendRecords(trace, step.ended, send);
    };

    /** With `arrays`: the stages of one incoming message, or those of the end. */
    const sendArray = (trace: IncomingTrace, send: Send): void => {
      const stages = trace.stagesOfMessage.splice(0);
      if (stages.length > 0 && !isClosed) send([trace.stages.next(stages, { kind: 'stages' }), null]);
    };

    /** @returns whether events were lost; null when the node was closed meanwhile */
    const follow = async (
      trace: IncomingTrace,
      message: NodeMessage,
      send: Send,
    ): Promise<boolean | null> => {
      let isLosing = false;
      for (const batch of batchesOf(message, trace.events)) {
        isLosing ||= batch.lost.length > 0;
        for (const step of trace.lifecycle.applyInSteps(batch, EVENTS_A_STEP)) {
          await sendStep(trace, step, send);
          if (!(await goOn())) return null;
        }
      }
      sendArray(trace, send);
      return isLosing;
    };

    const end = async (trace: IncomingTrace, send: Send): Promise<void> => {
      await sendStep(trace, trace.lifecycle.apply(trace.events.end()), send);
      if (!(await goOn())) return;
      const { report, ...rest } = trace.lifecycle.finish();
      await sendStep(trace, rest, send);
      sendArray(trace, send);
      if (!(await goOn())) return;
      const { lost } = report.trace;
      const message = trace.records.last({ kind: 'report', lost });
      message.payload = report;
      const stagesEnd = trace.stages.last({ kind: 'end', lost });
      stagesEnd.payload = config.asArrays ? [endStage(report)] : endStage(report);
      send([stagesEnd, message]);
      showEnd(report);
    };

    const showEnd = ({ processes, signals, trace }: Report): void => {
      status.show(trace.lost === 0 ? 'done' : 'doneWithLoss', {
        processes: shortCount(processes.length),
        signals: shortCount(signals.length),
        lost: trace.lost === null ? '?' : shortCount(trace.lost),
      });
    };

    const traceOf = (message: NodeMessage, send: Send): IncomingTrace => {
      const key = seriesKey(message);
      const open = traces.get(key);
      if (open !== undefined) return open;
      const [oldest] = traces.values();
      if (oldest !== undefined && traces.size >= MAX_OPEN) {
        traces.delete(oldest.key);
        turns
          .add(oldest.key, () => end(oldest, send))
          .catch((error: unknown) => {
            this.error(asError(error));
          });
      }
      const trace = new IncomingTrace(key, message);
      traces.set(key, trace);
      return trace;
    };

    guardInput(this, async (message, send) => {
      // A message that only ends, for a trace that never began, has nothing to report.
      if (
        message.payload === undefined &&
        !traces.has(seriesKey(message)) &&
        message['ftrace'] === undefined
      ) {
        throw new TraceError('MESSAGE_INVALID', 'there is no msg.payload');
      }
      const trace = traceOf(message, send);
      const isEnd = isLast(message);
      if (isEnd) traces.delete(trace.key);
      const parts = partsOf(message);
      const done = parts === null ? undefined : addToBacklog(parts.id);
      try {
        await turns.add(trace.key, async () => {
          const isLosing = await follow(trace, message, send);
          if (isLosing === null) return;
          if (isEnd) await end(trace, send);
          else status.show(isLosing ? 'losing' : 'following');
        });
      } finally {
        done?.();
      }
    });

    guardClose(this, () => {
      isClosed = true;
      traces.clear();
      status.close();
    });
  });
};
