/** Where the trace is silent, place by place. */
import type { ProcessRecord, Report } from '../../model/report';
import { groupBy } from '../group-by';
import { printable } from '../printable';
import type { StoryClock } from './clock';
import { nameAndPid } from './names';
import { counted, type StoryPage } from './page';

const MAX_GAPS = 8;

/** @param shown the lives that have a section of their own, with their gaps in it */
export function tellGaps(
  page: StoryPage,
  clock: StoryClock,
  report: Report,
  shown: readonly ProcessRecord[],
): void {
  const { lost, damage, processes } = report;
  const unshown = processes.filter((process) => !shown.includes(process));
  const reasons = groupBy(
    unshown.flatMap((process) => process.incomplete.map((reason) => ({ process, reason }))),
    ({ reason }) => reason,
  );
  if (lost.length + damage.length + reasons.size === 0) return;
  page.heading('What this trace can not say', '');
  for (const { cpu, ts, count } of lost.slice(0, MAX_GAPS)) {
    const where = ts === null ? 'at the end' : `before ${clock.at(ts)}`;
    page.field(
      'lost',
      `${count === null ? 'events, not counted,' : counted(count, 'event')} on CPU ${cpu} ${where}`,
      'red',
    );
  }
  if (lost.length > MAX_GAPS) page.field('', `and ${counted(lost.length - MAX_GAPS, 'gap')} more`);
  for (const { code, atByte, line, excerpt } of damage.slice(0, MAX_GAPS)) {
    const where = line === undefined ? `at byte ${atByte}` : `in line ${line}`;
    page.field('unread', `${where}, ${code}${excerpt === undefined ? '' : `: ${printable(excerpt)}`}`, 'red');
  }
  if (damage.length > MAX_GAPS) page.field('', `and ${damage.length - MAX_GAPS} more`);
  for (const [reason, of] of reasons) {
    const first = of[0]!.process;
    const who = of.length === 1 ? nameAndPid(first.comm, first.pid) : `${of.length} processes`;
    page.field('incomplete', `${who}: ${printable(reason)}`, 'yellow');
  }
}
