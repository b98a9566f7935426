/**
 * A report as a story for a person: what happened to the process that was asked for and to its relatives, in time
 * order, each line with its time in the trace and the evidence that it rests on; then the process tree, what the
 * trace can not say, and the alerts.
 *
 * Where there are many processes, those that lived without incident are counted and not shown one by one.
 */
import { styleText } from 'node:util';
import type { Alert, ProcessRecord, Report, Severity, SignalRecord } from '../model/report';
import { groupBy } from './group-by';
import { processTree } from './process-tree';
import { KEEP, printable } from './printable';
import { storyClock, type StoryClock } from './story-clock';
import { lifeEntries, ownSignals, type Tone } from './story-life';
import { nameAndPid, StoryNames } from './story-names';
import { interestOf, outcomeOf } from './story-outcome';

export interface StoryOptions {
  /** Whether to use the terminal's colours; none where nothing is said. */
  readonly color?: boolean;
  /** Columns to wrap at; 110 where nothing is said, at least 60. A path is never broken. */
  readonly width?: number;
  /** Shown at the end; without them nothing is said about alerts. */
  readonly alerts?: readonly Alert[];
}

/** Up to so many processes are all shown in full. */
const FEW = 8;
const MAX_LIVES = 20;
const MAX_SUMMARY_LINES = 20;
const MAX_GAPS = 8;

type Style = Parameters<typeof styleText>[0];
type Ink = (style: Style, text: string) => string;

const TONES: Readonly<Record<Tone, Style>> = {
  plain: 'none',
  birth: 'green',
  death: 'red',
  signal: 'yellow',
  quiet: 'dim',
};
const SEVERITY_STYLES: Readonly<Record<Severity, Style>> = {
  info: 'dim',
  notice: 'cyan',
  warning: 'yellow',
  error: 'red',
  critical: ['bold', 'red'],
};

/** The whole story, lines ending in a newline. The same report gives the same text. */
export function formatStory(report: Report, options: StoryOptions = {}): string {
  return new Story(report, options).lines
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
    .replaceAll(KEEP, ' ');
}

class Story {
  readonly lines: string[] = [];
  readonly #ink: Ink;
  readonly #width: number;
  readonly #names: StoryNames;
  readonly #clock: StoryClock;
  readonly #children: ReadonlyMap<string | null, ProcessRecord[]>;
  readonly #sent: ReadonlyMap<ProcessRecord | null, SignalRecord[]>;

  readonly #report: Report;

  constructor(report: Report, options: StoryOptions) {
    this.#report = report;

    this.#width = Math.max(60, options.width ?? 110);
    // The caller decides about colour: whether stdout is a terminal is not asked again.
    this.#ink = options.color
      ? (style, text) => styleText(style, text, { validateStream: false })
      : (_, text) => text;
    this.#names = new StoryNames(report);
    const moments = momentsOf(report);
    this.#clock = storyClock(report.trace.clock, report.trace.start ?? firstOf(moments), moments);
    this.#children = groupBy(report.processes, (process) => process.parent);
    this.#sent = this.#signalsBySender();

    this.#title();
    this.#trace();
    const shown = this.#chooseLives();
    for (const process of shown) this.#life(process);
    this.#others(report.processes.filter((process) => !shown.includes(process)));
    this.#tree();
    this.#gaps(shown);
    if (options.alerts) this.#alerts(options.alerts);
  }

  /** The first line answers: what the whole tree came to. */
  #title(): void {
    const { verdict } = this.#report;
    const style: Style = verdict.ended.length > 0 ? ['bold', 'red'] : 'bold';
    for (const line of wrap(printable(verdict.text), this.#width)) this.lines.push(this.#ink(style, line));
  }

  #trace(): void {
    const { trace, processes } = this.#report;
    const facts = [
      ...(trace.source === null ? [] : [trace.source]),
      counted(trace.events, 'event'),
      ...(trace.cpus === null ? [] : [counted(trace.cpus, 'CPU')]),
      counted(processes.length, 'process', 'processes'),
      ...(trace.start === null || trace.end === null
        ? []
        : [
            `${this.#clock.at(trace.start)} to ${this.#clock.at(trace.end)} (${this.#clock.span(trace.end - trace.start)})`,
          ]),
    ];
    this.#field('trace', facts.join(', '));
    const machine = [
      ...(trace.host === undefined ? [] : [printable(trace.host)]),
      ...(trace.kernel === null ? [] : [`Linux ${printable(trace.kernel)}`]),
      ...(trace.clock === null ? [] : [`clock ${printable(trace.clock)}`]),
      ...(trace.time === null ? [] : [`began ${printable(trace.time)}`]),
    ];
    if (machine.length > 0) this.#field('on', machine.join(', '));
    const loss = this.#lossText();
    this.#field('lost', loss ?? 'nothing', loss === null ? 'none' : ['bold', 'red']);
    if (trace.unexplained > 0) {
      const text = `${counted(trace.unexplained, 'line or record', 'lines or records')} could not be read`;
      this.#field('unread', text, 'red');
    }
    const isNamed = ({ execs, libraries, files }: ProcessRecord) =>
      [...execs, ...libraries, ...files].some(({ nameSource }) => nameSource !== null);
    if (processes.some(isNamed)) this.#field('names', 'the source of each file name is in brackets', 'dim');
    for (const reason of trace.incomplete) this.#field('incomplete', printable(reason), 'yellow');
  }

  /** Null where nothing was lost. */
  #lossText(): string | null {
    const { lost } = this.#report.trace;
    const gaps = this.#report.lost.length;
    if (lost === 0 && gaps === 0) return null;
    const count = lost === null ? 'an unknown number of events' : counted(lost, 'event');
    return `${count} in ${counted(gaps, 'gap')}: what happened there is unknown`;
  }

  #field(name: string, text: string, style: Style = 'none'): void {
    this.#wrapped(`  ${name.padEnd(12)}`, text, style);
  }

  #chooseLives(): ProcessRecord[] {
    const { processes } = this.#report;
    const hero = principal(this.#report);
    const interest = (process: ProcessRecord) =>
      process === hero ? Infinity : interestOf(process, ownSignals(process, this.#report).length > 0);
    // A shell or launcher that nothing happened to is in everyone else's story already, and in the tree.
    const candidates = processes.filter((process) =>
      processes.length <= FEW ? process.role !== 'parent' || interest(process) > 0 : interest(process) > 0,
    );
    const chosen = new Set([...candidates].sort((a, b) => interest(b) - interest(a)).slice(0, MAX_LIVES));
    return processes.filter((process) => chosen.has(process));
  }

  #life(process: ProcessRecord): void {
    const age = lifespan(process, this.#clock);
    const parent = this.#report.processes.find((candidate) => candidate.id === process.parent);
    const facts = [
      ...(process.role === 'workload'
        ? ['the workload']
        : process.role === 'parent'
          ? ['the traced parent']
          : process.role === 'attached'
            ? ['attached to while it ran']
            : []),
      ...(parent ? [`child of ${nameAndPid(parent.comm, parent.pid)}`] : []),
      outcomeOf(process),
      ...(age === '' ? [] : [`lived ${age}`]),
    ];
    this.#heading(nameAndPid(process.comm, process.pid), facts.join(', '));
    for (const reason of process.incomplete) this.#field('incomplete', printable(reason), 'yellow');
    const entries = lifeEntries(process, {
      report: this.#report,
      names: this.#names,
      clock: this.#clock,
      children: this.#children.get(process.id) ?? [],
      sent: this.#sent.get(process) ?? [],
    });
    const atWidth = Math.max(0, ...entries.map((entry) => this.#clock.at(entry.ts).length));
    const sinceWidth = Math.max(0, ...entries.map((entry) => this.#clock.since(entry.ts).length));
    for (const entry of entries) {
      const at = this.#clock.at(entry.ts).padStart(atWidth);
      const since = this.#clock.since(entry.ts).padStart(sinceWidth);
      const style = TONES[entry.tone];
      const column = `  ${at}  ${since}  ${entry.what.padEnd(8)}  `;
      const painted = `  ${this.#ink('dim', `${at}  ${since}`)}  ${this.#ink(style, entry.what.padEnd(8))}  `;
      this.#wrapped(column, entry.text, entry.tone === 'quiet' ? 'dim' : 'none', painted);
      if (entry.evidence !== undefined) {
        this.#wrapped(' '.repeat(column.length + 2), entry.evidence, 'dim');
      }
    }
  }

  /** The processes without a section of their own, by program and end. */
  #others(rest: readonly ProcessRecord[]): void {
    const quiet = rest.filter((process) => process.role !== 'parent');
    if (quiet.length === 0) return;
    const incomplete = quiet.filter((process) => process.incomplete.length > 0).length;
    const note = incomplete === 0 ? '' : `, ${incomplete} of them incomplete`;
    this.#heading(counted(quiet.length, 'more process', 'more processes'), `in short${note}`);
    const groups = [...groupBy(quiet, (process) => `${programOf(process)}\0${outcomeOf(process)}`).values()];
    groups.sort((a, b) => b.length - a.length);
    const shown = groups.slice(0, MAX_SUMMARY_LINES);
    const width = Math.min(40, Math.max(0, ...shown.map((group) => programOf(group[0]!).length)));
    for (const group of shown) {
      const ages = group
        .flatMap(({ fork, exit }) => (fork && exit ? [exit.ts - fork.ts] : []))
        .sort((a, b) => a - b);
      const range = [...new Set([ages.at(0), ages.at(-1)].flatMap((age) => age ?? []))];
      const lived =
        range.length === 0 ? '' : `, lived ${range.map((age) => this.#clock.span(age)).join(' to ')}`;
      const count = `${group.length} ×`.padStart(8);
      this.lines.push(`${count} ${programOf(group[0]!).padEnd(width)}  ${outcomeOf(group[0]!)}${lived}`);
    }
    const hidden = groups.slice(MAX_SUMMARY_LINES).reduce((sum, group) => sum + group.length, 0);
    if (hidden > 0) this.lines.push(`  and ${counted(hidden, 'process', 'processes')} of other programs`);
  }

  #tree(): void {
    if (this.#report.processes.length === 0) return;
    this.#heading('Process tree', '');
    const lines = processTree(this.#report, this.#names, this.#clock);
    const width = Math.min(60, Math.max(...lines.map((line) => line.name.length)));
    for (const line of lines) this.#wrapped(`  ${line.name.padEnd(width)}  `, line.fate, 'dim');
  }

  /** Where the trace is silent, place by place. */
  #gaps(shown: readonly ProcessRecord[]): void {
    const { lost, damage, processes } = this.#report;
    const unshown = processes.filter((process) => !shown.includes(process));
    const reasons = groupBy(
      unshown.flatMap((process) => process.incomplete.map((reason) => ({ process, reason }))),
      ({ reason }) => reason,
    );
    if (lost.length + damage.length + reasons.size === 0) return;
    this.#heading('What this trace can not say', '');
    for (const { cpu, ts, count } of lost.slice(0, MAX_GAPS)) {
      const where = ts === null ? 'at the end' : `before ${this.#clock.at(ts)}`;
      this.#field(
        'lost',
        `${count === null ? 'events, not counted,' : counted(count, 'event')} on CPU ${cpu} ${where}`,
        'red',
      );
    }
    if (lost.length > MAX_GAPS) this.#field('', `and ${counted(lost.length - MAX_GAPS, 'gap')} more`);
    for (const { code, atByte, line, excerpt } of damage.slice(0, MAX_GAPS)) {
      const where = line === undefined ? `at byte ${atByte}` : `in line ${line}`;
      this.#field(
        'unread',
        `${where}, ${code}${excerpt === undefined ? '' : `: ${printable(excerpt)}`}`,
        'red',
      );
    }
    if (damage.length > MAX_GAPS) this.#field('', `and ${damage.length - MAX_GAPS} more`);
    for (const [reason, of] of reasons) {
      const first = of[0]!.process;
      const who = of.length === 1 ? nameAndPid(first.comm, first.pid) : `${of.length} processes`;
      this.#field('incomplete', `${who}: ${printable(reason)}`, 'yellow');
    }
  }

  #alerts(alerts: readonly Alert[]): void {
    this.#heading(`Alerts: ${alerts.length === 0 ? 'none' : String(alerts.length)}`, '');
    for (const { severity, first, text, rule, count } of alerts) {
      const column = `  ${severity.padEnd(10)}`;
      const painted = `  ${this.#ink(SEVERITY_STYLES[severity], severity.padEnd(10))}`;
      this.#wrapped(column, printable(text), 'none', painted);
      const times = count === 1 ? '' : `, ${count} times`;
      this.lines.push(
        this.#ink(
          'dim',
          `${' '.repeat(column.length)}at ${this.#clock.at(first)}${times}, by ${printable(rule)}`,
        ),
      );
    }
  }

  #heading(name: string, facts: string): void {
    this.lines.push('');
    this.#wrapped(`${name}  `, facts, 'none', `${this.#ink('bold', name)}  `);
  }

  /** `text` after `column`, its further lines under its beginning. `painted` is the column with its colours. */
  #wrapped(column: string, text: string, style: Style, painted = column): void {
    const indent = ' '.repeat(column.length);
    for (const [index, line] of wrap(text, this.#width - column.length).entries()) {
      this.lines.push(`${index === 0 ? painted : indent}${this.#ink(style, line)}`);
    }
  }

  /** Signals that are listed by their sender: a death that its parent hears of, and what leaves the report. */
  #signalsBySender(): Map<ProcessRecord | null, SignalRecord[]> {
    const received = new Set(this.#report.processes.flatMap((process) => process.signals));
    const shown = [...this.#report.signals.entries()]
      .filter(([index, signal]) => !signal.control && (signal.origin === 'child' || !received.has(index)))
      .map(([, signal]) => signal);
    return groupBy(shown, ({ sender, ts }) => (sender ? this.#names.process(sender.pid, ts) : null));
  }
}

/** The process that the story is about: the command asked for, else one that a signal killed, else the first. */
function principal({ processes }: Report): ProcessRecord | undefined {
  return (
    processes.find((process) => process.role === 'workload' || process.role === 'attached') ??
    processes.find((process) => process.exit?.kind === 'signaled') ??
    processes.find((process) => process.role !== 'parent' && process.fork !== null) ??
    processes[0]
  );
}

function lifespan({ fork, exit }: ProcessRecord, clock: StoryClock): string {
  return fork && exit ? clock.span(exit.ts - fork.ts) : '';
}

function programOf(process: ProcessRecord): string {
  const exec = process.execs.findLast((call) => call.error === null);
  const program = exec === undefined ? process.attached?.program : exec.path;
  return printable(program ?? (process.comm === null ? 'unknown program' : `${process.comm}, no exec`));
}

function momentsOf({ trace, processes, signals }: Report): number[] {
  const bounds = [trace.start, trace.end].filter((ts) => ts !== null);
  return [...bounds, ...processes.flatMap(({ fork }) => fork?.ts ?? []), ...signals.map(({ ts }) => ts)];
}

function firstOf(moments: readonly number[]): number {
  return moments.reduce((first, ts) => Math.min(first, ts), moments[0] ?? 0);
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${String(count).replace(/\B(?=(\d{3})+$)/g, ' ')} ${count === 1 ? one : many}`;
}

/** Breaks at spaces; a word that is longer than the line stays whole, so that a path can be copied. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<= )(?! )/)) {
    if (line !== '' && line.length + word.trimEnd().length > width) {
      lines.push(line);
      line = '';
    }
    line += word;
  }
  return [...lines, line];
}
