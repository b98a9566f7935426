import type { Alert, Report } from '../../model/report';
import { AlertWatch, type AlertWatchOptions, type Judgement } from './alert-watch';
import { judgeReport } from './report-facts';
import type { RuleSet } from '../language/rule';

/** What a live signal-filter would have said about this trace, in the same order: `ftrace-life report --rules`. */
export function alertsOf(report: Report, rules: RuleSet, options?: AlertWatchOptions): Alert[] {
  const watch = new AlertWatch(rules, options);
  const findings: Judgement[] = [];
  for (const found of judgeReport(watch, report)) findings.push(...found);
  return findings.flatMap((finding) => (finding.kind === 'alert' ? [finding.alert] : []));
}
