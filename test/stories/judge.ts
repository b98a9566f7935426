/** Compares what was said of a case with what must be said. */
import type { Alert } from '../../src/model/report';
import type { Case } from './case';
import type { Answer } from './scene';

/** Information raises nothing: it is there for those who ask for it. */
export function raised({ alerts }: Answer): Alert[] {
  return alerts.filter(({ severity }) => severity !== 'info');
}

/** @returns a line for each fault; none where all is as it must be */
export function judge(expected: Case, answer: Answer): string[] {
  const faults: string[] = [];
  for (const pattern of expected.firstLine)
    if (!pattern.test(answer.firstLine)) faults.push(`the first line does not say ${String(pattern)}`);
  for (const pattern of expected.never ?? [])
    if (pattern.test(answer.firstLine) || raised(answer).some(({ text }) => pattern.test(text)))
      faults.push(`it says ${String(pattern)}`);
  const left = raised(answer);
  for (const { severity, text } of expected.alerts) {
    const at = left.findIndex(
      (alert) =>
        ([] as string[]).concat(severity).includes(alert.severity) &&
        text.every((pattern) => pattern.test(alert.text)),
    );
    if (at < 0) faults.push(`no ${String(severity)} alert says ${text.map(String).join(' and ')}`);
    else left.splice(at, 1);
  }
  for (const alert of left) faults.push(`it raises [${alert.severity}] ${alert.text}`);
  return faults;
}
