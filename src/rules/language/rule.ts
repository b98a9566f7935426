/**
 * A rule as it was read (docs/rules.md is the language; `readRuleSet` reads it). All of this is plain data: what
 * compares a signal with it is built from it once, by `compileRule`.
 */
import type { Severity } from '../../model/report';
import type { FieldName } from './condition-fields';

export type VerdictName = 'expected' | 'unexpected' | 'attention' | 'unknown';

/** What a field's test compares with: a signal's number and its code are both. */
export type TestValue = string | number | boolean;

/** All that are there must hold. What the trace does not know fulfils none of them but `known: false`. */
export interface FieldTest {
  /** One of these: `is`, `in`, a bare value, a list. Texts are globs; a signal is as it was written (`TERM`, `@fatal`). */
  readonly in?: readonly TestValue[];
  /** None of these. */
  readonly not?: readonly TestValue[];
  readonly glob?: readonly string[];
  /** Sources of regular expressions, found anywhere in the text. */
  readonly regex?: readonly string[];
  readonly above?: number;
  readonly atLeast?: number;
  readonly below?: number;
  readonly atMost?: number;
  readonly known?: boolean;
}

export type Condition =
  /** Holds also where it is empty. */
  | { readonly kind: 'all'; readonly of: readonly Condition[] }
  | { readonly kind: 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'field'; readonly field: FieldName; readonly test: FieldTest };

/** What a rule looks at: each signal, each end of a process, each zombie, each loss of events. */
export type RuleSubject = 'signal' | 'exit' | 'zombie' | 'loss';

/** What may be missing after a signal: its target ends, stops, goes on, is reaped. */
export type AwaitedStage = 'exit' | 'stop' | 'continue' | 'reap';

/** What a rule asks of more than one moment. Seconds are on the trace clock. */
export type Pattern =
  /** An earlier signal to the same process. */
  | { readonly kind: 'after'; readonly when: Condition; readonly within: number }
  /** This does not come within so many seconds. */
  | { readonly kind: 'without'; readonly stage: AwaitedStage; readonly within: number }
  | { readonly kind: 'without'; readonly stage: null; readonly when: Condition; readonly within: number }
  /** So many within so many seconds, counted apart for each combination of the fields' values. */
  | {
      readonly kind: 'times';
      readonly atLeast: number;
      readonly within: number;
      readonly per: readonly FieldName[];
    };

/** Who may do this to whom, in spite of the rule: the alert becomes `expected`. */
export interface RuleException {
  /** Of the sender, the target and the signal together. */
  readonly when: Condition;
  readonly reason: string;
  /** Milliseconds since 1970: it holds for signals before that wall time. Null: always. */
  readonly until: number | null;
}

/** When an alert is the same as an earlier one, and how often it is sent. */
export interface Repeats {
  readonly by: readonly FieldName[];
  /** Seconds on the trace clock. */
  readonly every: number;
}

export interface Rule {
  readonly name: string;
  readonly enabled: boolean;
  readonly on: RuleSubject;
  readonly when: Condition;
  /** Null: the signal alone decides. */
  readonly pattern: Pattern | null;
  /** On a zombie: seconds since its exit. */
  readonly olderThan: number | null;
  /** On a loss: events lost. */
  readonly atLeast: number | null;
  readonly except: readonly RuleException[];
  readonly verdict: VerdictName;
  readonly severity: Severity;
  readonly reason: string;
  /** Milliseconds since 1970: the rule is off for signals at and after that wall time. */
  readonly until: number | null;
  /** It does not fire on evidence that is marked incomplete. */
  readonly requiresComplete: boolean;
  /** Null: as the node's settings say. */
  readonly repeats: Repeats | null;
}

/** `first`: the first rule that matches decides; `all`: each that matches does. */
export type RuleMatching = 'first' | 'all';

export interface RuleSet {
  readonly match: RuleMatching;
  readonly rules: readonly Rule[];
}

export const SEVERITIES = [
  'info',
  'notice',
  'warning',
  'error',
  'critical',
] as const satisfies readonly Severity[];

/** What a verdict weighs where its rule does not say. */
export const USUAL_SEVERITY: Readonly<Record<VerdictName, Severity>> = {
  expected: 'info',
  unexpected: 'error',
  attention: 'warning',
  unknown: 'notice',
};
