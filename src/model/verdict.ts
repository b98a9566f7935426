/**
 * What a whole tree came to, in one line: what ended badly and by whom, what was asked to end and did, what outlived it,
 * who is not waited for. Lives without news are one phrase together.
 */
import { processName } from '../words/process-name';
import { duration } from '../words/duration';
import { senderProcess } from '../words/sender-phrase';
import { askedBy, deathPhrase, isOwn, senderInTree, signalsOf, type VerdictFacts } from './death-phrase';
import { endsByDefault } from '../kernel/signals';
import type { ProcessRecord, Report, SignalRecord, TreeVerdict } from './report';

/** Seconds. Whoever ends sooner after the command, such as the other side of a pipe, has not outlived it. */
const OUTLIVES = 0.1;
/** Seconds. A zombie is news from here on: a parent that waits does so in microseconds. */
const LONG_ZOMBIE = 1;
/** Seconds. A shell that runs its trap so late was waiting for somebody. */
const LATE = 1;
const MAX_NAMED = 3;

type Ended = ProcessRecord & { readonly exit: NonNullable<ProcessRecord['exit']> };

/** @param report complete but for its verdict */
export function treeVerdict(report: Report, facts: VerdictFacts): TreeVerdict {
  const subjects = subjectsOf(report);
  if (subjects.length === 0) return { text: 'No process is in this trace', ended: [], outlived: [] };
  const killed = subjects.filter(isKilled);
  const failed = subjects.filter(isFailure);
  const outlived = survivors(subjects, report);
  const news = [
    ...deaths(killed, subjects, report, facts),
    ...ends(subjects, killed, report, facts),
    ...survival(outlived, report),
    ...zombies(subjects, report, facts),
    ...sentBlindly(subjects, report),
  ];
  const text = [...news, ...quietLives(subjects, killed, news.length > 0)].join('; ');
  return {
    text: `${text}${lossNote(report)}`,
    ended: [...killed, ...failed].map(({ id }) => id),
    outlived: outlived.map(({ id }) => id),
  };
}

/** Everybody but the traced parent, whose life is not the subject. */
function subjectsOf({ processes }: Report): ProcessRecord[] {
  const others = processes.filter(({ role }) => role !== 'parent');
  return others.length > 0 ? others : [...processes];
}

function isMain({ role }: ProcessRecord): boolean {
  return role === 'workload' || role === 'attached';
}

function hasExit(process: ProcessRecord): process is Ended {
  return process.exit !== null;
}

/** By a signal; a writer whose reader has read enough ends by SIGPIPE as a matter of course. */
function isKilled(process: ProcessRecord): process is Ended {
  if (process.exit?.kind !== 'signaled') return false;
  return process.exit.signal !== 'SIGPIPE' || isMain(process);
}

function isFailure(process: ProcessRecord): process is Ended {
  return process.exit?.kind === 'exited' && isMain(process) && (process.exit.code ?? 0) !== 0;
}

function titleOf({ comm, pid }: ProcessRecord): string {
  return processName(comm, pid);
}

/** `sh (1), cat (2) and 4 others`. */
function titles(processes: readonly ProcessRecord[]): string {
  const named = processes.slice(0, processes.length <= MAX_NAMED ? MAX_NAMED : MAX_NAMED - 1).map(titleOf);
  const more = processes.length - named.length;
  const last = more > 0 ? `${more} others` : named.pop()!;
  return named.length === 0 ? last : `${named.join(', ')} and ${last}`;
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
  const causes = new Map<string, Ended[]>();
  for (const process of sorted) {
    const phrase = deathPhrase(process, report, facts);
    causes.set(phrase, [...(causes.get(phrase) ?? []), process]);
  }
  const groups = [...causes];
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

/** How the command ended where it was not killed, and who else was asked to end and did. */
function ends(
  subjects: readonly ProcessRecord[],
  killed: readonly Ended[],
  report: Report,
  facts: VerdictFacts,
): string[] {
  return subjects
    .filter(hasExit)
    .filter((process) => process.exit.kind === 'exited' && !killed.includes(process))
    .flatMap((process) => {
      const asked = askedBy(process, report);
      if (asked !== null) return [askedToEnd(process, asked, report, facts)];
      if (isFailure(process)) return [`${titleOf(process)} ${exitPhrase(process)}`];
      return [];
    })
    .slice(0, MAX_NAMED);
}

function exitPhrase({ exit }: Ended): string {
  return exit.code === null ? 'exited' : `exited with ${exit.code}`;
}

/** `redis (812) was asked to end by SIGTERM from kill (901), run by backup.sh (900); it exited with 0 after 27 ms`. */
function askedToEnd(process: Ended, asked: SignalRecord, report: Report, facts: VerdictFacts): string {
  const { sender, signal, origin, cause, target } = asked;
  if (target.tgid !== process.tgid) {
    // A shell that ends as its child did.
    const why = cause ? `: ${cause}` : '';
    const whom = processName(target.comm, target.tgid);
    const became = asked.fatal ? 'was ended' : 'was asked to end';
    return `${titleOf(process)} ${exitPhrase(process)}, as ${whom} ${became} by ${signal}${why}`;
  }
  const from =
    origin === 'tty'
      ? `: ${cause ?? 'from its terminal'}`
      : sender === null || isOwn(asked, process)
        ? ''
        : ` from ${senderInTree(sender, process, report)}`;
  const wait = facts.countsSeconds ? waitedFor(process, asked, report) : null;
  const after = facts.countsSeconds ? ` after ${duration(process.exit.ts - asked.ts)}` : '';
  const verb = signal === 'SIGABRT' ? 'was aborted' : 'was asked to end';
  return `${titleOf(process)} ${verb} by ${signal}${from}${wait ?? ''} and ${exitPhrase(process)}${after}`;
}

/** A shell runs its trap when the command ends that it waits for: `, waited for sleep (12) until 8.00 s`. */
function waitedFor(process: Ended, asked: SignalRecord, { processes, trace }: Report): string | null {
  if (process.exit.ts - asked.ts < LATE) return null;
  const child = processes.findLast(
    ({ parent, fork, exit, reap }) =>
      parent === process.id &&
      fork !== null &&
      fork.ts < asked.ts &&
      exit !== null &&
      exit.ts > asked.ts &&
      reap?.by === process.pid &&
      process.exit.ts - reap.ts < LATE,
  );
  if (child?.exit === undefined || child.exit === null) return null;
  const start = trace.start ?? 0;
  return ` at ${duration(asked.ts - start)}, waited for ${titleOf(child)} until ${duration(child.exit.ts - start)}`;
}

/** Who still ran when the command had ended, and the children that a killed process left. */
function survivors(subjects: readonly ProcessRecord[], { trace }: Report): ProcessRecord[] {
  const roots = subjects.filter(hasExit).filter((process) => isMain(process) || isKilled(process));
  const attachedRuns = subjects.some((process) => isMain(process) && process.exit === null);
  const commandEnds = subjects.filter(hasExit).find(({ role }) => role === 'workload')?.exit.ts ?? null;
  return subjects.filter((process) => {
    const end = process.exit?.ts ?? (process.state === 'running' ? (trace.end ?? Infinity) : null);
    if (end === null || isMain(process)) return false;
    const left = roots.find(({ id }) => id === process.parent);
    const since = attachedRuns ? (left?.exit.ts ?? null) : (commandEnds ?? left?.exit.ts ?? null);
    if (since === null || (process.fork !== null && process.fork.ts > since)) return false;
    return process.state === 'running' || end - since > OUTLIVES;
  });
}

function survival(outlived: readonly ProcessRecord[], report: Report): string[] {
  if (outlived.length === 0) return [];
  const verb = outlived.length === 1 ? 'outlives' : 'outlive';
  const reapers = new Set(outlived.map((process) => adoptiveParent(process, report)));
  const [adopter] = reapers;
  const adopted = reapers.size === 1 && adopter ? `, adopted by ${adopter}` : '';
  return [`${titles(outlived)} ${verb} it${adopted}`];
}

/** Whoever reaped it, where that is not who forked it. */
function adoptiveParent(process: ProcessRecord, { processes }: Report): string | null {
  const { reap } = process;
  if (reap === null) return null;
  const parent = processes.find(({ id }) => id === process.parent);
  if (parent === undefined || parent.pid === reap.by || parent.threads.some(({ tid }) => tid === reap.by))
    return null;
  const reaper = processes.find(({ pid }) => pid === reap.by);
  return reap.by === 1 ? 'init (1)' : processName(reaper?.comm ?? null, reap.by);
}

/** `2 zombies of node (10), which does not wait for them, for up to 2.2 s`. */
function zombies(subjects: readonly ProcessRecord[], report: Report, facts: VerdictFacts): string[] {
  if (!facts.countsSeconds) return [];
  const ageOf = ({ state, exit, reap }: ProcessRecord): number => {
    if (state === 'zombie' && exit !== null) return (report.trace.end ?? exit.ts) - exit.ts;
    return reap?.zombieFor ?? 0;
  };
  const byParent = new Map<string, ProcessRecord[]>();
  for (const process of subjects) {
    if (process.parent === null || ageOf(process) < LONG_ZOMBIE) continue;
    byParent.set(process.parent, [...(byParent.get(process.parent) ?? []), process]);
  }
  return [...byParent].slice(0, MAX_NAMED).flatMap(([id, dead]) => {
    const parent = report.processes.find((process) => process.id === id);
    // The session's own parent waits for the command alone.
    if (parent === undefined || parent.role === 'parent') return [];
    const what = dead.length === 1 ? `${titleOf(dead[0]!)} was a zombie` : `${dead.length} zombies`;
    const whom = dead.length === 1 ? 'it' : 'them';
    const still = dead.every(({ state }) => state === 'zombie');
    const waits = still ? `which does not wait for ${whom}` : `which waited for ${whom} late`;
    const oldest = Math.max(...dead.map(ageOf));
    return [
      `${what} of ${titleOf(parent)}, ${waits}, for ${dead.length === 1 ? '' : 'up to '}${duration(oldest)}`,
    ];
  });
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

/** `make (812) and 14 others exited with 0`: all that has no news. */
function quietLives(
  subjects: readonly ProcessRecord[],
  killed: readonly Ended[],
  hasNews: boolean,
): string[] {
  if (hasNews) return [];
  const main = subjects.find(isMain) ?? subjects[0]!;
  const exited = subjects.filter((process) => process.exit?.kind === 'exited' && process.exit.code === 0);
  const others = subjects.filter((process) => process !== main);
  const with0 = others.filter((process) => exited.includes(process)).length;
  const with1 = others.filter(
    (process) => process.exit?.kind === 'exited' && (process.exit.code ?? 0) !== 0,
  ).length;
  const unread = others.filter(
    (process) => process.exit?.signal === 'SIGPIPE' && !killed.some(({ id }) => id === process.id),
  ).length;
  const rest = others.length - with0 - with1 - unread - killed.length;
  const failures = [
    ...(with1 === 0 ? [] : [`${with1} with other codes`]),
    ...(unread === 0 ? [] : [`${unread} ended by SIGPIPE: the reader had read enough`]),
  ];
  if (!exited.includes(main)) return [counted(subjects)];
  const first =
    with0 === 0
      ? `${titleOf(main)} exited with 0`
      : `${titleOf(main)} and ${otherCount(with0)} exited with 0`;
  return [
    [first, ...failures, ...(rest > 0 ? [`${otherCount(rest)} did not end in this trace`] : [])].join(', '),
  ];
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
