/**
 * A rule as the user writes it (JSON: a rules file, the signal-filter's settings), and how it is read.
 *
 * Rules are ordered; the first that matches decides. All conditions under `when` must hold; a list holds when one
 * of its values does. What the trace does not know (an unseen sender, a path without a name) fulfils no condition.
 */
import type { Severity, SignalOrigin, SignalResult } from '../model/report';
import { TraceError } from '../trace-error';
import { SIGNAL_SETS, signalTest, type SignalTest } from './signal-sets';

export type VerdictName = 'expected' | 'unexpected' | 'attention' | 'unknown';

/** Who sent it. An interrupt has no sender: the thread that it happened to stop is not asked. */
export interface SenderCondition {
  /** Names as in `ps -o comm`, at most 15 bytes; `*` and `?` stand for others. */
  readonly comm?: readonly string[];
  /** Whether it is one of the traced processes. */
  readonly inTree?: boolean;
  readonly pid?: readonly number[];
  /** Whether it is the process that forked the target. */
  readonly isParent?: boolean;
}

export interface TargetCondition {
  readonly comm?: readonly string[];
  /** The file of its last exec; `*` and `?` stand for others. */
  readonly path?: readonly string[];
  readonly pid?: readonly number[];
}

export interface Condition {
  readonly signal?: readonly SignalTest[];
  /** `SI_USER`, `CLD_KILLED`, ... */
  readonly code?: readonly (string | number)[];
  readonly sender?: SenderCondition;
  readonly target?: TargetCondition;
  readonly origin?: readonly SignalOrigin[];
  readonly result?: readonly SignalResult[];
  readonly fatal?: boolean;
  /** Delivered to a function of the program. */
  readonly handled?: boolean;
  readonly not?: Condition;
}

export interface Rule {
  readonly name: string;
  readonly when: Condition;
  readonly verdict: VerdictName;
  readonly severity: Severity;
  readonly reason: string;
}

/** What a verdict weighs where its rule does not say. */
const USUAL_SEVERITY: Readonly<Record<VerdictName, Severity>> = {
  expected: 'info',
  unexpected: 'error',
  attention: 'warning',
  unknown: 'notice',
};

export const SEVERITIES = [
  'info',
  'notice',
  'warning',
  'error',
  'critical',
] as const satisfies readonly Severity[];

/** Record, so that the compiler asks for an origin that is new. */
const ORIGINS: Readonly<Record<SignalOrigin, true>> = {
  kill: true,
  tgkill: true,
  rt_sigqueue: true,
  pidfd: true,
  oom: true,
  fault: true,
  timer: true,
  tty: true,
  pipe: true,
  child: true,
  pdeath: true,
  cgroup: true,
  'orphaned-pgrp': true,
  pidns: true,
  seccomp: true,
  ptrace: true,
  bpf: true,
  kernel: true,
  unknown: true,
};

const RESULTS: Readonly<Record<SignalResult, true>> = {
  delivered: true,
  pending: true,
  ignored: true,
  coalesced: true,
  overflow: true,
  'info-lost': true,
  unknown: true,
};

/** `not` inside `not` says nothing new; this only keeps a hostile file from exhausting the stack. */
const DEEPEST_NOT = 20;

/**
 * Reads rules from parsed JSON: a list of rules, or an object with the list under `rules`.
 *
 * @throws TraceError CONFIG_INVALID with the place: "rules[2].when.signal: SIGFOO is not a signal"
 */
export function readRules(input: unknown): Rule[] {
  let list = input;
  if (isObject(input)) {
    onlyKeys(input, ['rules'], 'the rules file');
    list = input.rules;
  }
  if (!Array.isArray(list)) refuse('rules', `expected a list of rules, not ${shown(list)}`);
  const rules = list.map((rule, index) => readRule(rule, `rules[${index}]`));
  const places = new Map<string, number>();
  rules.forEach((rule, index) => {
    const earlier = places.get(rule.name);
    if (earlier !== undefined) {
      refuse(`rules[${index}].name`, `rules[${earlier}] is called ${shown(rule.name)} already`);
    }
    places.set(rule.name, index);
  });
  return rules;
}

function readRule(input: unknown, place: string): Rule {
  const rule = objectAt(input, place);
  onlyKeys(rule, ['name', 'when', 'verdict', 'severity', 'reason'], place);
  const name = textAt(rule.name, `${place}.name`);
  const verdict = oneOf(rule.verdict, Object.keys(USUAL_SEVERITY) as VerdictName[], `${place}.verdict`);
  return {
    name,
    when: readCondition(rule.when, `${place}.when`),
    verdict,
    severity:
      rule.severity === undefined
        ? USUAL_SEVERITY[verdict]
        : oneOf(rule.severity, SEVERITIES, `${place}.severity`),
    reason: rule.reason === undefined ? `rule "${name}"` : textAt(rule.reason, `${place}.reason`),
  };
}

function readCondition(input: unknown, place: string, depth = 0): Condition {
  if (depth > DEEPEST_NOT) refuse(place, `more than ${DEEPEST_NOT} "not" inside each other`);
  const when = objectAt(input, place);
  onlyKeys(
    when,
    ['signal', 'code', 'sender', 'target', 'origin', 'result', 'fatal', 'handled', 'not'],
    place,
  );
  return {
    ...given(when, 'signal', (value) => listAt(value, `${place}.signal`, readSignal)),
    ...given(when, 'code', (value) => listAt(value, `${place}.code`, readCode)),
    ...given(when, 'sender', (value) => readSender(value, `${place}.sender`)),
    ...given(when, 'target', (value) => readTarget(value, `${place}.target`)),
    ...given(when, 'origin', (value) =>
      listAt(value, `${place}.origin`, (one, at) => oneOf(one, Object.keys(ORIGINS) as SignalOrigin[], at)),
    ),
    ...given(when, 'result', (value) =>
      listAt(value, `${place}.result`, (one, at) => oneOf(one, Object.keys(RESULTS) as SignalResult[], at)),
    ),
    ...given(when, 'fatal', (value) => booleanAt(value, `${place}.fatal`)),
    ...given(when, 'handled', (value) => booleanAt(value, `${place}.handled`)),
    ...given(when, 'not', (value) => readCondition(value, `${place}.not`, depth + 1)),
  };
}

function readSender(input: unknown, place: string): SenderCondition {
  const sender = objectAt(input, place);
  onlyKeys(sender, ['comm', 'inTree', 'pid', 'isParent'], place);
  return {
    ...given(sender, 'comm', (value) => listAt(value, `${place}.comm`, textAt)),
    ...given(sender, 'inTree', (value) => booleanAt(value, `${place}.inTree`)),
    ...given(sender, 'pid', (value) => listAt(value, `${place}.pid`, readPid)),
    ...given(sender, 'isParent', (value) => booleanAt(value, `${place}.isParent`)),
  };
}

function readTarget(input: unknown, place: string): TargetCondition {
  const target = objectAt(input, place);
  onlyKeys(target, ['comm', 'path', 'pid'], place);
  return {
    ...given(target, 'comm', (value) => listAt(value, `${place}.comm`, textAt)),
    ...given(target, 'path', (value) => listAt(value, `${place}.path`, textAt)),
    ...given(target, 'pid', (value) => listAt(value, `${place}.pid`, readPid)),
  };
}

function readSignal(input: unknown, place: string): SignalTest {
  const test = typeof input === 'string' || typeof input === 'number' ? signalTest(input) : null;
  if (!test) {
    const sets = Object.keys(SIGNAL_SETS).join(', ');
    refuse(place, `${shown(input)} is not a signal (a name, a number from 1 to 64, or ${sets})`);
  }
  return test;
}

function readCode(input: unknown, place: string): string | number {
  if (typeof input === 'number') return input;
  return textAt(input, place);
}

function readPid(input: unknown, place: string): number {
  if (typeof input !== 'number' || !Number.isInteger(input) || input < 0) {
    refuse(place, `expected a process id, not ${shown(input)}`);
  }
  return input;
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(input: unknown): input is JsonObject {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

/** The key only where it was written, so that a condition that is absent is never compared. */
function given<K extends string, V>(
  object: JsonObject,
  key: K,
  read: (value: unknown) => V,
): Partial<Record<K, V>> {
  const value = object[key];
  return value === undefined ? {} : ({ [key]: read(value) } as Record<K, V>);
}

function listAt<T>(input: unknown, place: string, read: (value: unknown, place: string) => T): T[] {
  if (!Array.isArray(input)) return [read(input, place)];
  // An empty list would match nothing, and silently.
  if (input.length === 0) refuse(place, 'the list is empty');
  return input.map((value, index) => read(value, `${place}[${index}]`));
}

function objectAt(input: unknown, place: string): JsonObject {
  if (!isObject(input)) refuse(place, `expected an object, not ${shown(input)}`);
  return input;
}

function textAt(input: unknown, place: string): string {
  if (typeof input !== 'string' || input === '') refuse(place, `expected a text, not ${shown(input)}`);
  return input;
}

function booleanAt(input: unknown, place: string): boolean {
  if (typeof input !== 'boolean') refuse(place, `expected true or false, not ${shown(input)}`);
  return input;
}

function oneOf<T extends string>(input: unknown, allowed: readonly T[], place: string): T {
  const found = allowed.find((value) => value === input);
  if (found === undefined) refuse(place, `${shown(input)} is not one of ${allowed.join(', ')}`);
  return found;
}

/** A misspelt key would be a condition that is never looked at: the rule would match too much. */
function onlyKeys(object: JsonObject, allowed: readonly string[], place: string): void {
  for (const key of Object.keys(object)) {
    if (!allowed.includes(key)) refuse(`${place}.${key}`, `there is no such key; ${allowed.join(', ')} are`);
  }
}

function shown(input: unknown): string {
  if (typeof input === 'string') return input === '' ? 'an empty text' : input.slice(0, 60);
  if (input === undefined) return 'nothing';
  return (JSON.stringify(input) as string | undefined)?.slice(0, 60) ?? typeof input;
}

function refuse(place: string, what: string): never {
  throw new TraceError('CONFIG_INVALID', `${place}: ${what}`);
}
