/**
 * What a whole tree came to, in one line: what ended badly and by whom, what was asked to end and did, what outlived it,
 * who is not waited for. Lives without news are one phrase together.
 */
import { defaultAction, endsByDefault } from '../kernel/signals';
import { processName } from '../words/process-name';
import { duration } from '../words/duration';
import { senderProcess } from '../words/sender-phrase';
import { deathPhrase, senderInTree, signalsOf, type VerdictFacts } from './death-phrase';
import { ends, exitPhrase } from './end-phrase';
import type { ProcessRecord, Report, SignalRecord, TreeVerdict } from './report';
import { survival, survivors, zombies } from './survivors';
import {
  groupedByPhrase,
  hasExit,
  isFailure,
  isKilled,
  isMain,
  MAX_NAMED,
  subjectsOf,
  titleOf,
  titles,
  type Ended,
} from './tree-subjects';

/** Seconds that a process was stopped: from here on it is news, though it went on. */
const LONG_STOP = 1;

/** @param report complete but for its verdict */
export function treeVerdict(report: Report, facts: VerdictFacts): TreeVerdict {
  const subjects = subjectsOf(report);
  if (subjects.length === 0) return { text: 'No process is in this trace', ended: [], outlived: [] };
  const killed = subjects.filter(isKilled);
  const failed = subjects.filter(isFailure);
  const outlived = survivors(subjects, report);
  const bad = [...deaths(killed, subjects, report, facts), ...ends(subjects, report, facts)];
  const others = [
    ...stops(subjects, report, facts),
    ...survival(outlived, bad.length > 0 ? null : (subjects.find(isMain) ?? null), report),
    ...zombies(subjects, report, facts),
    ...sentBlindly(subjects, report),
  ];
  const quiet = bad.length > 0 ? [] : quietLives(subjects, outlived);
  const text = [...bad, ...others, ...quiet].join('; ');
  return {
    text: `${text}${lossNote(report)}`,
    ended: [...killed, ...failed].map(({ id }) => id),
    outlived: outlived.map(({ id }) => id),
  };
}

/** `1 of 4 killed: python3 (812), by the OOM killer`, `a.out (5441) was killed by SIGKILL from bash (4994)`. */
function deaths(
  killed: readonly Ended[],
  subjects: readonly ProcessRecord[],
  report: Report,
  facts: VerdictFacts,
): string[] {
  // The command first, then in the order of their deaths.
  const sorted = [...killed].sort((a, b) => Number(isMain(b)) - Number(isMain(a)) || a.exit.ts - b.exit.ts);
  const groups = groupedByPhrase(sorted, (process) => deathPhrase(process, report, facts), withoutSpan);
  if (groups.length === 0) return [];
  if (subjects.length === 1) {
    const [phrase, [process]] = groups[0]!;
    return [`${titleOf(process!)} was killed ${phrase}`];
  }
  const shown = groups.slice(0, MAX_NAMED).map(([phrase, group]) => `${titles(group)}, ${phrase}`);
  const rest = groups.slice(MAX_NAMED).reduce((sum, [, group]) => sum + group.length, 0);
  const more = rest === 0 ? [] : [`${rest} more`];
  return [`${killed.length} of ${subjects.length} killed: ${[...shown, ...more].join('; ')}`];
}

/** How soon each of several answered is no difference between them. */
function withoutSpan(phrase: string): string {
  return phrase.replace(/ [\d.]+ (?:µs|ms|s) later/, '');
}

/** `sleep (812) is stopped by SIGSTOP from bash (811)`; `..., for 3.00 s`. */
function stops(subjects: readonly ProcessRecord[], report: Report, facts: VerdictFacts): string[] {
  return subjects
    .flatMap((process) => {
      const signals = signalsOf(process, report);
      const stop = signals.findLast(stopsIt);
      if (stop === undefined) return [];
      const from = stop.delivered?.ts ?? stop.ts;
      const next = signals.find(
        ({ signal, ts }) => ts > from && (signal === 'SIGCONT' || signal === 'SIGKILL'),
      );
      const until = next?.ts ?? process.exit?.ts ?? null;
      if (until !== null && (!facts.countsSeconds || until - from < LONG_STOP)) return [];
      const by = stopper(stop, process, report);
      if (until === null) return [`${titleOf(process)} is stopped by ${by}`];
      return [`${titleOf(process)} was stopped by ${by} for ${duration(until - from)}`];
    })
    .slice(0, MAX_NAMED);
}

function stopsIt({ number, delivered }: SignalRecord): boolean {
  return defaultAction(number) === 'stop' && delivered?.handler === 'default';
}

function stopper({ signal, cause, sender }: SignalRecord, process: ProcessRecord, report: Report): string {
  if (cause) return `${signal}: ${cause}`;
  return sender === null ? signal : `${signal} from ${senderInTree(sender, process, report)}`;
}

/** Signals that would end their target, in a trace that does not show what became of them. */
function sentBlindly(subjects: readonly ProcessRecord[], report: Report): string[] {
  return subjects
    .filter(({ exit, state }) => exit === null && state !== 'running')
    .flatMap((process) => {
      const signal = signalsOf(process, report).findLast(
        ({ number, result }) => result === 'unknown' && endsByDefault(number),
      );
      if (signal?.sender === undefined || signal.sender === null || signal.sender.irq === true) return [];
      const by = processName(signal.sender.comm, senderProcess(signal.sender));
      return [`${by} sent ${signal.signal} to ${titleOf(process)}, whose end is not traced`];
    })
    .slice(0, MAX_NAMED);
}

/** `make (812) and 14 others exited with 0, grep (830) with 1`: all that has no news. */
function quietLives(all: readonly ProcessRecord[], outlived: readonly ProcessRecord[]): string[] {
  const subjects = all.filter((process) => !outlived.includes(process));
  const main = subjects.find(isMain) ?? subjects[0];
  if (main === undefined) return [];
  if (main.exit?.kind !== 'exited' || main.exit.code !== 0)
    return outlived.length > 0 ? [] : [counted(subjects)];
  const others = subjects.filter((process) => process !== main);
  const exited = others.filter(hasExit).filter(({ exit }) => exit.kind === 'exited');
  const well = exited.filter(({ exit }) => (exit.code ?? 0) === 0).length;
  const failed = exited.filter(({ exit }) => (exit.code ?? 0) !== 0);
  const unread = others.filter(({ exit }) => exit?.signal === 'SIGPIPE').length;
  const rest = others.length - exited.length - unread;
  const parts = [
    well === 0 ? `${titleOf(main)} exited with 0` : `${titleOf(main)} and ${otherCount(well)} exited with 0`,
    ...groupedByPhrase(failed, ({ exit }) => `with ${exit.code}`)
      .slice(0, MAX_NAMED)
      .map(([phrase, group]) => `${titles(group)} ${phrase}`),
    ...(unread === 0 ? [] : [`${unread} ended by SIGPIPE: the reader had read enough`]),
    ...(rest > 0 ? [`${otherCount(rest)} did not end in this trace`] : []),
  ];
  return [parts.join(', ')];
}

function otherCount(count: number): string {
  return count === 1 ? '1 other' : `${count} others`;
}

/** Nobody ended, or nobody knows how. */
function counted(subjects: readonly ProcessRecord[]): string {
  const running = subjects.filter(({ state, exit }) => exit === null && state === 'running');
  if (running.length === subjects.length)
    return `${titles(subjects)} ${subjects.length === 1 ? 'was' : 'were'} still running when the trace ended`;
  const ended = subjects.filter(hasExit);
  if (ended.length === 0)
    return `${titles(subjects)}: how ${subjects.length === 1 ? 'it' : 'they'} ended is not traced`;
  const codes = new Set(ended.map(({ exit }) => exit.code));
  const how = codes.size === 1 ? exitPhrase(ended[0]!) : 'exited';
  const rest = subjects.length - ended.length;
  return `${titles(ended)} ${how}${rest === 0 ? '' : `; ${otherCount(rest)} did not end in this trace`}`;
}

function lossNote({ trace }: Report): string {
  if (trace.lost === 0) return '';
  return trace.lost === null ? ' (events were lost)' : ` (${trace.lost} events were lost)`;
}

const TICKING = ['counter', 'uptime', 'x86-tsc'];

/**
 * Whether the trace clock counts seconds (Documentation/trace/ftrace.rst, trace_clock). A text trace does not name its
 * clock, but prints seconds with six decimals.
 */
export function countsSeconds({ trace, processes, signals }: Report): boolean {
  if (trace.clock !== null) return !TICKING.includes(trace.clock);
  const moments = [
    ...[trace.start, trace.end].filter((ts) => ts !== null),
    ...processes.flatMap(({ fork }) => fork?.ts ?? []),
    ...signals.map(({ ts }) => ts),
  ];
  return !(moments.length > 1 && moments.every(Number.isInteger));
}
