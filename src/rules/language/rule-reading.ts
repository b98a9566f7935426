/** Reads one rule. */
import {
  fieldNameAt,
  OF_EXITS,
  OF_LOSSES,
  OF_SIGNALS,
  OF_ZOMBIES,
  readCondition,
  type FieldScope,
} from './condition-reading';
import { readException, readUntil } from './exception-reading';
import {
  USUAL_SEVERITY,
  SEVERITIES,
  type AwaitedStage,
  type Condition,
  type Pattern,
  type Repeats,
  type Rule,
  type RuleSubject,
  type VerdictName,
} from './rule';
import {
  secondsAt,
  booleanAt,
  countAt,
  listAt,
  fullListAt,
  objectAt,
  choiceAt,
  onlyKeys,
  refuse,
  textAt,
  type JsonObject,
} from './rule-input';

export const SUBJECTS: readonly RuleSubject[] = ['signal', 'exit', 'zombie', 'loss'];
export const AWAITED_STAGES: readonly AwaitedStage[] = ['exit', 'stop', 'continue', 'reap'];
export const PATTERNS = ['after', 'without', 'times'] as const;
export const RULE_KEYS = [
  'name',
  'enabled',
  'on',
  'when',
  ...PATTERNS,
  'olderThan',
  'atLeast',
  'except',
  'verdict',
  'severity',
  'reason',
  'until',
  'requires',
  'repeats',
] as const;

/** Keys that mean something on one subject only. */
export const ONLY_ON: Readonly<Record<string, RuleSubject>> = {
  after: 'signal',
  without: 'signal',
  times: 'signal',
  olderThan: 'zombie',
  atLeast: 'loss',
};

const SCOPES: Readonly<Record<RuleSubject, FieldScope>> = {
  signal: OF_SIGNALS,
  exit: OF_EXITS,
  zombie: OF_ZOMBIES,
  loss: OF_LOSSES,
};

export function readRule(input: unknown, place: string): Rule {
  const rule = objectAt(input, place);
  onlyKeys(rule, RULE_KEYS, place);
  const name = textAt(rule['name'], `${place}.name`);
  const on = rule['on'] === undefined ? 'signal' : choiceAt(rule['on'], SUBJECTS, `${place}.on`);
  checkSubject(rule, on, place);
  const verdict = choiceAt(rule['verdict'], Object.keys(USUAL_SEVERITY) as VerdictName[], `${place}.verdict`);
  const given = <T>(key: string, absent: T, read: (value: unknown, place: string) => T): T =>
    rule[key] === undefined ? absent : read(rule[key], `${place}.${key}`);
  return {
    name,
    enabled: given('enabled', true, booleanAt),
    on,
    when: readWhen(rule['when'], on, `${place}.when`),
    pattern: readPattern(rule, place),
    // Every child is a zombie for a moment: without an age the rule would tell of each.
    olderThan: on === 'zombie' ? secondsAt(rule['olderThan'], `${place}.olderThan`) : null,
    atLeast: given<number | null>('atLeast', on === 'loss' ? 1 : null, countAt),
    except: given('except', [], (value, at) =>
      fullListAt(value, at, (one, where) => readException(one, where, SCOPES[on])),
    ),
    verdict,
    severity: given('severity', USUAL_SEVERITY[verdict], (value, at) => choiceAt(value, SEVERITIES, at)),
    reason: given('reason', `rule "${name}"`, textAt),
    until: given<number | null>('until', null, readUntil),
    requiresComplete:
      given<string | null>('requires', null, (value, at) => choiceAt(value, ['complete'], at)) !== null,
    repeats: given<Repeats | null>('repeats', null, readRepeats),
  };
}

function checkSubject(rule: JsonObject, on: RuleSubject, place: string): void {
  for (const [key, subject] of Object.entries(ONLY_ON)) {
    if (rule[key] !== undefined && on !== subject) {
      refuse(`${place}.${key}`, 'onlyOn', { values: { subject, on } });
    }
  }
  if (on === 'loss' && rule['except'] !== undefined) {
    refuse(`${place}.except`, 'exceptOnLoss');
  }
  if (on === 'loss' && rule['requires'] !== undefined) {
    refuse(`${place}.requires`, 'requiresOnLoss');
  }
}

function readWhen(input: unknown, on: RuleSubject, place: string): Condition {
  if (input === undefined && on !== 'signal' && on !== 'exit') return { kind: 'all', of: [] };
  const when = objectAt(input, place);
  if (on === 'loss' && Object.keys(when).length > 0) {
    refuse(place, 'whenOnLoss');
  }
  return readCondition(when, place, SCOPES[on]);
}

function readPattern(rule: JsonObject, place: string): Pattern | null {
  const [kind, ...others] = PATTERNS.filter((key) => rule[key] !== undefined);
  if (kind === undefined) return null;
  if (others.length > 0) refuse(`${place}.${others.join(', ')}`, 'together', { values: { other: kind } });
  const at = `${place}.${kind}`;
  const input = objectAt(rule[kind], at);
  if (kind === 'times') return readTimes(input, at);
  onlyKeys(input, kind === 'after' ? ['when', 'within'] : ['when', 'stage', 'within'], at);
  const within = secondsAt(input['within'], `${at}.within`);
  if (kind === 'after') return { kind, when: readCondition(input['when'], `${at}.when`, OF_SIGNALS), within };
  if (input['stage'] === undefined) {
    if (input['when'] === undefined) refuse(at, 'stageOrWhen');
    return { kind, stage: null, when: readCondition(input['when'], `${at}.when`, OF_SIGNALS), within };
  }
  if (input['when'] !== undefined) refuse(`${at}.when`, 'together', { values: { other: 'stage' } });
  return { kind, stage: choiceAt(input['stage'], AWAITED_STAGES, `${at}.stage`), within };
}

function readTimes(input: JsonObject, place: string): Pattern {
  onlyKeys(input, ['atLeast', 'within', 'per'], place);
  return {
    kind: 'times',
    atLeast: countAt(input['atLeast'], `${place}.atLeast`),
    within: secondsAt(input['within'], `${place}.within`),
    per: input['per'] === undefined ? ['target.id'] : listAt(input['per'], `${place}.per`, fieldNameAt),
  };
}

function readRepeats(input: unknown, place: string): Repeats {
  const repeats = objectAt(input, place);
  onlyKeys(repeats, ['by', 'every'], place);
  return {
    by: listAt(repeats['by'], `${place}.by`, fieldNameAt),
    every: secondsAt(repeats['every'], `${place}.every`),
  };
}
