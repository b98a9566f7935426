/**
 * The fields that a condition may ask for: one table for the reader, the comparison, the JSON Schema and
 * the list in docs/rules.md.
 *
 * `read` takes what there is: no signal for a zombie, no target where the trace does not know it. It gives null
 * for what the trace does not know.
 */
import { signalNumber } from '../../kernel/signals';
import type { Exit, Identity, SignalRecord, SignalTarget } from '../../model/report';
import { DISPOSITIONS, EXITS, ORIGINS, OUTCOMES, RESULTS, ROLES } from './choices';
import {
  dispositionOf,
  incompletenessOf,
  knownSender,
  outcomeOf,
  sentByParent,
  wasHandled,
} from './evidence';

/** A process, and where the rule is about its end, that end. */
export interface RuleTarget extends SignalTarget {
  readonly end?: Pick<Exit, 'ts' | 'kind' | 'code' | 'signal' | 'coreDumped'>;
}

type Read<T> = (signal: SignalRecord | null, target: RuleTarget | null) => T | null;

export type ConditionField =
  /** A signal's number, asked for by name, number or set. */
  | { readonly type: 'signal'; readonly meaning: string; readonly read: Read<number> }
  /** A name where it has one, else a number. */
  | { readonly type: 'code'; readonly meaning: string; readonly read: Read<string | number> }
  | { readonly type: 'text'; readonly meaning: string; readonly read: Read<string> }
  /** A text of which the kernel keeps 15 bytes. */
  | { readonly type: 'comm'; readonly meaning: string; readonly read: Read<string> }
  /** Several texts, of which one is enough. */
  | { readonly type: 'texts'; readonly meaning: string; readonly read: Read<readonly string[]> }
  | { readonly type: 'comms'; readonly meaning: string; readonly read: Read<readonly string[]> }
  | { readonly type: 'number'; readonly meaning: string; readonly read: Read<number> }
  /** A number that is whole and not below 0: a pid, a user id. */
  | { readonly type: 'id'; readonly meaning: string; readonly read: Read<number> }
  | { readonly type: 'boolean'; readonly meaning: string; readonly read: Read<boolean> }
  | {
      readonly type: 'choice';
      readonly meaning: string;
      readonly values: readonly string[];
      readonly read: Read<string>;
    };

export type FieldType = ConditionField['type'];

/** An empty list is a stack that was not recorded, or a process whose parent is not in the trace. */
function known<T>(list: readonly T[] | undefined): readonly T[] | null {
  return list === undefined || list.length === 0 ? null : list;
}

const senderOf = (signal: SignalRecord | null) => (signal === null ? null : knownSender(signal));

function commsOf(ancestors: Identity['ancestors'] | undefined): readonly string[] | null {
  return known(ancestors?.flatMap(({ comm }) => (comm === null ? [] : [comm])));
}

/** Seconds from its birth to its end; null for one that the trace did not see begin. */
function livedFor(target: RuleTarget | null): number | null {
  const since = Number(/@(-?[\d.]+)$/.exec(target?.id ?? '')?.[1] ?? NaN);
  if (target?.end === undefined || target.role === 'attached' || Number.isNaN(since)) return null;
  return Math.max(0, target.end.ts - since);
}

/** The pid in `5441@9978.187638`. */
function pidInId(id: string | undefined): number | null {
  const pid = id === undefined ? NaN : Number.parseInt(id, 10);
  return Number.isNaN(pid) ? null : pid;
}

export const CONDITION_FIELDS = {
  signal: {
    type: 'signal',
    meaning: 'The signal: a name, a number, or a set such as @fatal',
    read: (s) => s?.number ?? null,
  },
  number: { type: 'number', meaning: "The signal's number", read: (s) => s?.number ?? null },
  code: {
    type: 'code',
    meaning: 'si_code: SI_USER, CLD_KILLED, SEGV_MAPERR, ...; a number where it has no name',
    read: (s) => s?.code ?? null,
  },
  origin: {
    type: 'choice',
    values: ORIGINS,
    meaning: 'Which part of the kernel sent it, by the call trace',
    read: (s) => s?.origin ?? null,
  },
  result: {
    type: 'choice',
    values: RESULTS,
    meaning: 'What became of it in the queue',
    read: (s) => s?.result ?? null,
  },
  outcome: {
    type: 'choice',
    values: OUTCOMES,
    meaning: 'What it did to the target',
    read: (s) => (s === null ? null : outcomeOf(s)),
  },
  group: {
    type: 'boolean',
    meaning: 'Sent to the whole process and not to one of its threads',
    read: (s) => s?.group ?? null,
  },
  stack: {
    type: 'texts',
    meaning: 'A function in the call trace of the sender, in the kernel',
    read: (s) => known(s?.generated?.stack),
  },
  fatal: { type: 'boolean', meaning: 'It ended the target', read: (s) => s?.fatal ?? null },
  coreDumped: {
    type: 'boolean',
    meaning: 'It ended the target, which left a core dump',
    read: (s) => s?.coreDumped ?? null,
  },
  handled: {
    type: 'boolean',
    meaning: 'It was delivered to a function of the program',
    read: (s) => (s === null ? null : wasHandled(s)),
  },
  disposition: {
    type: 'choice',
    values: DISPOSITIONS,
    meaning: 'What the target does with it: the default, nothing, a handler',
    read: (s) => (s === null ? null : dispositionOf(s)),
  },
  control: {
    type: 'boolean',
    meaning: "It is the session's own, to its traced parent",
    read: (s) => s?.control ?? null,
  },
  latency: { type: 'number', meaning: 'Seconds from sent to delivered', read: (s) => s?.latency ?? null },
  incomplete: {
    type: 'boolean',
    meaning: 'Something that belongs to it is missing in the trace',
    read: (s, t) => incompletenessOf(s, t).length > 0,
  },
  ts: { type: 'number', meaning: 'Seconds on the trace clock', read: (s) => s?.ts ?? null },
  'sender.pid': {
    type: 'id',
    meaning: 'The pid of the thread that sent it',
    read: (s) => senderOf(s)?.pid ?? null,
  },
  'sender.tgid': {
    type: 'id',
    meaning: 'The pid of the process that sent it',
    read: (s) => senderOf(s)?.tgid ?? null,
  },
  'sender.thread': {
    type: 'comm',
    meaning: 'The name of the thread that sent it',
    read: (s) => senderOf(s)?.thread ?? null,
  },
  'sender.comm': {
    type: 'comm',
    meaning: 'The name of the sender, as ps -o comm has it',
    read: (s) => senderOf(s)?.comm ?? null,
  },
  'sender.exe': {
    type: 'text',
    meaning: 'The file that the sender runs, by /proc',
    read: (s) => senderOf(s)?.identity?.exe ?? null,
  },
  'sender.uid': {
    type: 'id',
    meaning: 'The real user id of the sender',
    read: (s) => senderOf(s)?.identity?.uid ?? null,
  },
  'sender.user': {
    type: 'text',
    meaning: 'The name of the user of the sender',
    read: (s) => senderOf(s)?.identity?.user ?? null,
  },
  'sender.ppid': {
    type: 'id',
    meaning: 'The pid of the parent of the sender',
    read: (s) => senderOf(s)?.identity?.ppid ?? null,
  },
  'sender.cgroup': {
    type: 'text',
    meaning: 'The cgroup of the sender, a path',
    read: (s) => senderOf(s)?.identity?.cgroup ?? null,
  },
  'sender.unit': {
    type: 'text',
    meaning: 'The systemd unit of the sender',
    read: (s) => senderOf(s)?.identity?.unit ?? null,
  },
  'sender.container': {
    type: 'text',
    meaning: 'The id of the container of the sender',
    read: (s) => senderOf(s)?.identity?.container ?? null,
  },
  'sender.inTree': {
    type: 'boolean',
    meaning: 'The sender is one of the traced processes',
    read: (s) => senderOf(s)?.inTree ?? null,
  },
  'sender.irq': {
    type: 'boolean',
    meaning: 'It was sent by an interrupt, which has no sender',
    read: (s) => s?.sender?.irq ?? null,
  },
  'sender.isParent': {
    type: 'boolean',
    meaning: 'The sender forked the target',
    read: (s, t) => (s === null || senderOf(s) === null ? null : sentByParent(s, t)),
  },
  'sender.ancestors': {
    type: 'comms',
    meaning: 'The name of an ancestor of the sender',
    read: (s) => commsOf(senderOf(s)?.ancestors) ?? commsOf(senderOf(s)?.identity?.ancestors),
  },
  'target.id': {
    type: 'text',
    meaning: 'The process in this trace, also where a pid is used twice: 5441@9978.187638',
    // Of a record that comes alone, as an alert has it.
    read: (s, t) => t?.id ?? (s === null ? null : `${s.target.tgid}`),
  },
  'target.pid': {
    type: 'id',
    meaning: 'The pid of the target',
    read: (s, t) => s?.target.tgid ?? pidInId(t?.id),
  },
  'target.tid': { type: 'id', meaning: 'The thread that it was sent to', read: (s) => s?.target.pid ?? null },
  'target.comm': {
    type: 'comm',
    meaning: 'The name of the target, as ps -o comm has it',
    read: (s, t) => t?.comm ?? s?.target.comm ?? null,
  },
  'target.path': {
    type: 'text',
    meaning: 'The file of its last exec, as it was called',
    read: (_, t) => t?.path ?? null,
  },
  'target.exe': {
    type: 'text',
    meaning: 'The file that the target runs, by /proc',
    read: (_, t) => t?.identity?.exe ?? null,
  },
  'target.uid': {
    type: 'id',
    meaning: 'The real user id of the target',
    read: (_, t) => t?.identity?.uid ?? null,
  },
  'target.user': {
    type: 'text',
    meaning: 'The name of the user of the target',
    read: (_, t) => t?.identity?.user ?? null,
  },
  'target.ppid': {
    type: 'id',
    meaning: 'The pid of the parent of the target',
    read: (_, t) => t?.identity?.ppid ?? null,
  },
  'target.cgroup': {
    type: 'text',
    meaning: 'The cgroup of the target, a path',
    read: (_, t) => t?.identity?.cgroup ?? null,
  },
  'target.unit': {
    type: 'text',
    meaning: 'The systemd unit of the target',
    read: (_, t) => t?.identity?.unit ?? null,
  },
  'target.container': {
    type: 'text',
    meaning: 'The id of the container of the target',
    read: (_, t) => t?.identity?.container ?? null,
  },
  'target.ancestors': {
    type: 'comms',
    meaning: 'The name of an ancestor of the target',
    read: (_, t) => commsOf(t?.ancestors) ?? commsOf(t?.identity?.ancestors),
  },
  'target.service': {
    type: 'text',
    meaning: 'In a watch, the name of the service that the target is of',
    read: (_, t) => t?.service?.name ?? null,
  },
  'target.generation': {
    type: 'number',
    meaning: 'In a watch, how often that service has started, from 1',
    read: (_, t) => t?.service?.generation ?? null,
  },
  'target.role': {
    type: 'choice',
    values: ROLES,
    meaning: 'What the target is to the session',
    read: (_, t) => t?.role ?? null,
  },
  'delivered.tid': {
    type: 'id',
    meaning: 'The thread that it was delivered to',
    read: (s) => s?.delivered?.tid ?? null,
  },
  'delivered.handler': {
    type: 'text',
    meaning: 'default, ignore, the address of the handler, or rt_sigtimedwait',
    read: (s) => s?.delivered?.handler ?? null,
  },
  'delivered.stack': {
    type: 'texts',
    meaning: 'A function in the call trace of the delivery, in the kernel',
    read: (s) => known(s?.delivered?.stack),
  },
  'delivered.handlerTime': {
    type: 'number',
    meaning: 'Seconds that its handler ran; a rule on it waits until the handler has returned',
    read: (s) => s?.delivered?.handlerTime ?? null,
  },
  'interrupted.call': {
    type: 'text',
    meaning: 'The system call that it interrupted',
    read: (s) => s?.delivered?.interrupted?.call ?? null,
  },
  'interrupted.restarted': {
    type: 'boolean',
    meaning: 'The kernel restarted that call; else it returned EINTR',
    read: (s) => s?.delivered?.interrupted?.restarted ?? null,
  },
  'exit.kind': {
    type: 'choice',
    values: EXITS,
    meaning: 'How the process ended: by itself, or by a signal',
    read: (_, t) => t?.end?.kind ?? null,
  },
  'exit.code': {
    type: 'number',
    meaning: 'Its exit code, 0 to 255; not known for one that a signal ended',
    read: (_, t) => t?.end?.code ?? null,
  },
  'exit.signal': {
    type: 'signal',
    meaning: 'The signal that ended it',
    read: (_, t) => (typeof t?.end?.signal === 'string' ? signalNumber(t.end.signal) : null),
  },
  'exit.coreDumped': {
    type: 'boolean',
    meaning: 'It left a core dump',
    read: (_, t) => t?.end?.coreDumped ?? null,
  },
  'exit.lived': {
    type: 'number',
    meaning: 'Seconds from its birth to its end',
    read: (_, t) => livedFor(t),
  },
} as const satisfies Record<string, ConditionField>;

export type FieldName = keyof typeof CONDITION_FIELDS;

export const FIELD_NAMES = Object.keys(CONDITION_FIELDS) as readonly FieldName[];

export function isFieldName(name: string): name is FieldName {
  return Object.hasOwn(CONDITION_FIELDS, name);
}

/** The table's row, as a union that a `switch` on its type narrows. */
export function conditionField(name: FieldName): ConditionField {
  return CONDITION_FIELDS[name];
}
