/**
 * An alert as a log record of OpenTelemetry: the fields of the logs data model (specification 1.55,
 * specification/logs/data-model.md) and attributes of the semantic conventions 1.43 (process, host, container), which
 * are in development there. What they have no name for is under `ftrace.`.
 *
 * Attributes are flat, and of plain values or lists of them, as exporters want them. What the trace does not know is
 * left out.
 */
import path from 'node:path';
import type { Alert, Severity } from '../model/report';
import { executableOf, senderOf } from './alert-parties';
import type { AlertSource } from './ecs';

type AttributeValue = string | number | boolean | readonly string[];

export interface OtelLogRecord {
  /** Nanoseconds since 1970, as a decimal text: they do not fit into a number. */
  readonly timeUnixNano?: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly eventName: string;
  readonly body: string;
  /** Of the traced machine. */
  readonly resource: Readonly<Record<string, AttributeValue>>;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** As the specification maps syslog's levels: INFO, INFO2, WARN, ERROR, ERROR2 (logs/data-model-appendix.md). */
const SEVERITY_NUMBERS: Readonly<Record<Severity, number>> = {
  info: 9,
  notice: 10,
  warning: 13,
  error: 17,
  critical: 18,
};

export function toOtelLog(alert: Alert, { host, boot }: AlertSource = {}): OtelLogRecord {
  const { process, signal, outcome } = alert;
  const identity = process?.identity;
  const sender = senderOf(signal);
  const executable = executableOf(identity, process?.path);
  const time = alert.time === null ? undefined : nanoseconds(alert.time);
  const pid = signal?.target.tgid ?? (process === null ? undefined : Number.parseInt(process.id, 10));
  return {
    ...(time !== undefined && { timeUnixNano: time }),
    severityNumber: SEVERITY_NUMBERS[alert.severity],
    severityText: alert.severity,
    eventName: 'ftrace.alert',
    body: alert.text,
    resource: given({ 'host.name': host, 'ftrace.boot.id': boot }),
    attributes: given({
      'process.pid': Number.isNaN(pid) ? undefined : pid,
      'process.parent_pid': process?.ancestors[0]?.pid ?? identity?.ppid,
      // The name of the file, where it is known: a process may call itself anything.
      'process.executable.name': executable === null ? process?.comm : path.basename(executable),
      'process.executable.path': executable,
      'process.owner': identity?.user,
      'process.real_user.id': identity?.uid,
      'process.real_user.name': identity?.user,
      'process.linux.cgroup': identity?.cgroup,
      'container.id': identity?.container,
      'thread.id': signal?.target.pid,
      'ftrace.alert.id': alert.id,
      'ftrace.alert.about': alert.about,
      'ftrace.alert.rule': alert.rule,
      'ftrace.alert.reason': alert.reason,
      'ftrace.alert.fingerprint': alert.fingerprint,
      'ftrace.alert.count': alert.count,
      'ftrace.alert.first': alert.first,
      'ftrace.alert.last': alert.last,
      'ftrace.alert.outcome': outcome?.kind,
      'ftrace.alert.core_dumped': outcome?.coreDumped,
      'ftrace.alert.incomplete': alert.incomplete,
      'ftrace.alert.earlier': alert.earlier.map((one) => one.signal),
      'ftrace.process.unit': identity?.unit,
      'ftrace.signal.name': signal?.signal,
      'ftrace.signal.number': signal?.number,
      'ftrace.signal.code': (signal?.code ?? null) === null ? undefined : String(signal?.code),
      'ftrace.signal.origin': signal?.origin,
      'ftrace.signal.result': signal?.result,
      'ftrace.sender.pid': sender?.pid,
      'ftrace.sender.name': sender?.comm,
      'ftrace.sender.in_tree': sender?.inTree,
      'ftrace.sender.executable.path': executableOf(sender?.identity),
      'ftrace.sender.user.name': sender?.identity?.user,
      'ftrace.sender.unit': sender?.identity?.unit,
      'ftrace.sender.container.id': sender?.identity?.container,
    }),
  };
}

function given(
  attributes: Readonly<Record<string, AttributeValue | null | undefined>>,
): Record<string, AttributeValue> {
  const kept: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    kept[name] = value;
  }
  return kept;
}

/** Of ISO 8601 with up to nine digits after the point; undefined where it is none. */
function nanoseconds(time: string): string | undefined {
  const [, whole, fraction = ''] = /^(.*:\d\d)(?:\.(\d+))?Z$/.exec(time) ?? [];
  const seconds = whole === undefined ? NaN : Date.parse(`${whole}Z`) / 1000;
  return Number.isNaN(seconds) ? undefined : `${seconds}${fraction.padEnd(9, '0').slice(0, 9)}`;
}
