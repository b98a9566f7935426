/**
 * Who or what ended a process, for the verdict: `by the OOM killer, memory limit of cgroup /pod, 61 MiB resident`,
 * `by SIGTERM from kill (17108), run by bash (17095): handled, raised again 52 µs later`.
 */
import { duration } from '../words/duration';
import { senderName, senderPhrase, senderProcess } from '../words/sender-phrase';
import { timeLimitOf } from '../words/time-limit';
import type { OomLimit, OomVictim } from './oom-victim';
import { oomPhrase } from './oom-phrase';
import type { ProcessRecord, Report, Sender, SignalRecord } from './report';
import { processAt, titleOf } from './tree-subjects';

/** What the verdict knows beside the records. */
export interface VerdictFacts {
  /** What oom/mark_victim said of a process; null where it was not chosen. */
  oomOf(process: ProcessRecord): OomVictim | null;
  /** The memory limit that held then; null where nobody read it. */
  oomLimitOf(process: ProcessRecord): OomLimit | null;
  /** Whether the trace clock counts seconds: of others no durations are given. */
  readonly countsSeconds: boolean;
}

/** Signals by which people and managers ask a process to end. */
const ASKING = new Set(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGABRT']);

export function deathPhrase(process: ProcessRecord, report: Report, facts: VerdictFacts): string {
  const core = process.exit?.coreDumped === true ? ', core dumped' : '';
  const fatal = fatalSignal(process, report);
  if (fatal === null) return `${withoutSignal(process, facts)}${core}`;
  const root = rootSignal(process, report);
  const way = root === null ? null : wayFrom(root, fatal, process, report, facts);
  if (way !== null) return `${way}${core}`;
  return `${ofSignal(fatal, process, report, facts)}${before(fatal, process, report, facts)}${core}`;
}

export function fatalSignal(process: ProcessRecord, report: Report): SignalRecord | null {
  return signalsOf(process, report).findLast(({ fatal }) => fatal) ?? null;
}

/** Where the chain of causes began; null where the end has no cause before its own. */
export function rootSignal({ exit }: ProcessRecord, { signals }: Report): SignalRecord | null {
  return exit?.root ? (signals[exit.root.signal] ?? null) : null;
}

/** The last signal that asked it to end, and that did arrive; null where nobody asked. */
export function askedBy(process: ProcessRecord, report: Report): SignalRecord | null {
  return (
    rootSignal(process, report) ??
    signalsOf(process, report).findLast(
      (signal) => ASKING.has(signal.signal) && !signal.fatal && isHandled(signal) && !isOwn(signal, process),
    ) ??
    null
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
  if (victim !== null) return oomPhrase(null, process, victim, facts.oomLimitOf(process));
  const signal = process.exit?.signal ?? null;
  return signal === null ? 'by a signal whose sending was not traced' : `by ${signal}`;
}

/** The signal that led to the end, and how it did; null where the trace shows another way, which the story has. */
function wayFrom(
  root: SignalRecord,
  fatal: SignalRecord,
  process: ProcessRecord,
  report: Report,
  facts: VerdictFacts,
): string | null {
  const received =
    isOwn(fatal, process) || fatal.origin === 'fault' ? handledBefore(fatal, root, process, report) : null;
  const begin = received ?? fatal;
  const answer = received === null ? '' : answerOf(received, fatal, facts);
  const phrase = ofSignal(begin, process, report, facts);
  if (begin === root) return `${phrase}${answer}`;
  if (root.target.tgid === process.tgid) {
    if (root.origin === 'timer')
      return `${phrase}, ${laterThan(root, fatal, facts)}its timer expired (SIGALRM)`;
    const earlier = before(fatal, process, report, facts);
    return earlier === '' ? null : `${phrase}${earlier}`;
  }
  return `${phrase}${because(root, begin, report, facts)}${answer}`;
}

/** What a process had handled before it sent itself the signal that ended it, or faulted once more. */
function handledBefore(
  fatal: SignalRecord,
  root: SignalRecord,
  process: ProcessRecord,
  report: Report,
): SignalRecord | null {
  if (root.target.tgid === process.tgid)
    return root !== fatal && isHandled(root) && root.origin !== 'timer' ? root : null;
  return (
    signalsOf(process, report).findLast(
      (each) =>
        each.number === fatal.number && each.ts < fatal.ts && isHandled(each) && !isOwn(each, process),
    ) ?? null
  );
}

/** `: handled, raised again 52 µs later`. */
function answerOf(received: SignalRecord, fatal: SignalRecord, { countsSeconds }: VerdictFacts): string {
  const span = duration(Math.max(0, fatal.ts - (received.delivered?.ts ?? received.ts)));
  const later = countsSeconds ? ` ${span} later` : '';
  if (fatal.origin === 'fault') return `: handled, the same fault came again${later}`;
  if (fatal.number === received.number) return `: handled, raised again${later}`;
  return fatal.signal === 'SIGABRT'
    ? `: handled, called abort() (SIGABRT)${later}`
    : `: handled, sent itself ${fatal.signal}${later}`;
}

/** Why its sender sent it: `, whose time limit of 60 s had passed`, `, as python3 (812) was ended by SIGKILL from kill (9)`. */
function because(root: SignalRecord, sent: SignalRecord, report: Report, facts: VerdictFacts): string {
  const cause = processAt(report, root.target.tgid, root.ts);
  if (cause === null) return '';
  const isSender = sent.sender !== null && senderProcess(sent.sender) === cause.tgid;
  if (isSender && root.origin === 'timer') return `, ${timeLimit(cause, root, facts)}`;
  // The kernel says of these itself who ended.
  if (isSender && root.fatal && sent.cause) return `, ${ofSignal(root, cause, report, facts)}`;
  const how = ofSignal(root, cause, report, facts).replace(/^by /, '');
  if (isSender) return `, which had got ${how}`;
  return `, as ${titleOf(cause)} ${root.fatal ? 'was ended by' : 'got'} ${how}`;
}

/** `whose time limit of 60 s had passed`; `whose timer expired (SIGALRM) 302 ms after its start`. */
function timeLimit(process: ProcessRecord, root: SignalRecord, { countsSeconds }: VerdictFacts): string {
  const limit = timeLimitOf(process.execs.findLast(({ error }) => error === null)?.argv ?? []);
  if (limit !== null) return `whose time limit of ${limit} had passed`;
  const start =
    process.execs.findLast(({ error, ts }) => error === null && ts < root.ts)?.ts ?? process.fork?.ts;
  return start === undefined || !countsSeconds
    ? 'whose timer expired (SIGALRM)'
    : `whose timer expired (SIGALRM) ${duration(root.ts - start)} after its start`;
}

export function ofSignal(
  fatal: SignalRecord,
  process: ProcessRecord,
  report: Report,
  facts: VerdictFacts,
): string {
  const { signal, sender, code } = fatal;
  const control = sender?.control ?? null;
  if (sender !== null && control !== null) return `by ${senderPhrase(sender, process.tgid)}`;
  if (fatal.origin === 'oom')
    return oomPhrase(fatal, process, facts.oomOf(process), facts.oomLimitOf(process));
  if (fatal.origin === 'fault')
    return `by its own fault, ${signal}${typeof code === 'string' ? ` (${code})` : ''}`;
  if (fatal.cause) return `by ${signal}: ${fatal.cause}`;
  if (sender === null) return `by ${signal}, whose sender was not traced`;
  if (!isOwn(fatal, process)) return `by ${signal} from ${senderInTree(sender, process, report)}`;
  return signal === 'SIGABRT' ? 'by SIGABRT: it called abort()' : `by ${signal} that it sent itself`;
}

/** `, 1.6 s after SIGINT, which it was still handling`. */
function before(fatal: SignalRecord, process: ProcessRecord, report: Report, facts: VerdictFacts): string {
  if (fatal.signal !== 'SIGKILL' || fatal.origin === 'oom') return '';
  const earlier = signalsOf(process, report).findLast(
    (signal) => ASKING.has(signal.signal) && signal.ts < fatal.ts && !signal.control,
  );
  if (earlier === undefined) return '';
  return `, ${laterThan(earlier, fatal, facts)}${earlier.signal}${reactionTo(earlier)}`;
}

function laterThan({ ts }: SignalRecord, fatal: SignalRecord, { countsSeconds }: VerdictFacts): string {
  return countsSeconds ? `${duration(Math.max(0, fatal.ts - ts))} after ` : 'after ';
}

function reactionTo({ delivered, result }: SignalRecord): string {
  if (result === 'ignored' || delivered?.handler === 'ignore') return ', which it ignored';
  if (result === 'pending') return ', which it had blocked';
  if (delivered === null || delivered.handler === 'default') return '';
  if (delivered.handler === 'rt_sigtimedwait') return ', which it had received';
  return delivered.handlerTime === null ? ', which it was still handling' : ', which it had handled';
}
