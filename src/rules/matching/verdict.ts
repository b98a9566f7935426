import type { Severity } from '../../model/report';
import type { VerdictName } from '../language/rule';

/** What a rule, or a row of the default verdicts, says of something that happened. */
export interface Verdict {
  readonly verdict: VerdictName;
  /** The name of the rule that decided: the user's, or `default:...`. */
  readonly rule: string;
  readonly severity: Severity;
  readonly reason: string;
}

/** Of the session's own signal, about which no rule is asked. */
export const SESSION_CONTROL: Verdict = {
  verdict: 'expected',
  rule: 'default:session-control',
  severity: 'info',
  reason: 'the tracing session sent it itself',
};
