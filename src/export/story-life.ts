/**
 * One process's life as the lines of a story, in time order. Each moment of the record becomes an entry; entries
 * that follow one another and tell the same (opened files, failed attempts at exec, a signal again and again)
 * become one, so that a shell script reads in under a screen.
 */
import type {
  Delivery,
  Exec,
  Library,
  NameSource,
  OpenedFile,
  ProcessRecord,
  Report,
  SignalRecord,
} from '../model/report';
import { interruptionText } from '../words/interruption';
import { callTraceLine } from './call-trace';
import { groupBy } from './group-by';
import { KEEP, printable } from './printable';
import type { StoryClock } from './story-clock';
import { nameAndPid, type StoryNames } from './story-names';
import { deathOf, outcomeOf } from './story-outcome';
import { signalAndSender } from './story-sender';

export type Tone = 'plain' | 'birth' | 'death' | 'signal' | 'quiet';

export interface StoryEntry {
  readonly ts: number;
  /** One word, the left column: `fork`, `exec`, `library`. */
  readonly what: string;
  readonly text: string;
  /** Evidence under it, such as a call trace. */
  readonly evidence?: string;
  readonly tone: Tone;
}

/** What a list names before it says how many more there are. */
const LISTED = 6;
const MAX_LIBRARIES = 16;
const MAX_FILE_ENTRIES = 6;

const SOURCES: Readonly<Record<NameSource, string>> = {
  syscall: 'syscall',
  probe: 'probe',
  'exec-event': 'exec',
  inode: 'inode',
  maps: 'maps',
  proc: 'proc',
};

/** What of the report concerns one process, besides its own record. */
export interface LifeContext {
  readonly report: Report;
  readonly names: StoryNames;
  readonly clock: StoryClock;
  /** Those it forked. */
  readonly children: readonly ProcessRecord[];
  /** Those it sent: SIGCHLD at its death, and to processes that are not in the report. */
  readonly sent: readonly SignalRecord[];
}

/** Signals a person needs to read under this process: not the news of its children, not the session's own. */
export function ownSignals(process: ProcessRecord, report: Report): SignalRecord[] {
  return process.signals
    .map((index) => report.signals[index])
    .filter((signal) => signal !== undefined)
    .filter((signal) => !signal.control && signal.origin !== 'child');
}

export function lifeEntries(process: ProcessRecord, context: LifeContext): StoryEntry[] {
  const entries: StoryEntry[] = [
    ...birth(process, context),
    ...programs(process),
    ...renames(process),
    ...libraries(process),
    ...files(process),
    ...threads(process),
    ...offspring(context),
    ...received(process, context),
    ...death(process, context),
    ...sent(context),
  ];
  return inTimeOrder(entries);
}

/** Equal times keep the order above, which is the order of cause and effect. */
function inTimeOrder(entries: readonly StoryEntry[]): StoryEntry[] {
  return [...entries].sort((a, b) => a.ts - b.ts);
}

function birth({ fork }: ProcessRecord, { names }: LifeContext): StoryEntry[] {
  if (!fork) return [];
  const flags = fork.flags.length > 0 ? `(${fork.flags.join(' | ')})` : '';
  const call = fork.call === null ? 'forked it' : `called ${fork.call}${flags}`;
  return [{ ts: fork.ts, what: 'fork', text: `${names.of(fork.by, fork.ts)} ${call}`, tone: 'birth' }];
}

function programs({ execs }: ProcessRecord): StoryEntry[] {
  const entries: StoryEntry[] = [];
  let tried: typeof execs = [];
  const closeTried = () => {
    const first = tried[0];
    if (!first) return;
    const paths = tried.map((exec) => `${pathOf(exec.path)} ${exec.error ?? ''}`.trimEnd());
    entries.push({ ts: first.ts, what: 'tried', text: `${listed(paths)}${source(tried)}`, tone: 'quiet' });
    tried = [];
  };
  for (const exec of execs) {
    if (exec.error !== null) {
      tried.push(exec);
      continue;
    }
    closeTried();
    const text = `${pathOf(exec.path)}${commandLine(exec)}  by${KEEP}${exec.call}${source([exec])}`;
    entries.push({ ts: exec.ts, what: 'exec', text, tone: 'birth' });
  }
  closeTried();
  return entries;
}

/** Where it says more than the path: `: sleep 10`. */
function commandLine({ argv, path }: Exec): string {
  if (!argv || (argv.length === 1 && argv[0] === path)) return '';
  return `: ${argv.map(quotedArgument).join(' ')}`;
}

/** As a shell would need it, so that the words of a command line stay apart. */
function quotedArgument(argument: string): string {
  const text = printable(argument);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function renames(process: ProcessRecord): StoryEntry[] {
  const entries: StoryEntry[] = [];
  for (const [index, { ts, comm }] of process.commHistory.entries()) {
    const before = process.commHistory[index - 1]?.comm;
    if (before === undefined || before === comm) continue;
    // exec gives the process the name of its program; that line says it already.
    const good = process.execs.filter((exec) => exec.error === null);
    const nearest = [good.findLast((exec) => exec.ts <= ts), good.find((exec) => exec.ts >= ts)];
    if (nearest.some((exec) => exec?.path?.split('/').at(-1)?.startsWith(comm))) continue;
    entries.push({ ts, what: 'rename', text: `${printable(before)} to ${printable(comm)}`, tone: 'quiet' });
  }
  return entries;
}

function libraries(process: ProcessRecord): StoryEntry[] {
  const odd = process.libraries.filter((library) => library.inMaps === false);
  const shown = new Set([...process.libraries.slice(0, MAX_LIBRARIES), ...odd]);
  const width = Math.min(44, Math.max(0, ...[...shown].map((library) => pathOf(library.path).length)));
  const entries = [...shown].map((library): StoryEntry => {
    const base = library.base.toString(16);
    const opened =
      library.opened === null || library.opened === library.path
        ? ''
        : `  opened${KEEP}as${KEEP}${pathOf(library.opened)}`;
    const text = `${pathOf(library.path).padEnd(width)}  ${base}  ${confirmation(library)}${source([library])}${opened}`;
    return { ts: library.ts, what: 'library', text, tone: 'plain' };
  });
  const rest = process.libraries.filter((library) => !shown.has(library));
  if (rest.length > 0) {
    const confirmed = rest.filter((library) => library.inMaps).length;
    const text = `and ${rest.length} more, ${confirmed} of them in maps`;
    entries.push({ ts: rest[0]!.ts, what: 'library', text, tone: 'quiet' });
  }
  return entries;
}

function confirmation({ inMaps }: Library): string {
  if (inMaps === null) return 'maps not read';
  return inMaps ? 'in maps' : 'NOT in maps';
}

function files(process: ProcessRecord): StoryEntry[] {
  const loaded = new Set(process.libraries.flatMap((library) => [library.opened, library.path]));
  const opened = process.files.filter((file) => file.error !== null || !loaded.has(file.path));
  // Files between two other moments belong together: what the loader read, what the program read before a fork.
  const borders = [
    ...process.libraries.map((library) => library.ts),
    ...process.execs.map((exec) => exec.ts),
    ...(process.exit ? [process.exit.ts] : []),
  ].sort((a, b) => a - b);
  const runs: OpenedFile[][] = [];
  let border = -1;
  for (const file of opened) {
    const after = borders.findLastIndex((ts) => ts <= file.ts);
    if (runs.length === 0 || (after !== border && runs.length < MAX_FILE_ENTRIES)) runs.push([]);
    runs.at(-1)!.push(file);
    border = after;
  }
  return runs.map((run) => ({ ts: run[0]!.ts, what: 'files', text: fileList(run), tone: 'quiet' }));
}

function fileList(run: readonly OpenedFile[]): string {
  const parts: string[] = [];
  const good = run.filter((file) => file.error === null);
  if (good.length > 0) parts.push(`${listed(good.map((file) => pathOf(file.path)))}${source(good)}`);
  const byError = groupBy(
    run.filter((file) => file.error !== null),
    (file) => file.error,
  );
  for (const [error, failed] of byError) {
    parts.push(`${error}: ${listed(failed.map((file) => pathOf(file.path)))}`);
  }
  return parts.join('; ');
}

function threads({ threads: all, pid }: ProcessRecord): StoryEntry[] {
  const started = all.filter((thread) => thread.tid !== pid && thread.start !== null);
  const first = started[0];
  if (!first) return [];
  const text = `${started.length} started: ${listed(started.map((thread) => `${thread.tid}`))}`;
  return [{ ts: first.start!, what: 'threads', text, tone: 'quiet' }];
}

function offspring({ children }: LifeContext): StoryEntry[] {
  const first = children[0];
  if (!first?.fork) return [];
  const names = children.map((child) => nameAndPid(child.comm, child.pid));
  return [{ ts: first.fork.ts, what: 'children', text: listed(names), tone: 'quiet' }];
}

function received(process: ProcessRecord, context: LifeContext): StoryEntry[] {
  const parent = context.report.processes.find(({ id }) => id === process.parent)?.pid ?? null;
  return runsOf(ownSignals(process, context.report), sameSignal).flatMap((run) =>
    run.length === 1 ? oneSignal(run[0]!, process, parent, context) : [manySignals(run, parent, context)],
  );
}

function sameSignal(a: SignalRecord, b: SignalRecord): boolean {
  return (
    !a.fatal &&
    !b.fatal &&
    a.number === b.number &&
    a.sender?.pid === b.sender?.pid &&
    a.origin === b.origin &&
    a.result === b.result &&
    a.delivered?.handler === b.delivered?.handler
  );
}

function oneSignal(
  signal: SignalRecord,
  { identity }: ProcessRecord,
  parent: number | null,
  { clock }: LifeContext,
): StoryEntry[] {
  const { generated, delivered } = signal;
  const sending: StoryEntry = {
    ts: signal.ts,
    what: 'signal',
    text: `${signalAndSender(signal, parent, identity)}${signal.fatal ? '' : `; ${fateOf(signal, clock)}`}`,
    ...evidence(generated?.stack),
    tone: 'signal',
  };
  // A death is shown in its two moments, sent and delivered; for others one line is enough.
  if (!signal.fatal || !delivered) return [sending];
  const after = signal.latency === null ? '' : `, ${clock.span(signal.latency)} after it was sent`;
  // No call returns to a process that is killed.
  const alone: Delivery = { ...delivered, interrupted: null };
  const call = delivered.interrupted ? `, in ${delivered.interrupted.call}()` : '';
  const arrival: StoryEntry = {
    ts: delivered.ts,
    what: 'arrived',
    text: `${signal.signal} in thread ${delivered.tid}: ${actionOf(alone, '', clock)}${after}${call}`,
    ...evidence(delivered.stack),
    tone: 'signal',
  };
  return generated ? [sending, arrival] : [{ ...sending, ...evidence(delivered.stack) }];
}

function manySignals(
  run: readonly SignalRecord[],
  parent: number | null,
  { clock }: LifeContext,
): StoryEntry {
  const first = run[0]!;
  const span = clock.span(run.at(-1)!.ts - first.ts);
  // Each had its own delay, and its handler its own time.
  const common: SignalRecord = {
    ...first,
    latency: null,
    delivered: first.delivered && { ...first.delivered, handlerTime: null, interrupted: null },
  };
  return {
    ts: first.ts,
    what: 'signal',
    text: `${run.length} × ${signalAndSender(first, parent)} in ${span}; ${fateOf(common, clock)}`,
    ...evidence(first.generated?.stack),
    tone: 'signal',
  };
}

function fateOf({ signal, result, delivered, latency }: SignalRecord, clock: StoryClock): string {
  switch (result) {
    case 'delivered':
    case 'info-lost': {
      const later = latency === null ? '' : ` ${clock.span(latency)} later`;
      const lost = result === 'info-lost' ? ', without its siginfo' : '';
      return `${delivered ? actionOf(delivered, later, clock) : `delivered${later}`}${lost}`;
    }
    case 'pending':
      return 'never delivered';
    case 'ignored':
      // It continues a process before anybody asks for a handler (kernel/signal.c, prepare_signal).
      return signal === 'SIGCONT' ? 'no handler; what was stopped goes on' : 'no effect';
    case 'coalesced':
      return 'one was pending already';
    case 'overflow':
      return 'not sent, the queue is full';
    case 'unknown':
      return 'what became of it is not in the trace';
  }
}

/** `default action, 3 µs later`; `caught 7 µs later, handler 0x55f324e07ad0 ran 1.20 ms, read() returned EINTR`. */
function actionOf(delivered: Delivery, later: string, clock: StoryClock): string {
  const { handler, handlerTime = null, interrupted = null } = delivered;
  const call = interrupted === null ? '' : `, ${interruptionText(interrupted)}`;
  if (handler === 'default' || handler === 'ignore') {
    return `${handler === 'default' ? 'default action' : 'ignored'}${later === '' ? '' : `,${later}`}${call}`;
  }
  if (!handler.startsWith('0x')) return `taken by ${handler}${later === '' ? '' : `,${later}`}`;
  return `caught${later}, handler ${handler}${handlerTime === null ? '' : ` ran ${clock.span(handlerTime)}`}${call}`;
}

function sent({ sent: signals, clock, names, report }: LifeContext): StoryEntry[] {
  return signals.map((signal) => {
    const target = names.process(signal.target.tgid, signal.ts);
    const to = nameAndPid(target?.comm ?? signal.target.comm, signal.target.tgid);
    const text = `${signal.signal}${signal.code === null ? '' : ` (${signal.code})`} to ${to}; ${fateOf(signal, clock)}`;
    const death = signal.code === 'CLD_KILLED' || signal.code === 'CLD_DUMPED';
    // The way to a parent's SIGCHLD is always the same: shown where a person reads one death, not hundreds.
    const stack = death && report.processes.length <= 12 ? signal.generated?.stack : undefined;
    return { ts: signal.ts, what: 'tells', text, ...evidence(stack && fromExit(stack)), tone: 'signal' };
  });
}

/** How a task came to its exit was shown with the signal that killed it. */
function fromExit(stack: readonly string[]): readonly string[] {
  const exit = stack.findIndex((frame) => frame.startsWith('do_exit'));
  return exit < 0 ? stack : stack.slice(0, exit + 1);
}

function death(process: ProcessRecord, { names, clock, report }: LifeContext): StoryEntry[] {
  const { exit, reap, state } = process;
  const entries: StoryEntry[] = [];
  if (exit) {
    const what = exit.kind === 'signaled' ? 'death' : 'exit';
    const cause = exit.kind === 'signaled' || exit.cause === '' ? '' : `: ${printable(exit.cause)}`;
    const text = exit.kind === 'signaled' ? deathOf(process) : `${outcomeOf(process)}${cause}`;
    entries.push({ ts: exit.ts, what, text, tone: 'death' });
  }
  if (reap) {
    const zombie = reap.zombieFor === null ? '' : ` after ${clock.span(reap.zombieFor)} as a zombie`;
    const call = reap.call === null ? '' : ` with ${reap.call}`;
    const text = `by ${names.of(reap.by, reap.ts)}${call}${zombie}`;
    entries.push({ ts: reap.ts, what: 'reaped', text, tone: 'birth' });
  } else if (exit && state === 'zombie') {
    const until = report.trace.end;
    const since = until === null ? '' : ` for ${clock.span(until - exit.ts)}, until the trace ends`;
    entries.push({ ts: exit.ts, what: 'zombie', text: `nobody waited for it${since}`, tone: 'death' });
  } else if (exit && state === 'autoreaped') {
    const text = 'by the kernel itself: its parent discards exited children';
    entries.push({ ts: exit.ts, what: 'reaped', text, tone: 'birth' });
  }
  return entries;
}

function evidence(stack: readonly string[] | undefined): { evidence?: string } {
  return stack && stack.length > 0 ? { evidence: printable(callTraceLine(stack)) } : {};
}

function pathOf(path: string | null): string {
  return path === null ? '(name unknown)' : printable(path);
}

/** Where names came from: `[probe]`; '' where nothing has a name. */
function source(named: readonly { readonly nameSource: NameSource | null }[]): string {
  const sources = new Set(
    named.flatMap(({ nameSource }) => (nameSource === null ? [] : [SOURCES[nameSource]])),
  );
  return sources.size === 0 ? '' : `  [${[...sources].join(', ')}]`;
}

/** Each once, the first few; then how many more. */
function listed(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const shown = [...counts]
    .slice(0, LISTED)
    .map(([name, count]) => (count === 1 ? name : `${name} × ${count}`));
  const rest = counts.size - shown.length;
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function runsOf<T>(all: readonly T[], same: (a: T, b: T) => boolean): T[][] {
  const runs: T[][] = [];
  for (const one of all) {
    const run = runs.at(-1);
    if (run && same(run.at(-1)!, one)) run.push(one);
    else runs.push([one]);
  }
  return runs;
}
