/**
 * Where the end of a process began. The signal that ends a process, or its exit call, is often only the last step: a
 * program that handles SIGTERM raises it again, a fault's handler aborts, a supervisor asks by SIGTERM and then kills, a
 * shell exits with 128 and the number of the signal that killed its child. Each step back needs evidence in the trace: who
 * sent what to whom, what was handled, and how soon the next step followed.
 */
import {
  CLD_DUMPED,
  CLD_KILLED,
  SIGALRM,
  SIGCHLD,
  SIGHUP,
  SIGKILL,
  defaultAction,
  endsByDefault,
  signalCodeName,
} from '../kernel/signals';
import type { Tid } from '../trace-event';
import { senderPhrase } from './cause-of-death';
import { taskTitle, type Process } from './process';
import type { ProcessTable } from './process-table';
import type { Exit, RootCause, SignalRecord } from './report';
import { duration } from '../words/duration';

/** Seconds that a program has to end after it was asked to: systemd waits 90, others longer. */
const MAX_GRACE = 300;
/** The same for SIGINT: an interactive program takes Ctrl-C for other things than its end. */
const MAX_GRACE_OF_INT = 10;
/** Seconds from a signal to what its handler does at once, or to what its receiver passes on. */
const MAX_REACTION = 1;
/** Seconds that a handler may need to write a crash report before it aborts. */
const MAX_CRASH_REPORT = 60;
/** Steps from the end back to the first cause. */
const MAX_STEPS = 8;
/** Signals of a process that are looked through for one step. */
const MAX_LOOKED_THROUGH = 1_000;
/** Children whose death a process may pass on. */
const MAX_DEAD_CHILDREN = 8;

const SIGINT = 2;
const SIGQUIT = 3;
const SIGABRT = 6;
const SIGTERM = 15;
/** Signals that ask a program to end. */
const ASKS: ReadonlySet<number> = new Set([SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGTERM]);
/** Somebody wanted the signal to be sent: no timer, no fault, no end of anybody else. */
const SENT_BY_REQUEST: ReadonlySet<string> = new Set(['kill', 'tgkill', 'rt_sigqueue', 'pidfd', 'cgroup']);
/** What the kernel sends because the sender dies. */
const SENT_BY_DEATH: Readonly<Record<string, string>> = {
  pdeath: 'its parent died',
  pidns: 'the init process of its pid namespace died',
  'orphaned-pgrp': 'its stopped process group was orphaned',
  tty: 'the leader of its session died',
};

/** One step back: an earlier signal, and how it led to what came next. */
interface Step {
  readonly cause: SignalRecord;
  readonly way: readonly string[];
}

export class ChainOfCauses {
  readonly #table: ProcessTable;
  readonly #signals: readonly SignalRecord[];
  /** The last children of a process that died by a signal, or because of one. */
  readonly #deadChildren = new WeakMap<Process, Process[]>();

  /** @param signals the report's list, which grows */
  constructor(table: ProcessTable, signals: readonly SignalRecord[]) {
    this.#table = table;
    this.#signals = signals;
  }

  /**
   * The first cause of an end that is settled; null where there is none before the one in `exit.cause`.
   *
   * @param fatal the signal that ended it; null for an exit
   */
  rootOf(process: Process, exit: Exit, fatal: SignalRecord | null): RootCause | null {
    const last =
      exit.kind === 'signaled' ? fatal && this.#killed(fatal, process) : this.#exited(process, exit);
    const root = last && this.#followBack(last);
    if (process.parent !== null && (root !== null || exit.kind === 'signaled'))
      this.#remember(process.parent, process);
    return root;
  }

  #followBack({ cause, way }: Step): RootCause | null {
    let first = cause;
    let sentences = way;
    const seen = new Set([first]);
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const target = this.#processOf(first.target.tgid, first.ts);
      const step = target && this.#before(first, target);
      if (step === null || seen.has(step.cause)) break;
      first = step.cause;
      seen.add(first);
      sentences = [...step.way, ...sentences];
    }
    const signal = this.#indexOf(first);
    if (signal < 0) return null;
    return { signal, name: first.signal, ts: first.ts, by: first.sender, way: [...sentences] };
  }

  /** Null where nothing came before the fatal signal. */
  #killed(fatal: SignalRecord, process: Process): Step | null {
    const end = `${fatal.signal} ended ${process.title}`;
    const step = this.#before(fatal, process);
    if (step !== null) return { cause: step.cause, way: [...step.way, end] };
    const child = isFromItself(fatal, process) ? this.#childKilledBy(process, fatal.number, fatal.ts) : null;
    if (child === null) return null;
    const then = `${process.title} sent itself ${fatal.signal}${later(child.cause.ts, fatal.ts)}`;
    return { cause: child.cause, way: [...child.way, then, end] };
  }

  #exited(process: Process, exit: Exit): Step | null {
    const { ts, code } = exit;
    const number = code === null || code <= 128 ? null : code - 128;
    const numberedCause =
      number !== null && endsByDefault(number)
        ? this.#latest(process, ts, MAX_GRACE, (each) => isHandled(each) && each.number === number)
        : null;
    const isNumbered = numberedCause !== null;
    const handled =
      numberedCause ??
      this.#latest(process, ts, MAX_GRACE, (each) => {
        if (!isHandled(each)) return false;
        if (isFault(each)) return code !== 0 && handlerIsOpen(each) && isWithin(MAX_CRASH_REPORT, each, ts);
        return isAsk(each) && isWithin(graceOf(each), each, ts);
      });
    const passedOn = number === null || isNumbered ? null : this.#childKilledBy(process, number, ts);
    const child = passedOn ?? (code === 0 || isNumbered ? null : this.#endedChild(process, ts));
    const end = `${process.title} exited with ${code ?? 'an unknown code'}`;
    const numbered = number === null ? end : `${end} (128 + ${number})`;
    if (child) return { cause: child.cause, way: [...child.way, passedOn === null ? end : numbered] };
    if (!handled) return null;
    const when = later(handled.delivered?.ts ?? handled.ts, ts);
    return { cause: handled, way: [reception(handled, process), `${isNumbered ? numbered : end}${when}`] };
  }

  /** What led to the sending of this signal. */
  #before(record: SignalRecord, target: Process): Step | null {
    const ts = record.generated?.ts ?? record.ts;
    if (isFault(record)) return this.#sameFaultBefore(record, target, ts);
    if (isFromItself(record, target)) return this.#handledBefore(record, target, ts);
    return (
      this.#crashBefore(record, target, ts) ??
      this.#askedBefore(record, target, ts) ??
      this.#senderDied(record, target, ts) ??
      this.#passedOn(record, target, ts)
    );
  }

  /** The handler returned after it had restored the default action: the instruction faults again. */
  #sameFaultBefore(record: SignalRecord, target: Process, ts: number): Step | null {
    const cause = this.#latest(
      target,
      ts,
      MAX_REACTION,
      (earlier) =>
        earlier.number === record.number &&
        isFault(earlier) &&
        isHandled(earlier) &&
        earlier.delivered?.tid === (record.delivered?.tid ?? record.target.pid),
    );
    if (cause === null) return null;
    const again = `the same fault came again${later(cause.delivered?.ts ?? cause.ts, ts)}`;
    return { cause, way: [reception(cause, target), again] };
  }

  /** A program that handles a signal and sends one to itself: the same again, or the end of a crash handler. */
  #handledBefore(record: SignalRecord, target: Process, ts: number): Step | null {
    const isFromOthers = (earlier: SignalRecord) => isHandled(earlier) && !isFromItself(earlier, target);
    const cause =
      this.#latest(target, ts, MAX_GRACE, (each) => isFromOthers(each) && each.number === record.number) ??
      this.#latest(
        target,
        ts,
        MAX_CRASH_REPORT,
        (each) => isHandled(each) && isFault(each) && handlerIsOpen(each),
      ) ??
      this.#latest(target, ts, MAX_GRACE_OF_INT, (each) => isFromOthers(each) && isAsk(each)) ??
      this.#latest(
        target,
        ts,
        MAX_REACTION,
        (each) => isFromOthers(each) && endsByDefault(each.number) && handlerIsOpen(each),
      );
    if (cause === null) return null;
    const how =
      cause.number === record.number ? `raised ${record.signal} again` : `sent itself ${record.signal}`;
    const then = `${target.title} ${how}${later(cause.delivered?.ts ?? cause.ts, ts)}`;
    return { cause, way: [reception(cause, target), then] };
  }

  /** SIGKILL during a core dump (kernel/signal.c, complete_signal; fs/coredump.c, dump_interrupted). */
  #crashBefore(record: SignalRecord, target: Process, ts: number): Step | null {
    if (record.number !== SIGKILL) return null;
    const cause = this.#latest(
      target,
      ts,
      MAX_GRACE,
      (earlier) => earlier.delivered?.handler === 'default' && defaultAction(earlier.number) === 'core',
    );
    if (cause === null) return null;
    const crash = `${target.title} got ${cause.signal}${codeOf(cause)} ${senderPhrase(cause)} and began to dump core`;
    const cut = `SIGKILL ${senderPhrase(record)} cut the dump short${later(cause.delivered?.ts ?? cause.ts, ts)}`;
    return { cause, way: [crash, cut] };
  }

  /** Asked to end, and then killed or asked again by the same: a supervisor, a watchdog, a person. */
  #askedBefore(record: SignalRecord, target: Process, ts: number): Step | null {
    if (!SENT_BY_REQUEST.has(record.origin)) return null;
    let cause: SignalRecord | null = null;
    for (const earlier of this.#backFrom(target, ts, MAX_GRACE)) {
      const isEarlierAsk = isAsk(earlier) && !earlier.fatal && SENT_BY_REQUEST.has(earlier.origin);
      if (isEarlierAsk && isSameSender(earlier, record)) cause = earlier;
    }
    if (cause === null || cause.number === record.number) return null;
    const then = `${senderName(record)} sent ${record.signal}${later(cause.ts, ts)}`;
    return { cause, way: [reception(cause, target), then] };
  }

  /** PR_SET_PDEATHSIG, the end of a pid namespace or of a session: what ended the sender is the cause. */
  #senderDied(record: SignalRecord, target: Process, ts: number): Step | null {
    const why = SENT_BY_DEATH[record.origin];
    const sender =
      record.sender && record.sender.irq !== true ? this.#processOf(record.sender.pid, ts) : null;
    const cause = sender?.ending.fatal;
    if (why === undefined || !cause || sender === target || cause === record) return null;
    const death = `${sender.title} was killed by ${cause.signal} ${senderPhrase(cause)}`;
    return { cause, way: [death, `${target.title} got ${record.signal} because ${why}`] };
  }

  /** A process that got a signal and passes it on, or that ends its children because one of them was killed. */
  #passedOn(record: SignalRecord, target: Process, ts: number): Step | null {
    if (!SENT_BY_REQUEST.has(record.origin) || !endsByDefault(record.number)) return null;
    const sender =
      record.sender && record.sender.irq !== true ? this.#processOf(record.sender.pid, ts) : null;
    if (sender === null || sender === target) return null;
    const cause = this.#latest(sender, ts, MAX_REACTION, (earlier) => {
      if (!isHandled(earlier) || earlier.origin === 'child') return false;
      if (earlier.number === record.number) return true;
      const isTimer = earlier.origin === 'timer' && earlier.number === SIGALRM;
      return isTimer || (isAsk(earlier) && isAsk(record) && target.parent === sender);
    });
    if (cause !== null) {
      const when = later(cause.delivered?.ts ?? cause.ts, ts);
      return {
        cause,
        way: [reception(cause, sender), `${sender.title} sent ${record.signal} to ${target.title}${when}`],
      };
    }
    if (target.parent !== sender) return null;
    const sibling = this.#siblingKilled(sender, target, ts);
    if (sibling === null) return null;
    const then = `${sender.title} sent ${record.signal} to ${target.title}${later(sibling.cause.ts, ts)}`;
    return { cause: sibling.cause, way: [...sibling.way, then] };
  }

  /** A child that was killed by somebody else, and whose SIGCHLD came just before. */
  #siblingKilled(parent: Process, target: Process, ts: number): Step | null {
    const notice = this.#latest(
      parent,
      ts,
      MAX_REACTION,
      ({ number, code, sender }) =>
        number === SIGCHLD && DEATH_CODES.has(code) && sender !== null && sender.pid !== target.tgid,
    );
    const sibling = this.#deadChildren.get(parent)?.findLast((child) => child.tgid === notice?.sender?.pid);
    const cause = sibling?.ending.fatal;
    if (!sibling || !cause || cause.sender?.pid === parent.tgid) return null;
    return { cause, way: [`${sibling.title} was killed by ${cause.signal} ${senderPhrase(cause)}`] };
  }

  /** A child that died by this signal, or that exits with its number because of its own child. */
  #childKilledBy(parent: Process, number: number, ts: number): Step | null {
    for (const child of [...(this.#deadChildren.get(parent) ?? [])].reverse()) {
      const { exit } = child.record;
      if (!exit || exit.ts > ts || ts - exit.ts > MAX_GRACE) continue;
      const { fatal } = child.ending;
      if (exit.kind === 'signaled' && fatal?.number === number) {
        return { cause: fatal, way: [`${child.title} was killed by ${fatal.signal} ${senderPhrase(fatal)}`] };
      }
      const cause = exit.root && this.#signals[exit.root.signal];
      if (exit.kind === 'exited' && exit.code === 128 + number && cause)
        return { cause, way: exit.root!.way };
    }
    return null;
  }

  /** A child that the process itself ended, and exits for: `timeout` and its 124. */
  #endedChild(parent: Process, ts: number): Step | null {
    const child = this.#deadChildren.get(parent)?.at(-1);
    const { exit } = child?.record ?? {};
    if (!child || !exit || exit.ts > ts || ts - exit.ts > MAX_REACTION) return null;
    const sender = child.ending.fatal?.sender;
    return exit.kind === 'signaled' && sender?.pid === parent.tgid ? this.#deathOf(child) : null;
  }

  /** The first cause of a death that is settled, or its signal. */
  #deathOf(child: Process): Step | null {
    const { exit } = child.record;
    const { fatal } = child.ending;
    const first = exit?.root && this.#signals[exit.root.signal];
    if (exit?.root && first) return { cause: first, way: exit.root.way };
    if (exit?.kind !== 'signaled' || fatal === null) return null;
    return { cause: fatal, way: [`${child.title} was killed by ${fatal.signal} ${senderPhrase(fatal)}`] };
  }

  #remember(parent: Process, child: Process): void {
    const children = this.#deadChildren.get(parent) ?? [];
    if (children.length === 0) this.#deadChildren.set(parent, children);
    if (children.includes(child)) return;
    children.push(child);
    if (children.length > MAX_DEAD_CHILDREN) children.shift();
  }

  /** The last signal to this process before a moment that passes. */
  #latest(
    process: Process,
    ts: number,
    seconds: number,
    passes: (record: SignalRecord) => boolean,
  ): SignalRecord | null {
    for (const record of this.#backFrom(process, ts, seconds)) if (passes(record)) return record;
    return null;
  }

  /** The signals to this process before a moment, the last first. */
  *#backFrom({ record: { signals } }: Process, ts: number, seconds: number): Iterable<SignalRecord> {
    const until = Math.max(0, signals.length - MAX_LOOKED_THROUGH);
    for (let at = signals.length - 1; at >= until; at--) {
      const record = this.#signals[signals[at]!];
      if (record === undefined || record.control || record.ts >= ts) continue;
      if (ts - record.ts > seconds) return;
      yield record;
    }
  }

  #indexOf(record: SignalRecord): number {
    const listed = this.#processOf(record.target.tgid, record.ts)?.record.signals;
    const at = listed?.findLast((index) => this.#signals[index] === record);
    return at ?? this.#signals.lastIndexOf(record);
  }

  #processOf(tid: Tid, ts: number): Process | null {
    const process = this.#table.find(tid)?.process ?? null;
    return process !== null && process.start <= ts ? process : null;
  }
}

const DEATH_CODES: ReadonlySet<SignalRecord['code']> = new Set(
  [CLD_KILLED, CLD_DUMPED].map((code) => signalCodeName(SIGCHLD, code)),
);

function isFault({ origin }: SignalRecord): boolean {
  return origin === 'fault';
}

function isAsk({ number, origin }: SignalRecord): boolean {
  return ASKS.has(number) && origin !== 'fault';
}

function isHandled({ delivered }: SignalRecord): boolean {
  return delivered !== null && delivered.handler !== 'default' && delivered.handler !== 'ignore';
}

/** It never returned, as far as the trace shows. */
function handlerIsOpen({ delivered }: SignalRecord): boolean {
  return (delivered?.handlerTime ?? null) === null;
}

function isWithin(seconds: number, record: SignalRecord, ts: number): boolean {
  return ts - (record.delivered?.ts ?? record.ts) <= seconds;
}

/** SIGHUP is what daemons reload at: only a terminal's or a session's end asks for more. */
function graceOf({ number, origin }: SignalRecord): number {
  if (number === SIGHUP)
    return origin === 'tty' || origin === 'orphaned-pgrp' ? MAX_GRACE_OF_INT : MAX_REACTION;
  return number === SIGINT ? MAX_GRACE_OF_INT : MAX_GRACE;
}

function isFromItself({ sender }: SignalRecord, process: Process): boolean {
  if (sender === null || sender.irq === true) return false;
  return sender.pid === process.tgid || sender.tgid === process.tgid || process.tasks.has(sender.pid);
}

/** The same process, or one that stands for the same: `kill` is started once for each signal. */
function isSameSender({ sender: one }: SignalRecord, { sender: other }: SignalRecord): boolean {
  if (one === null || other === null) return false;
  const tgids = [one.tgid ?? one.pid, other.tgid ?? other.pid];
  if (tgids[0] === tgids[1] || (one.comm !== null && one.comm === other.comm)) return true;
  const [parent, otherParent] = [one.ancestors?.[0]?.pid, other.ancestors?.[0]?.pid];
  return parent !== undefined && (parent === otherParent || parent === tgids[1] || otherParent === tgids[0]);
}

/** `node (812) handled SIGTERM from systemd (1)`. */
function reception(record: SignalRecord, target: Process): string {
  const what = `${record.signal}${codeOf(record)} ${senderPhrase(record)}`;
  if (record.delivered?.handler === 'rt_sigtimedwait') return `${target.title} took ${what} by sigwait`;
  if (isHandled(record)) return `${target.title} handled ${what}`;
  if (record.result === 'ignored') return `${target.title} ignored ${what}`;
  if (record.delivered === null && record.result === 'pending')
    return `${target.title} did not receive ${what}`;
  return `${target.title} got ${what}`;
}

function senderName({ sender }: SignalRecord): string {
  return sender === null ? 'an unknown sender' : taskTitle(sender.comm, sender.tgid ?? sender.pid);
}

function codeOf({ code, origin }: SignalRecord): string {
  return origin === 'fault' && typeof code === 'string' ? ` (${code})` : '';
}

/** ` 52 µs later`; '' where the clock does not count seconds. */
function later(from: number, to: number): string {
  if (to < from || (Number.isInteger(from) && Number.isInteger(to))) return '';
  return ` ${duration(to - from)} later`;
}
