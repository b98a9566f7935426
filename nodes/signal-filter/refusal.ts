/** What is wrong with rules, in the words and with the place that a deploy gives. */
import { REASONS, TraceError, readRuleSet } from '../../src/rule-language';

/** "rules[2].when.signal: SIGFOO is not a signal" */
export function refusalOf(error: unknown): string {
  if (!(error instanceof TraceError)) return error instanceof Error ? error.message : String(error);
  const general = `${REASONS[error.code]}: `;
  return error.message.startsWith(general) ? error.message.slice(general.length) : error.message;
}

/** @returns null where the rules can be used */
export function refusalOfRules(written: unknown): string | null {
  try {
    readRuleSet(written);
    return null;
  } catch (error) {
    return refusalOf(error);
  }
}
