/**
 * An alert in the words of the Elastic Common Schema, version 8.17 (elastic.co/guide/en/ecs/8.17): event, rule,
 * process, user, container and host fields of the schema, `log.level`, and what it has no field for under `ftrace`.
 *
 * The process is the one that it happened to. What the trace does not know is left out, never null.
 */
import type { Alert, Identity, Severity, SignalRecord } from '../model/report';
import { executableOf, senderOf } from './alert-parties';

export const ECS_VERSION = '8.17.0';

/** What is known of the machine beside the alert. */
export interface AlertSource {
  readonly host?: string | undefined;
  readonly boot?: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** As Elastic's own detection rules score: 21 low, 47 medium, 73 high, 99 critical. */
const EVENT_SEVERITY: Readonly<Record<Severity, number>> = {
  info: 0,
  notice: 21,
  warning: 47,
  error: 73,
  critical: 99,
};

/** One document, without undefined and without empty objects. */
export function toEcs(alert: Alert, { host, boot }: AlertSource = {}): Fields {
  const { process, signal, outcome } = alert;
  const identity = process?.identity;
  return without({
    '@timestamp': alert.time,
    ecs: { version: ECS_VERSION },
    message: alert.text,
    log: { level: alert.severity },
    event: {
      kind: 'alert',
      category: alert.about === 'loss' ? undefined : ['process'],
      type:
        alert.about === 'loss'
          ? undefined
          : [alert.about === 'exit' || outcome?.kind === 'killed' ? 'end' : 'info'],
      action: signal === null ? alert.about : signal.signal,
      dataset: 'ftrace.alert',
      module: 'ftrace',
      severity: EVENT_SEVERITY[alert.severity],
      reason: alert.reason,
      id: alert.id,
    },
    rule: { name: alert.rule, category: alert.about },
    process:
      process === null
        ? undefined
        : {
            pid: signal?.target.tgid ?? pidIn(process.id),
            name: process.comm,
            executable: executableOf(identity, process.path),
            // With the boot's id it is one life of one machine, among all that an index has.
            entity_id: boot === undefined ? process.id : `${boot}/${process.id}`,
            parent: { pid: process.ancestors[0]?.pid ?? identity?.ppid, name: process.ancestors[0]?.comm },
            thread: signal === null ? undefined : { id: signal.target.pid },
          },
    user: userOf(identity),
    container: { id: identity?.container },
    host: { name: host, boot: { id: boot } },
    ftrace: {
      fingerprint: alert.fingerprint,
      count: alert.count,
      first: alert.first,
      last: alert.last,
      outcome,
      incomplete: alert.incomplete,
      unit: identity?.unit,
      cgroup: identity?.cgroup,
      signal: signal === null ? undefined : signalOf(signal),
      earlier: alert.earlier.map(signalOf),
    },
  }) as Fields;
}

function signalOf(signal: SignalRecord): Fields {
  const sender = senderOf(signal);
  return {
    name: signal.signal,
    number: signal.number,
    // One field has one type in an index.
    code: signal.code === null ? undefined : String(signal.code),
    origin: signal.origin,
    result: signal.result,
    fatal: signal.fatal,
    ts: signal.ts,
    sender:
      sender === null
        ? undefined
        : {
            pid: sender.pid,
            name: sender.comm,
            executable: executableOf(sender.identity),
            in_tree: sender.inTree,
            user: userOf(sender.identity),
            unit: sender.identity?.unit,
            container: { id: sender.identity?.container },
          },
    stack: signal.generated?.stack,
  };
}

function userOf(identity: Identity | undefined): Fields | undefined {
  // Ids are keywords in the schema.
  return identity && { id: identity.uid === null ? undefined : String(identity.uid), name: identity.user };
}

function pidIn(id: string): number | undefined {
  const pid = Number.parseInt(id, 10);
  return Number.isNaN(pid) ? undefined : pid;
}

/** Without what is null, undefined or empty, at any depth; undefined where nothing is left. */
function without(value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) {
    const kept = value.map(without).filter((one) => one !== undefined);
    return kept.length === 0 ? undefined : kept;
  }
  if (typeof value !== 'object') return value;
  const kept = Object.entries(value).flatMap(([key, one]) => {
    const shown = without(one);
    return shown === undefined ? [] : [[key, shown] as const];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
