/** Says of each signal whether it was to be expected, and raises an alert where it was not. */
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { AlertWatch, LearntSignals, doubtsOf, type Alert, type Judgement } from '../../src/index';
import { TraceError } from '../../src/trace-error';
import { asError } from '../as-error';
import { countMessage, isTurnOver, nextTurn } from '../event-loop-share';
import { guardClose } from '../guard-close';
import { guardInput, type Send } from '../guard-input';
import { topicOf } from '../message-metadata';
import { OneByOne } from '../one-by-one';
import { readOrShowFailure } from '../show-failure';
import { shortCount, StatusRenderer, type Look } from '../status-renderer';
import { registerDryRun } from './dry-run';
import { readDef, type FilterDef } from './filter-def';
import { judgementMessage, proposalMessage } from './filter-messages';
import { judgePayload } from './incoming-signals';
import { offerProposal, registerProposals, withdrawProposal } from './proposals';
import { WatchedTrace } from './watched-trace';

type FilterState = 'quiet' | 'alerts' | 'critical' | 'learning' | 'failed';
const LOOKS: Readonly<Record<FilterState, Look>> = {
  quiet: { fill: 'green', shape: 'dot' },
  alerts: { fill: 'yellow', shape: 'dot' },
  critical: { fill: 'red', shape: 'dot' },
  learning: { fill: 'blue', shape: 'dot' },
  failed: { fill: 'red', shape: 'ring' },
};

/** Traces that are followed at once. One more, and the oldest is ended: its end may never come. */
const MAX_OPEN = 32;
/** How often it is looked whether something is due of a live trace from which no message comes. */
const LOOK_MS = 500;

const ACTIONS = ['learn', 'judge', 'proposal'] as const;
type Action = (typeof ACTIONS)[number];

function actionOf(message: NodeMessage): Action | null {
  const given = message['action'];
  if (given === undefined || given === '') return null;
  const action = ACTIONS.find((one) => one === given);
  if (action !== undefined) return action;
  throw new TraceError('MESSAGE_INVALID', `msg.action is one of ${ACTIONS.join(', ')}`);
}

/** Texts of alerts that are told with a node's closing. */
const MOST_TOLD = 20;

/** Where all nodes are closed at once, those behind may be gone before a message comes to them: the log has it. */
function closingRemark(held: number, texts: readonly string[]): string {
  const more = texts.length > MOST_TOLD ? [`and ${texts.length - MOST_TOLD} more`] : [];
  const what = `closed with ${held} ${held === 1 ? 'alert' : 'alerts'} held back, which were sent now:`;
  return [what, ...texts.slice(0, MOST_TOLD), ...more].join('\n  ');
}

/** The last moment of a trace, where its last message says it. */
function endOf(payload: unknown): number | null {
  const last: unknown = Array.isArray(payload) ? payload.at(-1) : payload;
  const ts = typeof last === 'object' && last !== null && 'stage' in last && 'ts' in last ? last.ts : null;
  return typeof ts === 'number' ? ts : null;
}

export = (RED: NodeAPI): void => {
  registerProposals(RED);
  registerDryRun(RED);
  RED.nodes.registerType('signal-filter', function (this: Node, def: FilterDef) {
    RED.nodes.createNode(this, def);
    const config = readOrShowFailure(this, RED._('signal-filter.status.invalid'), () => readDef(def));
    if (config === null) return;
    const status = new StatusRenderer<FilterState>(this, LOOKS, (key, values) =>
      RED._(`signal-filter.${key}`, values),
    );
    const learnt = new LearntSignals();
    let isLearning = config.learns;
    /** Each trace has its own clock, so each topic has its own watch. */
    const traces = new Map<string | null, WatchedTrace>();
    /** Messages of one topic one after the other, however many turns each takes. */
    const turns = new OneByOne();
    /** Of traces that are over. */
    let endedAlerts = 0;
    let expected = 0;
    let critical = false;
    let isClosed = false;

    /** What is held back counts too. */
    const countAlerts = (): number => {
      let alerts = endedAlerts;
      for (const { watch } of traces.values()) alerts += watch.tallies.alerts;
      return alerts;
    };

    const showCounts = (): void => {
      const alerts = countAlerts();
      const state = isLearning ? 'learning' : critical ? 'critical' : alerts > 0 ? 'alerts' : 'quiet';
      const learntCount = shortCount(learnt.count);
      status.show(state, { alerts: shortCount(alerts), expected: shortCount(expected), learnt: learntCount });
    };

    const newWatch = (): AlertWatch => {
      const { rules, intervalSeconds, minSeverity } = config;
      let hasBegun = false;
      const takes: LearntSignals['takes'] = (...given) => {
        if (!isLearning) return false;
        if (!hasBegun) learnt.beginRun();
        hasBegun = true;
        return learnt.takes(...given);
      };
      return new AlertWatch(rules, { intervalSeconds, minSeverity, learning: { takes } });
    };

    const sendJudgement = (judgement: Judgement, message: NodeMessage, send: Send): void => {
      if (judgement.kind === 'passed') expected += 1;
      else critical ||= judgement.alert.severity === 'critical';
      send(judgementMessage(judgement, message, config.form));
    };

    const sendAll = (judgements: readonly Judgement[], message: NodeMessage, send: Send): void => {
      for (const judgement of judgements) sendJudgement(judgement, message, send);
    };

    /** What is no alert and must not be lost: that a rule has expired, that something stayed undecided. */
    const remark = (watch: AlertWatch, isOver: boolean): void => {
      for (const text of watch.takeRemarks()) this.warn(text);
      if (isOver) for (const text of doubtsOf(watch.tallies)) this.warn(text);
    };

    const endTrace = (trace: WatchedTrace, ts: number | null, send: Send): void => {
      sendAll(trace.watch.end(ts), trace.message, send);
      remark(trace.watch, true);
      endedAlerts += trace.watch.tallies.alerts;
    };

    const traceOf = (message: NodeMessage, send: Send): WatchedTrace => {
      const topic = topicOf(message);
      const open = traces.get(topic);
      if (open !== undefined) return open;
      const [oldest] = traces;
      if (oldest !== undefined && traces.size >= MAX_OPEN) {
        traces.delete(oldest[0]);
        endTrace(oldest[1], null, send);
      }
      const trace = new WatchedTrace(newWatch(), message);
      traces.set(topic, trace);
      return trace;
    };

    const judge = async (message: NodeMessage, send: Send): Promise<void> => {
      const trace = traceOf(message, send);
      trace.came(message);
      /** One for all reports in this message. */
      const ofReports: AlertWatch[] = [];
      const reports = (): AlertWatch => {
        if (ofReports.length === 0) ofReports.push(newWatch());
        return ofReports[0]!;
      };
      for (const judgements of judgePayload(trace.watch, message.payload, reports)) {
        for (const judgement of judgements) {
          countMessage();
          sendJudgement(judgement, message, send);
        }
        if (isTurnOver()) await nextTurn();
        // What was judged is sent, or was sent when the node was closed.
        if (isClosed) return;
      }
      trace.judged();
      for (const watch of ofReports) {
        endedAlerts += watch.tallies.alerts;
        remark(watch, true);
      }
      remark(trace.watch, false);
      if (message['complete'] !== true) return;
      traces.delete(topicOf(message));
      endTrace(trace, endOf(message.payload), send);
    };

    const look = setInterval(() => {
      try {
        for (const trace of traces.values()) {
          if (!trace.watch.isWaiting) continue;
          sendAll(trace.waited(), trace.message, (message) => {
            this.send(message);
          });
          remark(trace.watch, false);
        }
        if (traces.size > 0) showCounts();
      } catch (error) {
        this.error(asError(error), {});
      }
    }, LOOK_MS);

    offerProposal(this.id, () => learnt.propose());
    if (isLearning) showCounts();

    guardInput(this, async (message, send) => {
      const action = actionOf(message);
      if (action === 'proposal') send(proposalMessage(message, learnt.propose()));
      else if (action !== null) isLearning = action === 'learn';
      if (action !== 'proposal') {
        await turns.add(`topic:${topicOf(message) ?? ''}`, () => judge(message, send));
      }
      showCounts();
    });

    guardClose(this, () => {
      isClosed = true;
      clearInterval(look);
      withdrawProposal(this.id);
      for (const trace of traces.values()) {
        const rest: string[] = [];
        const { held } = trace.watch;
        endTrace(trace, null, (message) => {
          const [alert] = message as (NodeMessage | null)[];
          if (alert) rest.push((alert.payload as Partial<Alert>).text ?? JSON.stringify(alert.payload));
          this.send(message);
        });
        if (held > 0) this.warn(closingRemark(held, rest));
      }
      traces.clear();
      status.close();
    });
  });
};
