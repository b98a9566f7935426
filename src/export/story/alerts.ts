/** The alerts at the end of a story. */
import type { Alert, Severity } from '../../model/report';
import { printable } from '../printable';
import type { StoryClock } from './clock';
import type { StoryPage, Style } from './page';

const SEVERITY_STYLES: Readonly<Record<Severity, Style>> = {
  info: 'dim',
  notice: 'cyan',
  warning: 'yellow',
  error: 'red',
  critical: ['bold', 'red'],
};

export function tellAlerts(page: StoryPage, clock: StoryClock, alerts: readonly Alert[]): void {
  page.heading(`Alerts: ${alerts.length === 0 ? 'none' : String(alerts.length)}`, '');
  for (const { severity, first, text, rule, count } of alerts) {
    const column = `  ${severity.padEnd(10)}`;
    const painted = `  ${page.ink(SEVERITY_STYLES[severity], severity.padEnd(10))}`;
    page.wrapped(column, printable(text), 'none', painted);
    const times = count === 1 ? '' : `, ${count} times`;
    page.line(
      page.ink('dim', `${' '.repeat(column.length)}at ${clock.at(first)}${times}, by ${printable(rule)}`),
    );
  }
}
