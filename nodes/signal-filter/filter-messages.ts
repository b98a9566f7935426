/** What signal-filter sends. */
import type { NodeMessage } from 'node-red';
import { toEcs, toOtelLog, type Alert, type Judgement, type Proposal } from '../../src/index';
import { carriedProperties, metadataOf, type FtraceMetadata } from '../messages/message-metadata';
import type { AlertForm } from './filter-def';

/** Where a trace is from, as it came with its messages. */
function originOf(message: NodeMessage): FtraceMetadata {
  const { session = null, host, boot } = metadataOf(message);
  return { session, ...(host !== undefined && { host }), ...(boot !== undefined && { boot }) };
}

function pidOf({ signal, process }: Pick<Alert, 'signal' | 'process'>): number | null {
  if (signal !== null) return signal.target.tgid;
  const pid = process === null ? NaN : Number.parseInt(process.id, 10);
  return Number.isNaN(pid) ? null : pid;
}

function payloadOf(alert: Alert, form: AlertForm, message: NodeMessage): unknown {
  const { host, boot } = metadataOf(message);
  const from = {
    ...(typeof host === 'string' && { host }),
    ...(typeof boot === 'string' && { boot }),
  };
  switch (form) {
    case 'alert':
      return alert;
    case 'ecs':
      return toEcs(alert, from);
    case 'otel':
      return toOtelLog(alert, from);
  }
}

/** One message for each output. An alert is a message of its own: it is not part of the stream that its signal came in. */
export function judgementMessage(
  judgement: Judgement,
  message: NodeMessage,
  form: AlertForm,
): [NodeMessage | null, NodeMessage | null] {
  const carried = carriedProperties(message);
  if (judgement.kind === 'alert') {
    const { alert } = judgement;
    const { severity, rule } = alert;
    const ftrace = { ...originOf(message), kind: 'alert', severity, rule, pid: pidOf(alert) };
    return [{ ...carried, payload: payloadOf(alert, form, message), ftrace }, null];
  }
  const { verdict, signal, target } = judgement;
  const { severity, rule } = verdict;
  const pid = pidOf({ signal, process: target });
  const ftrace = { ...originOf(message), kind: 'expected', severity, rule, pid };
  return [null, { ...carried, payload: { ...verdict, signal, process: target }, ftrace }];
}

export function proposalMessage(message: NodeMessage, proposal: Proposal): [null, NodeMessage] {
  const ftrace = { ...originOf(message), kind: 'proposal' };
  return [null, { ...carriedProperties(message), payload: proposal, ftrace }];
}
