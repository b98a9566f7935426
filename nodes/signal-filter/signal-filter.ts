/** Says of each signal whether it was to be expected, and raises an alert where it was not. */
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { AlertWatch, LearntSignals, undecidedRemarks, type Alert, type Judgement } from '../../src/index';
import { TraceError } from '../../src/trace-error';
import { asError } from '../adapter/as-error';
import { countMessage, isTurnOver, nextTurn } from '../turns/event-loop-share';
import { guardClose } from '../adapter/guard-close';
import { guardInput, type Send } from '../adapter/guard-input';
import { topicOf } from '../messages/message-metadata';
import { OneByOne } from '../turns/one-by-one';
import { readOrShowFailure } from '../adapter/show-failure';
import { shortCount, StatusRenderer, type Look } from '../adapter/status-renderer';
import { registerDryRun } from './dry-run';
import { readDef, type FilterDef } from './filter-def';
import { judgementMessage, proposalMessage } from './filter-messages';
import { MAX_TRACES, OpenTraces } from './open-traces';
import { PayloadWork } from './payload-work';
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
const MAX_TOLD = 20;

/** Where all nodes are closed at once, those behind may be gone before a message comes to them: the log has it. */
function closingRemark(held: number, texts: readonly string[]): string {
  const more = texts.length > MAX_TOLD ? [`and ${texts.length - MAX_TOLD} more`] : [];
  const what = `closed with ${held} ${held === 1 ? 'alert' : 'alerts'} held back, which were sent now:`;
  return [what, ...texts.slice(0, MAX_TOLD), ...more].join('\n  ');
}

/** The last moment of a trace, where its last message says it. */
function endOf(payload: unknown): number | null {
  const last: unknown = Array.isArray(payload) ? payload.at(-1) : payload;
  const ts = typeof last === 'object' && last !== null && 'stage' in last && 'ts' in last ? last.ts : null;
  return typeof ts === 'number' && Number.isFinite(ts) ? ts : null;
}

module.exports = (RED: NodeAPI): void => {
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
    const traces = new OpenTraces();
    /** Messages of one topic one after the other, however many turns each takes. */
    const turns = new OneByOne();
    const turnOf = (topic: string | null): string => `topic:${topic ?? ''}`;
    const hasWork = (topic: string | null): boolean => turns.has(turnOf(topic));
    /** Messages that are not judged to their end. */
    const works = new Set<PayloadWork>();
    /** Of traces that are over. */
    let endedAlerts = 0;
    let expected = 0;
    let critical = false;
    let isClosed = false;

    /** What is held back counts too. */
    const countAlerts = (): number => {
      let alerts = endedAlerts;
      for (const { watch } of traces.all()) alerts += watch.tallies.alerts;
      for (const { ofReports } of works) alerts += ofReports?.tallies.alerts ?? 0;
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
      if (isOver) for (const text of undecidedRemarks(watch.tallies)) this.warn(text);
    };

    const endWatch = (watch: AlertWatch, ts: number | null, message: NodeMessage, send: Send): void => {
      sendAll(watch.end(ts), message, send);
      remark(watch, true);
      endedAlerts += watch.tallies.alerts;
    };

    const makeRoom = (send: Send): void => {
      const hadRoom = traces.evicted === 0;
      for (const { watch, message } of traces.takeExcess(hasWork)) endWatch(watch, null, message, send);
      if (!hadRoom || traces.evicted === 0) return;
      this.warn(
        `more than ${MAX_TRACES} topics at once: those from which nothing came the longest are ended`,
      );
    };

    const traceOf = (message: NodeMessage, send: Send): WatchedTrace => {
      const topic = topicOf(message);
      const open = traces.get(topic);
      if (open !== undefined) return open;
      makeRoom(send);
      const trace = new WatchedTrace(newWatch(), message);
      traces.add(topic, trace);
      return trace;
    };

    const judge = async (work: PayloadWork, send: Send): Promise<void> => {
      const { message } = work;
      const trace = traceOf(message, send);
      trace.came(message);
      for (const judgements of work.judge(trace.watch)) {
        for (const judgement of judgements) {
          countMessage();
          sendJudgement(judgement, message, send);
        }
        if (isTurnOver()) await nextTurn();
        // What was judged is sent, or was sent when the node was closed.
        if (isClosed) return;
      }
      trace.judged();
      if (work.ofReports !== null) endWatch(work.ofReports, null, message, send);
      works.delete(work);
      remark(trace.watch, false);
      if (message['complete'] === true) {
        traces.delete(topicOf(message));
        endWatch(trace.watch, endOf(message.payload), message, send);
      }
      work.refuse();
    };

    const look = setInterval(() => {
      try {
        for (const [topic, trace] of traces.entries()) {
          // What is still to be judged may be what is waited for.
          if (!trace.watch.isWaiting || hasWork(topic)) continue;
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
        const work = new PayloadWork(message, newWatch);
        works.add(work);
        try {
          await turns.add(turnOf(topicOf(message)), async () => {
            // With the closing it was counted and told.
            if (!isClosed) await judge(work, send);
          });
        } finally {
          works.delete(work);
        }
      }
      showCounts();
    });

    guardClose(this, () => {
      isClosed = true;
      clearInterval(look);
      withdrawProposal(this.id);
      const close = (watch: AlertWatch, message: NodeMessage): void => {
        const rest: string[] = [];
        const { held } = watch;
        endWatch(watch, null, message, (sent) => {
          const [alert] = sent as (NodeMessage | null)[];
          if (alert) rest.push((alert.payload as Partial<Alert>).text ?? JSON.stringify(alert.payload));
          this.send(sent);
        });
        if (held > 0) this.warn(closingRemark(held, rest));
      };
      for (const { watch, message } of traces.all()) close(watch, message);
      for (const { ofReports, message } of works) if (ofReports !== null) close(ofReports, message);
      let left = 0;
      for (const work of works) left += work.left;
      if (left > 0)
        this.warn(`closed with ${left} stages and signals that had come and were not judged any more`);
      traces.clear();
      works.clear();
      if (traces.evicted > 0) this.warn(`${traces.evicted} traces were ended for want of room`);
      status.close();
    });
  });
};
