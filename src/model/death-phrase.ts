/**
 * Who or what ended a process, for the verdict: `by the OOM killer, memory limit of cgroup /pod, 61 MiB resident`,
 * `by SIGTERM from kill (17108), run by bash (17095), handled, raised again 52 µs later`.
 */
import { duration } from '../words/duration';
import { senderName, senderPhrase, senderProcess } from '../words/sender-phrase';
import type { OomVictim } from './oom-victim';
import type { ProcessRecord, Report, Sender, SignalRecord } from './report';

/** What the verdict knows beside the records. */
export interface VerdictFacts {
  /** What oom/mark_victim said of a process; null where it was not chosen. */
  oomOf(process: ProcessRecord): OomVictim | null;
  /** Whether the trace clock counts seconds: of others no durations are given. */
  readonly countsSeconds: boolean;
}

/** Signals by which people and managers ask a process to end. */
const ASKING = new Set(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGABRT']);

export function deathPhrase(process: ProcessRecord, report: Report, facts: VerdictFacts): string {
  const fatal = fatalSignal(process, report);
  const core = process.exit?.coreDumped === true ? ', core dumped' : '';
  if (fatal === null) return `${withoutSignal(process, facts)}${core}`;
  const root = rootPhrase(process, report, facts);
  if (root !== null) return `${root}${core}`;
  return `${ofSignal(fatal, process, report, facts)}${before(fatal, process, report, facts)}${core}`;
}

export function fatalSignal(process: ProcessRecord, report: Report): SignalRecord | null {
  return signalsOf(process, report).findLast(({ fatal }) => fatal) ?? null;
}

/** The last signal that asked it to end, and that did arrive; null where nobody asked. */
export function askedBy(process: ProcessRecord, report: Report): SignalRecord | null {
  const { exit } = process;
  const root = exit?.root ? report.signals[exit.root.signal] : undefined;
  if (root !== undefined) return root;
  return (
    signalsOf(process, report).findLast(
      (signal) => ASKING.has(signal.signal) && !signal.fatal && isHandled(signal) && !isOwn(signal, process),
    ) ?? null
  );
}

export function signalsOf(process: ProcessRecord, { signals }: Report): SignalRecord[] {
  return process.signals.map((index) => signals[index]).filter((signal) => signal !== undefined);
}

function isHandled({ delivered }: SignalRecord): boolean {
  return delivered !== null && delivered.handler !== 'default' && delivered.handler !== 'ignore';
}

/** Its own signal, by any of its threads. */
export function isOwn({ sender }: SignalRecord, { tgid }: ProcessRecord): boolean {
  return sender !== null && sender.irq !== true && senderProcess(sender) === tgid;
}

/**
 * The sender, and who ran it: of one in the tree only up to the command, as the traced parent and who started the session
 * had no part in it.
 */
export function senderInTree(sender: Sender, process: ProcessRecord, { processes }: Report): string {
  const parent = processes.find(({ id }) => id === process.parent);
  if (parent !== undefined && parent.role !== 'parent' && senderProcess(sender) === parent.pid)
    return `${senderName(sender)}, its parent`;
  const traced = processes.find(({ role }) => role === 'parent');
  if (!sender.inTree || traced === undefined) return senderPhrase(sender, process.tgid);
  if (senderProcess(sender) === traced.pid) return senderName(sender);
  const ancestors = sender.ancestors ?? [];
  const end = ancestors.findIndex(({ pid }) => pid === traced.pid);
  const shown = { ...sender, ancestors: end < 0 ? ancestors : ancestors.slice(0, end) };
  delete shown.identity;
  return senderPhrase(shown, process.tgid);
}

function withoutSignal(process: ProcessRecord, facts: VerdictFacts): string {
  const victim = facts.oomOf(process);
  if (victim !== null) return oomPhrase(null, process, victim);
  const signal = process.exit?.signal ?? null;
  return signal === null ? 'by a signal whose sending was not traced' : `by ${signal}`;
}

/** Where the chain of causes began, and the way from there. */
function rootPhrase(process: ProcessRecord, report: Report, facts: VerdictFacts): string | null {
  const { exit } = process;
  if (!exit?.root) return null;
  const first = report.signals[exit.root.signal];
  const begin =
    first === undefined ? `by ${exit.signal ?? 'a signal'}` : ofSignal(first, process, report, facts);
  return [begin, ...exit.root.way].join(', ');
}

function ofSignal(fatal: SignalRecord, process: ProcessRecord, report: Report, facts: VerdictFacts): string {
  const { signal, sender, code } = fatal;
  const control = sender?.control ?? null;
  if (sender !== null && control !== null) return `by ${senderPhrase(sender, process.tgid)}`;
  if (fatal.origin === 'oom') return oomPhrase(fatal, process, facts.oomOf(process));
  if (fatal.origin === 'fault')
    return `by its own fault, ${signal}${typeof code === 'string' ? ` (${code})` : ''}`;
  if (fatal.cause) return `by ${signal}: ${fatal.cause}`;
  return fromSender(fatal, process, report);
}

function fromSender(fatal: SignalRecord, process: ProcessRecord, report: Report): string {
  const { sender, signal } = fatal;
  if (sender === null) return `by ${signal}, whose sender was not traced`;
  if (isOwn(fatal, process)) return `by ${signal} that it sent itself`;
  return `by ${signal} from ${senderInTree(sender, process, report)}`;
}

/** `, 1.6 s after SIGINT, which it was still handling`. */
function before(
  fatal: SignalRecord,
  process: ProcessRecord,
  report: Report,
  { countsSeconds }: VerdictFacts,
): string {
  if (fatal.signal !== 'SIGKILL' || fatal.origin === 'oom') return '';
  const earlier = signalsOf(process, report).findLast(
    (signal) => ASKING.has(signal.signal) && signal.ts < fatal.ts && !signal.control,
  );
  if (earlier === undefined) return '';
  const after = countsSeconds ? `${duration(fatal.ts - earlier.ts)} after` : 'after';
  return `, ${after} ${earlier.signal}${reactionTo(earlier)}`;
}

function reactionTo({ delivered, result }: SignalRecord): string {
  if (result === 'ignored' || delivered?.handler === 'ignore') return ', which it ignored';
  if (result === 'pending') return ', which it had blocked';
  if (delivered === null || delivered.handler === 'default') return '';
  if (delivered.handler === 'rt_sigtimedwait') return ', which it had received';
  return delivered.handlerTime === null ? ', which it was still handling' : ', which it had handled';
}

/** Which limit it hit: the call trace of its signal has the frame of a cgroup's limit or of the machine's. */
function oomPhrase(fatal: SignalRecord | null, process: ProcessRecord, victim: OomVictim | null): string {
  const stack = fatal?.generated?.stack ?? [];
  const cgroup = process.identity?.cgroup ?? null;
  const limit = stack.some((frame) => frame.startsWith('mem_cgroup_'))
    ? [cgroup === null ? 'memory limit of its cgroup' : `memory limit of cgroup ${cgroup}`]
    : stack.some((frame) => frame.startsWith('out_of_memory'))
      ? ['the machine was out of memory']
      : [];
  const resident = victim?.residentKb ?? null;
  const held = resident === null ? [] : [`${memory(resident)} resident`];
  return ['by the OOM killer', ...limit, ...held].join(', ');
}

function memory(kb: number): string {
  if (kb < 1024) return `${kb} KiB`;
  const mib = kb / 1024;
  return mib < 1024 ? `${mib.toFixed(0)} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}
