/**
 * A report as JSON: `ftrace-life report --format json`. Keys stand in the order of the contract whatever order the
 * report was built in, so that two reports can be compared line by line. Addresses stay numbers.
 */
import type { Report } from '../model/report';
import { inContractOrder } from './report-keys';

/** Indented by two, ending in a newline. */
export function formatJson(report: Report): string {
  return `${JSON.stringify(inContractOrder('report', report), null, 2)}\n`;
}
