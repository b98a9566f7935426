/**
 * A report as JSON: `ftrace-life report --format json`. Its keys have the order of the contract, in whatever order the
 * report was built, so that two reports can be compared line by line. Addresses stay numbers.
 */
import type { Alert, Report } from '../model/report';
import { inContractOrder } from './report-keys';

/**
 * Indented by two, ending in a newline.
 * @param alerts come last, under `alerts`; null where no rules were asked
 */
export function formatJson(report: Report, alerts: readonly Alert[] | null = null): string {
  const value = alerts === null ? report : { ...report, alerts };
  return `${JSON.stringify(inContractOrder('report', value), null, 2)}\n`;
}
