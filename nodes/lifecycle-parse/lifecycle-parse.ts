/** Rebuilds the lives of processes from events. */
import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import type { ProcessRecord, Report, Stage, StageName } from '../../src/index';
import { TraceError } from '../../src/trace-error';
import { guardClose } from '../guard-close';
import { guardInput, type Send } from '../guard-input';
import { readOrShowFailure } from '../show-failure';
import { shortCount, StatusRenderer, type Look } from '../status-renderer';
import { endStage } from './end-stage';
import { eventsOf, IncomingTrace, isLast, streamKey } from './incoming-streams';
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

export = (RED: NodeAPI): void => {
  RED.nodes.registerType('lifecycle-parse', function (this: Node, def: ParseDef) {
    RED.nodes.createNode(this, def);
    const config = readOrShowFailure(this, RED._('lifecycle-parse.status.invalid'), () => readDef(def));
    if (config === null) return;
    const status = new StatusRenderer<ParseState>(this, LOOKS, (key, values) =>
      RED._(`lifecycle-parse.${key}`, values),
    );
    const traces = new Map<string, IncomingTrace>();

    const sendStages = (trace: IncomingTrace, found: readonly Stage[], send: Send): void => {
      const stages = found.filter(({ stage }) => config.stages.has(stage));
      if (config.asArrays) {
        if (stages.length > 0) send([trace.stages.next(stages, { kind: 'stages' }), null]);
        return;
      }
      for (const stage of stages) {
        const metadata = { kind: 'stage', stage: stage.stage, pid: stage.pid, process: stage.process };
        send([trace.stages.next(stage, metadata), null]);
      }
    };

    const sendRecords = (trace: IncomingTrace, ended: readonly ProcessRecord[], send: Send): void => {
      for (const record of ended) {
        send([null, trace.records.next(record, { kind: 'process', pid: record.pid, process: record.id })]);
      }
    };

    const end = (trace: IncomingTrace, send: Send): void => {
      traces.delete(trace.key);
      const last = trace.lifecycle.apply(trace.events.end());
      const { stages, ended, report } = trace.lifecycle.finish();
      sendStages(trace, [...last.stages, ...stages], send);
      sendRecords(trace, [...last.ended, ...ended], send);
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
      const key = streamKey(message);
      const open = traces.get(key);
      if (open !== undefined) return open;
      const [oldest] = traces.values();
      if (oldest !== undefined && traces.size >= MAX_OPEN) end(oldest, send);
      const trace = new IncomingTrace(key, message);
      traces.set(key, trace);
      return trace;
    };

    guardInput(this, (message, send) => {
      // A message that only ends, for a trace that never began, has nothing to report.
      if (
        message.payload === undefined &&
        !traces.has(streamKey(message)) &&
        message['ftrace'] === undefined
      ) {
        throw new TraceError('MESSAGE_INVALID', 'there is no msg.payload');
      }
      const trace = traceOf(message, send);
      const batch = eventsOf(message, trace.events);
      const { stages, ended } = trace.lifecycle.apply(batch);
      sendStages(trace, stages, send);
      sendRecords(trace, ended, send);
      if (isLast(message)) end(trace, send);
      else status.show(batch.lost.length > 0 ? 'losing' : 'following');
    });

    guardClose(this, () => {
      traces.clear();
      status.close();
    });
  });
};
