/** Says of each signal whether it was to be expected, and raises an alert where it was not. */
import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import {
  AlertCounting,
  SEVERITIES,
  SignalJudge,
  makeAlert,
  readRuleSet,
  type Alert,
  type Severity,
  type Verdict,
} from '../../src/index';
import { TraceError } from '../../src/trace-error';
import { guardClose } from '../guard-close';
import { guardInput, type Send } from '../guard-input';
import { carriedProperties, metadataOf, topicOf } from '../message-metadata';
import { readOrShowFailure } from '../show-failure';
import { shortCount, StatusRenderer, type Look } from '../status-renderer';
import { signalsOf, type JudgedSignal } from './incoming-signals';

interface FilterDef extends NodeDef {
  rules?: unknown;
  intervalSeconds?: unknown;
  minSeverity?: unknown;
}

interface FilterConfig {
  readonly judge: SignalJudge;
  readonly intervalSeconds: number;
  readonly minSeverity: Severity;
}

type FilterState = 'quiet' | 'alerts' | 'critical' | 'failed';
const LOOKS: Readonly<Record<FilterState, Look>> = {
  quiet: { fill: 'green', shape: 'dot' },
  alerts: { fill: 'yellow', shape: 'dot' },
  critical: { fill: 'red', shape: 'dot' },
  failed: { fill: 'red', shape: 'ring' },
};

function readRulesField(given: unknown): unknown {
  if (typeof given !== 'string') return given ?? [];
  if (given.trim() === '') return [];
  try {
    return JSON.parse(given);
  } catch (error) {
    throw new TraceError(
      'CONFIG_INVALID',
      `rules are not JSON: ${error instanceof Error ? error.message : ''}`,
    );
  }
}

function readDef(def: FilterDef): FilterConfig {
  const minSeverity = SEVERITIES.find((severity) => severity === (def.minSeverity ?? 'info'));
  if (minSeverity === undefined) {
    throw new TraceError('CONFIG_INVALID', `minSeverity is one of ${SEVERITIES.join(', ')}`);
  }
  const intervalSeconds = Number(def.intervalSeconds ?? 60);
  if (!Number.isFinite(intervalSeconds) || intervalSeconds < 0) {
    throw new TraceError('CONFIG_INVALID', `intervalSeconds is ${JSON.stringify(def.intervalSeconds)}`);
  }
  return { judge: new SignalJudge(readRuleSet(readRulesField(def.rules))), intervalSeconds, minSeverity };
}

/** An alert stands alone: it is no part of the stream that its signal came in. */
function alertMessage(message: NodeMessage, alert: Alert): NodeMessage {
  const { session = null } = metadataOf(message);
  const ftrace = {
    session,
    kind: 'alert',
    severity: alert.severity,
    rule: alert.rule,
    pid: alert.signal?.target.tgid ?? null,
  };
  return { ...carriedProperties(message), payload: alert, ftrace };
}

/** The second output: a signal that nobody needs to look at, and why. */
function expectedMessage(
  message: NodeMessage,
  { signal, target }: JudgedSignal,
  verdict: Verdict,
): NodeMessage {
  const { session = null } = metadataOf(message);
  const { severity, rule } = verdict;
  const ftrace = { session, kind: 'expected', severity, rule, pid: signal.target.tgid };
  return { ...carriedProperties(message), payload: { ...verdict, signal, process: target }, ftrace };
}

function sendAlerts(message: NodeMessage, due: readonly Alert[], send: Send): void {
  for (const alert of due) send([alertMessage(message, alert), null]);
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType('signal-filter', function (this: Node, def: FilterDef) {
    RED.nodes.createNode(this, def);
    const config = readOrShowFailure(this, RED._('signal-filter.status.invalid'), () => readDef(def));
    if (config === null) return;
    const status = new StatusRenderer<FilterState>(this, LOOKS, (key, values) =>
      RED._(`signal-filter.${key}`, values),
    );
    const { judge, minSeverity } = config;
    /** Each trace has its own clock, so alerts are counted for each topic. */
    const countings = new Map<string | null, AlertCounting>();
    let alerts = 0;
    let expected = 0;
    let critical = false;

    const isWorthAnAlert = ({ verdict, severity }: Verdict): boolean =>
      verdict !== 'expected' && SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(minSeverity);

    const showCounts = (): void => {
      const state: FilterState = critical ? 'critical' : alerts > 0 ? 'alerts' : 'quiet';
      status.show(state, { alerts: shortCount(alerts), expected: shortCount(expected) });
    };

    const countingOf = (message: NodeMessage): AlertCounting => {
      const topic = topicOf(message);
      const counting = countings.get(topic) ?? new AlertCounting({ intervalSeconds: config.intervalSeconds });
      countings.set(topic, counting);
      return counting;
    };

    const judgeOne = (
      message: NodeMessage,
      given: JudgedSignal,
      counting: AlertCounting,
      send: Send,
    ): void => {
      const verdict = judge.judge(given.signal, given.target);
      if (isWorthAnAlert(verdict)) {
        alerts += 1;
        critical ||= verdict.severity === 'critical';
        sendAlerts(message, counting.add(makeAlert(verdict, given.signal, given.target)), send);
      } else {
        expected += 1;
        send([null, expectedMessage(message, given, verdict)]);
      }
    };

    guardInput(this, (message, send) => {
      const { signals, ts } = signalsOf(message.payload);
      const counting = countingOf(message);
      for (const signal of signals) judgeOne(message, signal, counting, send);
      if (ts !== null) sendAlerts(message, counting.tick(ts), send);
      if (message['complete'] === true) {
        sendAlerts(message, counting.flush(), send);
        countings.delete(topicOf(message));
      }
      showCounts();
    });

    guardClose(this, () => {
      status.close();
    });
  });
};
