/** The head of a story: the verdict, and what the trace is that it was read from. */
import type { ProcessRecord, Report } from '../../model/report';
import { printable } from '../printable';
import type { StoryClock } from './clock';
import { counted, type StoryPage } from './page';

/** The first line answers: what the whole tree came to. */
export function tellVerdict(page: StoryPage, { verdict }: Report): void {
  page.paragraph(printable(verdict.text), verdict.ended.length > 0 ? ['bold', 'red'] : 'bold');
}

export function tellTrace(page: StoryPage, clock: StoryClock, report: Report): void {
  const { trace, processes } = report;
  const facts = [
    ...(trace.source === null ? [] : [trace.source]),
    counted(trace.events, 'event'),
    ...(trace.cpus === null ? [] : [counted(trace.cpus, 'CPU')]),
    counted(processes.length, 'process', 'processes'),
    ...(trace.start === null || trace.end === null
      ? []
      : [`${clock.at(trace.start)} to ${clock.at(trace.end)} (${clock.span(trace.end - trace.start)})`]),
  ];
  page.field('trace', facts.join(', '));
  const machine = [
    ...(trace.host === undefined ? [] : [printable(trace.host)]),
    ...(trace.kernel === null ? [] : [`Linux ${printable(trace.kernel)}`]),
    ...(trace.clock === null ? [] : [`clock ${printable(trace.clock)}`]),
    ...(trace.time === null ? [] : [`began ${printable(trace.time)}`]),
  ];
  if (machine.length > 0) page.field('on', machine.join(', '));
  const loss = lossText(report);
  page.field('lost', loss ?? 'nothing', loss === null ? 'none' : ['bold', 'red']);
  if (trace.unexplained > 0) {
    const text = `${counted(trace.unexplained, 'line or record', 'lines or records')} could not be read`;
    page.field('unread', text, 'red');
  }
  const isNamed = ({ execs, libraries, files }: ProcessRecord) =>
    [...execs, ...libraries, ...files].some(({ nameSource }) => nameSource !== null);
  if (processes.some(isNamed)) page.field('names', 'the source of each file name is in brackets', 'dim');
  for (const reason of trace.incomplete) page.field('incomplete', printable(reason), 'yellow');
}

/** Null where nothing was lost. */
function lossText(report: Report): string | null {
  const { lost } = report.trace;
  const gaps = report.lost.length;
  if (lost === 0 && gaps === 0) return null;
  const count = lost === null ? 'an unknown number of events' : counted(lost, 'event');
  return `${count} in ${counted(gaps, 'gap')}: what happened there is unknown`;
}
