/**
 * A report as a story for a person: what happened to the process that was asked for and to its relatives, in time
 * order, each line with its time in the trace and the evidence that it rests on; then the process tree, what the
 * trace cannot say, and the alerts.
 *
 * Where there are many processes, those that lived without incident are counted and not listed one by one.
 */
import type { Alert, Report } from '../../model/report';
import { KEEP } from '../printable';
import { tellAlerts } from './alerts';
import { storyClock, type StoryClock } from './clock';
import { tellGaps } from './gaps';
import { tellTrace, tellVerdict } from './head';
import { chooseLives, LifeSections } from './lives';
import { StoryNames } from './names';
import { tellOthers } from './others';
import { StoryPage } from './page';
import { processTree } from './process-tree';

export interface StoryOptions {
  /** Whether to use the terminal's colours; none where nothing is said. */
  readonly color?: boolean;
  /** Columns to wrap at; 110 where nothing is said, at least 60. A path is never broken. */
  readonly width?: number;
  /** Listed at the end; without them nothing is said about alerts. */
  readonly alerts?: readonly Alert[];
}

/** The whole story, lines ending in a newline. The same report gives the same text. */
export function formatStory(report: Report, options: StoryOptions = {}): string {
  const page = new StoryPage(options.width ?? 110, options.color ?? false);
  const names = new StoryNames(report);
  const moments = momentsOf(report);
  const clock = storyClock(report.trace.clock, report.trace.start ?? firstOf(moments), moments);

  tellVerdict(page, report);
  tellTrace(page, clock, report);
  const chosen = chooseLives(report);
  const lives = new LifeSections(page, clock, names, report);
  for (const process of chosen) lives.tell(process);
  tellOthers(
    page,
    clock,
    report.processes.filter((process) => !chosen.includes(process)),
  );
  tellTree(page, clock, names, report);
  tellGaps(page, clock, report, chosen);
  if (options.alerts) tellAlerts(page, clock, options.alerts);
  return page.lines
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
    .replaceAll(KEEP, ' ');
}

function tellTree(page: StoryPage, clock: StoryClock, names: StoryNames, report: Report): void {
  if (report.processes.length === 0) return;
  page.heading('Process tree', '');
  const lines = processTree(report, names, clock);
  const width = Math.min(60, Math.max(...lines.map((line) => line.name.length)));
  for (const line of lines) page.wrapped(`  ${line.name.padEnd(width)}  `, line.fate, 'dim');
}

function momentsOf({ trace, processes, signals }: Report): number[] {
  const bounds = [trace.start, trace.end].filter((ts) => ts !== null);
  return [
    ...bounds,
    ...processes.flatMap(({ fork, attached }) => fork?.ts ?? attached?.ts ?? []),
    ...signals.map(({ ts }) => ts),
  ];
}

function firstOf(moments: readonly number[]): number {
  return moments.reduce((first, ts) => Math.min(first, ts), moments[0] ?? 0);
}
