/** How processes ended that no signal killed: asked to end, for a reason of their own, or because another ended. */
import { duration } from '../words/duration';
import { processName } from '../words/process-name';
import { timeLimitOf } from '../words/time-limit';
import { askedBy, isOwn, ofSignal, senderInTree, type VerdictFacts } from './death-phrase';
import type { ProcessRecord, Report, SignalRecord } from './report';
import {
  groupedByPhrase,
  hasExit,
  isFailure,
  isMain,
  MAX_NAMED,
  titleOf,
  titles,
  type Ended,
} from './tree-subjects';

/** Seconds. A shell that runs its trap so late was waiting for somebody. */
const LATE = 1;
/** Seconds from the failure of a child to that of a program which fails because of it. */
const AT_ONCE = 1;
/** Shells that run each other and pass a code on. */
const MAX_DEPTH = 8;
/** What a shell exits with where exec failed (POSIX, 2.8.2 Exit Status for Commands). */
const CANNOT_RUN = [126, 127];

/** How the command ended where it was not killed, and who else was asked to end and did. */
export function ends(subjects: readonly ProcessRecord[], report: Report, facts: VerdictFacts): string[] {
  const ended = subjects
    .filter(hasExit)
    .filter(({ exit }) => exit.kind === 'exited')
    .sort((a, b) => Number(isMain(b)) - Number(isMain(a)));
  const reported = ended.flatMap((process) => {
    const phrase = endPhrase(process, report, facts);
    return phrase === null ? [] : [{ process, phrase }];
  });
  return groupedByPhrase(reported, ({ phrase }) => phrase)
    .map(([phrase, group]) => `${titles(group.map(({ process }) => process))} ${phrase}`)
    .slice(0, MAX_NAMED);
}

/** `exited with 3`; null where it is not news. */
function endPhrase(process: Ended, report: Report, facts: VerdictFacts): string | null {
  const asked = askedBy(process, report);
  if (asked === null)
    return isFailure(process)
      ? `${exitPhrase(process)}${failedExec(process) ?? failedChild(process, report)}`
      : null;
  if (!isMain(process) && isOrdinary(asked, process)) return null;
  if (asked.target.tgid !== process.tgid) return `${exitPhrase(process)}, as ${another(asked)}`;
  if (asked.origin === 'fault' || asked.origin === 'timer')
    return `${exitPhrase(process)}${ownReason(asked, process, report, facts)}`;
  return askedToEnd(process, asked, report, facts);
}

/** A child that its own tree or the session asked to end, and that did. */
function isOrdinary({ sender, target }: SignalRecord, { exit, tgid }: Ended): boolean {
  if ((sender?.control ?? null) !== null) return true;
  return (exit.code ?? 0) === 0 && (target.tgid !== tgid || sender?.inTree === true);
}

export function exitPhrase({ exit }: Ended): string {
  return exit.code === null ? 'exited' : `exited with ${exit.code}`;
}

/** A shell that could not run its command. */
function failedExec({ exit, execs }: Ended): string | null {
  const last = execs.at(-1);
  if (exit.code === null || !CANNOT_RUN.includes(exit.code) || !last?.error) return null;
  const names = new Set(execs.flatMap(({ error, path }) => (error === last.error ? [path] : [])));
  const what = names.size === 1 ? last.path : (last.path?.split('/').at(-1) ?? null);
  return what === null ? null : `, as ${what} could not be run (${last.error})`;
}

/**
 * A program that fails at once when a child of its has failed: `, as grep (12) exited with 1`; with another code `, after`.
 * Of a chain of shells that pass a code on, the last.
 */
function failedChild(process: Ended, report: Report): string {
  let failed: Ended | null = null;
  let code = process.exit.code;
  for (let parent: Ended = process, depth = 0; depth < MAX_DEPTH; depth++) {
    const child = lastFailure(parent, report);
    if (child === null || (failed !== null && child.exit.code !== code)) break;
    [failed, parent, code] = [child, child, child.exit.code];
  }
  if (failed === null) return '';
  const isPassedOn = code === process.exit.code;
  return `${isPassedOn ? ', as' : ', after'} ${titleOf(failed)} ${exitPhrase(failed)}${failedExec(failed) ?? ''}`;
}

/** The child that it waited for last, if that failed just before its own end. */
function lastFailure(parent: Ended, { processes }: Report): Ended | null {
  const children = processes
    .filter(hasExit)
    .filter(({ parent: by, exit }) => by === parent.id && exit.ts <= parent.exit.ts);
  const last = children.reduce<Ended | null>(
    (one, other) => (one === null || other.exit.ts > one.exit.ts ? other : one),
    null,
  );
  if (last?.exit.kind !== 'exited' || (last.exit.code ?? 0) === 0) return null;
  return parent.exit.ts - last.exit.ts <= AT_ONCE ? last : null;
}

/** A shell that ends as its child did: `yes (12) was ended by SIGPIPE: it wrote to a pipe that nobody reads`. */
function another({ target, fatal, signal, cause }: SignalRecord): string {
  const became = fatal ? 'was ended' : 'was asked to end';
  return `${processName(target.comm, target.tgid)} ${became} by ${signal}${cause ? `: ${cause}` : ''}`;
}

/** Its fault, or its timer. */
function ownReason(asked: SignalRecord, process: Ended, report: Report, facts: VerdictFacts): string {
  const after = facts.countsSeconds ? ` ${duration(Math.max(0, process.exit.ts - asked.ts))}` : '';
  if (asked.origin === 'fault')
    return `${after} after ${ofSignal(asked, process, report, facts).replace(/^by /, '')}, which it handled`;
  const limit = timeLimitOf(process.execs.findLast(({ error }) => error === null)?.argv ?? []);
  return limit === null
    ? `${after} after its timer had expired (SIGALRM)`
    : `: its time limit of ${limit} had passed`;
}

/** `was asked to end by SIGTERM from kill (901), run by backup.sh (900) and exited with 0 after 27 ms`. */
function askedToEnd(process: Ended, asked: SignalRecord, report: Report, facts: VerdictFacts): string {
  const { sender, signal, origin, cause } = asked;
  const from =
    origin === 'tty'
      ? `: ${cause ?? 'from its terminal'}`
      : sender === null || isOwn(asked, process)
        ? ''
        : ` from ${senderInTree(sender, process, report)}`;
  const wait = facts.countsSeconds ? waitedFor(process, asked, report) : null;
  const after = facts.countsSeconds ? ` after ${duration(process.exit.ts - asked.ts)}` : '';
  const verb = signal === 'SIGABRT' ? 'was aborted' : 'was asked to end';
  return `${verb} by ${signal}${from}${wait ?? ''} and ${exitPhrase(process)}${after}`;
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
