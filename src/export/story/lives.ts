/** Which lives have a section of their own, and what it says. */
import type { ProcessRecord, Report, SignalRecord } from '../../model/report';
import { groupBy } from '../group-by';
import { printable } from '../printable';
import type { StoryClock } from './clock';
import type { Tone } from './entry';
import { lifeEntries } from './life';
import { ownSignals } from './life-signals';
import { nameAndPid, type StoryNames } from './names';
import { interestOf, outcomeOf } from './outcome';
import type { StoryPage, Style } from './page';

/** Up to so many processes each have their section. */
const FEW = 8;
const MAX_LIVES = 20;

const TONES: Readonly<Record<Tone, Style>> = {
  plain: 'none',
  birth: 'green',
  death: 'red',
  signal: 'yellow',
  quiet: 'dim',
};

export function chooseLives(report: Report): ProcessRecord[] {
  const { processes } = report;
  const hero = principal(report);
  const interest = (process: ProcessRecord) =>
    process === hero ? Infinity : interestOf(process, ownSignals(process, report).length > 0);
  // A shell or launcher that nothing happened to is in everyone else's story already, and in the tree.
  const candidates = processes.filter((process) =>
    processes.length <= FEW ? process.role !== 'parent' || interest(process) > 0 : interest(process) > 0,
  );
  const chosen = new Set([...candidates].sort((a, b) => interest(b) - interest(a)).slice(0, MAX_LIVES));
  return processes.filter((process) => chosen.has(process));
}

const ROLES: Readonly<Record<NonNullable<ProcessRecord['role']>, string | null>> = {
  workload: 'the workload',
  parent: 'the traced parent',
  attached: 'attached to while it ran',
  descendant: null,
};

/** Writes sections; what belongs to whom is found once for all of them. */
export class LifeSections {
  readonly #page: StoryPage;
  readonly #clock: StoryClock;
  readonly #names: StoryNames;
  readonly #report: Report;
  readonly #byId: ReadonlyMap<string, ProcessRecord>;
  readonly #children: ReadonlyMap<string | null, ProcessRecord[]>;
  readonly #sent: ReadonlyMap<ProcessRecord | null, SignalRecord[]>;

  constructor(page: StoryPage, clock: StoryClock, names: StoryNames, report: Report) {
    this.#page = page;
    this.#clock = clock;
    this.#names = names;
    this.#report = report;
    this.#byId = new Map(report.processes.map((process) => [process.id, process]));
    this.#children = groupBy(report.processes, (process) => process.parent);
    this.#sent = signalsBySender(report, names);
  }

  tell(process: ProcessRecord): void {
    const age = lifespan(process, this.#clock);
    const parent = this.#byId.get(process.parent ?? '');
    const role = process.role && ROLES[process.role];
    const facts = [
      ...(role === null ? [] : [role]),
      ...(parent ? [`child of ${nameAndPid(parent.comm, parent.pid)}`] : []),
      outcomeOf(process),
      ...(age === '' ? [] : [`lived ${age}`]),
    ];
    this.#page.heading(nameAndPid(process.comm, process.pid), facts.join(', '));
    for (const reason of process.incomplete) this.#page.field('incomplete', printable(reason), 'yellow');
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
      const painted = `  ${this.#page.ink('dim', `${at}  ${since}`)}  ${this.#page.ink(style, entry.what.padEnd(8))}  `;
      this.#page.wrapped(column, entry.text, entry.tone === 'quiet' ? 'dim' : 'none', painted);
      if (entry.evidence !== undefined) {
        this.#page.wrapped(' '.repeat(column.length + 2), entry.evidence, 'dim');
      }
    }
  }
}

/** Signals that are listed by their sender: a death that its parent hears of, and what leaves the report. */
function signalsBySender(report: Report, names: StoryNames): Map<ProcessRecord | null, SignalRecord[]> {
  const received = new Set(report.processes.flatMap((process) => process.signals));
  const shown = [...report.signals.entries()]
    .filter(([index, signal]) => !signal.control && (signal.origin === 'child' || !received.has(index)))
    .map(([, signal]) => signal);
  return groupBy(shown, ({ sender, ts }) => (sender ? names.process(sender.pid, ts) : null));
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
