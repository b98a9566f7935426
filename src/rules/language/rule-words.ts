/** A rule in words, on one line: "SIGTERM or SIGKILL from systemd to postgres*: expected". */
import { joined, signalWords, targetWords, type Say } from './condition-words';
import { USUAL_SEVERITY, type Pattern, type Rule } from './rule';

export type { Say } from './condition-words';

/** @param say gives the words: the keys are under `words` and `field` of signal-filter's texts */
export function ruleWords(rule: Rule, say: Say): string {
  let what = exceptWords(rule, subjectWords(rule, say), say);
  if (rule.requiresComplete) what = say('words.complete', { what });
  const verdict = say(`verdict.${rule.verdict}`);
  const isUsual = rule.verdict === 'expected' && rule.severity === USUAL_SEVERITY.expected;
  const text = isUsual
    ? say('words.verdict', { what, verdict })
    : say('words.verdictSeverity', { what, verdict, severity: say(`severity.${rule.severity}`) });
  return rule.until === null ? text : say('words.until', { what: text, date: dateWords(rule.until) });
}

function subjectWords(rule: Rule, say: Say): string {
  switch (rule.on) {
    case 'exit':
      return say('words.exit', { target: targetWords(rule.when, say) });
    case 'zombie':
      return say('words.zombie', { target: targetWords(rule.when, say), seconds: rule.olderThan ?? 0 });
    case 'loss':
      return say('words.loss', { count: rule.atLeast ?? 1 });
    case 'signal': {
      const signal = signalWords(rule.when, say);
      return rule.pattern === null ? signal : patternWords(rule.pattern, signal, say);
    }
  }
}

function patternWords(pattern: Pattern, signal: string, say: Say): string {
  const seconds = pattern.within;
  switch (pattern.kind) {
    case 'after':
      return say('words.after', { signal, seconds, earlier: signalWords(pattern.when, say) });
    case 'without':
      return pattern.stage === null
        ? say('words.withoutSignal', { signal, seconds, awaited: signalWords(pattern.when, say) })
        : say(`words.without.${pattern.stage}`, { signal, seconds });
    case 'times': {
      const per = pattern.per.map((name) => say(`field.${name}`));
      const values = { signal, seconds, count: pattern.atLeast, per: joined(per, 'and', say) };
      // The usual: each process on its own.
      const isUsual = pattern.per.length === 1 && pattern.per[0] === 'target.id';
      return say(isUsual ? 'words.times' : 'words.timesPer', values);
    }
  }
}

function exceptWords({ except, on }: Rule, what: string, say: Say): string {
  if (except.length === 0) return what;
  const isOfSignals = on === 'signal';
  const cases = except.map((exception) => {
    const { reason, until } = exception;
    const named = (isOfSignals ? signalWords : targetWords)(exception.when, say);
    const text = say('words.because', { what: named, reason });
    return until === null ? text : say('words.until', { what: text, date: dateWords(until) });
  });
  return say('words.except', { what, cases: joined(cases, 'or', say) });
}

/** `2027-01-01`, or with the time where it is not midnight in UTC. */
function dateWords(ms: number): string {
  const text = new Date(ms).toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : `${text.slice(0, 16)}Z`;
}
