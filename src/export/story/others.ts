/** The processes without a section of their own: counted by program and end. */
import type { ProcessRecord } from '../../model/report';
import { groupBy } from '../group-by';
import { printable } from '../printable';
import type { StoryClock } from './clock';
import { outcomeOf } from './outcome';
import { counted, type StoryPage } from './page';

const MAX_SUMMARY_LINES = 20;

export function tellOthers(page: StoryPage, clock: StoryClock, rest: readonly ProcessRecord[]): void {
  const quiet = rest.filter((process) => process.role !== 'parent');
  if (quiet.length === 0) return;
  const incomplete = quiet.filter((process) => process.incomplete.length > 0).length;
  const note = incomplete === 0 ? '' : `, ${incomplete} of them incomplete`;
  page.heading(counted(quiet.length, 'more process', 'more processes'), `in short${note}`);
  const groups = [...groupBy(quiet, (process) => `${programOf(process)}\0${outcomeOf(process)}`).values()];
  groups.sort((a, b) => b.length - a.length);
  const shown = groups.slice(0, MAX_SUMMARY_LINES);
  const width = Math.min(40, Math.max(0, ...shown.map((group) => programOf(group[0]!).length)));
  for (const group of shown) {
    const ages = group
      .flatMap(({ fork, exit }) => (fork && exit ? [exit.ts - fork.ts] : []))
      .sort((a, b) => a - b);
    const range = [...new Set([ages.at(0), ages.at(-1)].flatMap((age) => age ?? []))];
    const lived = range.length === 0 ? '' : `, lived ${range.map((age) => clock.span(age)).join(' to ')}`;
    const count = `${group.length} ×`.padStart(8);
    page.line(`${count} ${programOf(group[0]!).padEnd(width)}  ${outcomeOf(group[0]!)}${lived}`);
  }
  const hidden = groups.slice(MAX_SUMMARY_LINES).reduce((sum, group) => sum + group.length, 0);
  if (hidden > 0) page.line(`  and ${counted(hidden, 'process', 'processes')} of other programs`);
}

function programOf(process: ProcessRecord): string {
  const exec = process.execs.findLast((call) => call.error === null);
  const program = exec === undefined ? process.attached?.program : exec.path;
  return printable(program ?? (process.comm === null ? 'unknown program' : `${process.comm}, no exec`));
}
