/**
 * Verdicts that need to know how a life went on: a request to end is judged when its target has ended or its time has passed,
 * a death when the exit is known, and one cause gives one alert. Only signals that no rule decided come here.
 *
 * All moments are on the trace clock and follow from the events alone, so the same events give the same verdicts live
 * and from a report.
 */
import type { SignalRecord, SignalTarget } from '../../model/report';
import { endsByDefault } from '../../kernel/signals';
import type { AlertPattern } from '../alerts/alert';
import type { DueQueue } from '../alerts/due-queue';
import { exitText, fateText, handledFaultText } from '../alerts/fate-text';
import { sentBySession, wasHandled } from '../language/evidence';
import { defaultVerdict } from '../matching/default-verdicts';
import { fateVerdict, TIME_TO_END, waitsForFate, type Fate } from '../matching/fate';
import { aborts, asksToEnd, isCrash, isFromItself } from '../matching/signal-kinds';
import { SESSION_CONTROL, type Verdict } from '../matching/verdict';
import { ChildDeaths } from './child-deaths';
import { deathVerdict, withCoreDump } from './death-verdict';
import { Lives, rootOf, type KnownEnd, type Life, type Request } from './lives';
import { LATE } from './missing-events';
import { asPending, signalKey } from './signal-facts';
import type { WatchCounters } from './watch-counters';

export type { KnownEnd } from './lives';

/** Where the verdicts go. */
export interface FateListener {
  signal(verdict: Verdict, signal: SignalRecord, target: SignalTarget, pattern: AlertPattern): void;
  exit(verdict: Verdict, target: SignalTarget, end: KnownEnd, sentence: string): void;
  /** It belongs to another alert, or needs none. */
  pass(verdict: Verdict, signal: SignalRecord, target: SignalTarget): void;
}

/** Seconds in which a process that a signal ended should be gone: a core dump takes its time. */
const TIME_TO_DIE = 2;
/** `timeout` of coreutils exits so when the time has passed: 124, or 137 where it had to use SIGKILL. */
const TIMEOUT_CODES = [124, 137];

const NO_ALERT: Verdict = {
  verdict: 'expected',
  rule: 'default:no-harm',
  severity: 'info',
  reason: 'another alert tells it',
};

export class Fates {
  readonly #lives: Lives;
  readonly #childDeaths = new ChildDeaths();
  /** The trace has what becomes of processes in it. */
  #hasExits = false;

  readonly #agenda: DueQueue<() => void>;
  readonly #listener: FateListener;
  readonly #tallies: WatchCounters;

  constructor(agenda: DueQueue<() => void>, listener: FateListener, tallies: WatchCounters) {
    this.#agenda = agenda;
    this.#lives = new Lives(agenda);
    this.#listener = listener;
    this.#tallies = tallies;
  }

  /** Verdicts that were given up for want of room. */
  get leftOut(): number {
    return this.#lives.leftOut;
  }

  /** It was sent, and waits: what ends the process meanwhile comes after it. */
  sent(signal: SignalRecord, target: SignalTarget): void {
    if (asksToEnd(signal) || aborts(signal)) this.#lives.keepRequest(asPending(signal), target);
  }

  /** It is known what became of it. */
  settled(signal: SignalRecord, target: SignalTarget): void {
    if (signal.fatal) return;
    if (waitsForFate(signal)) this.#lives.keepRequest(signal, target);
    if (wasHandled(signal) && endsByDefault(signal.number)) this.#lives.keepHandled(signal, target);
  }

  /**
   * @param isAwaited whether a rule awaits the exit after this signal
   * @returns whether the default verdict on this signal waits for what becomes of its target
   */
  takes(signal: SignalRecord, target: SignalTarget, isAwaited: boolean): boolean {
    if (!signal.fatal && !waitsForFate(signal)) return false;
    const life = this.#lives.of(target.id);
    if (signal.fatal) {
      life.dying.push({ signal: { ...signal }, target });
      if (life.end !== null) this.#judgeDeath(life, life.end);
      else
        life.due ??= this.#agenda.add((signal.delivered?.ts ?? signal.ts) + TIME_TO_DIE, () => {
          life.due = null;
          this.#judgeDeath(life, null);
        });
      return true;
    }
    const request = life.requests.find(({ key }) => key === signalKey(signal));
    if (request === undefined) return false;
    const { end } = life;
    if (end !== null) {
      // It was already reported with the end, or it came too late to have a part in it.
      if (signal.result === 'pending' || signal.ts >= end.ts) this.#listener.pass(NO_ALERT, signal, target);
      else this.#judgeRequest(request, fateOf(request, end));
      return true;
    }
    if (signal.result === 'pending') return false;
    request.isOpen = true;
    request.isAwaited = isAwaited;
    request.due = this.#agenda.add(request.deadline + LATE, () => {
      request.due = null;
      this.#refused(request);
    });
    return true;
  }

  /** @param isDecided a rule decided on this end: its exit code is no further alert */
  exited(process: string, end: KnownEnd, target: SignalTarget | null, isDecided = false): void {
    this.#hasExits = true;
    this.#childDeaths.keep(end, target);
    const life = this.#lives.of(process);
    life.end = end;
    if (life.dying.length > 0) {
      this.#judgeDeath(life, end);
      return;
    }
    const [first, ...others] = this.#lives.takeOpen(life);
    if (first !== undefined) {
      this.#judgeRequest(first, fateOf(first, end));
      for (const { signal, target: to } of others) this.#listener.pass(NO_ALERT, signal, to);
      return;
    }
    if (target !== null && !isDecided) this.#judgeExit(life, end, target);
  }

  /** Events were lost before `ts`. */
  gap(ts: number): void {
    for (const { requests } of this.#lives.all()) {
      for (const request of requests) if (request.signal.ts <= ts) request.hasGap = true;
    }
  }

  /** The trace has ended, or nobody follows it any longer. */
  close(now: number): void {
    for (const life of this.#lives.all()) {
      if (life.dying.length > 0) this.#judgeDeath(life, null);
      for (const request of this.#lives.takeOpen(life)) {
        if (request.deadline <= now || request.isAwaited) this.#refused(request);
        else {
          const isFollowed = this.#hasExits || (request.target.role ?? null) !== null;
          this.#judgeRequest(request, { kind: 'open', after: now - request.signal.ts, isFollowed });
        }
      }
    }
    this.#lives.clear();
    this.#childDeaths.clear();
    this.#hasExits = false;
  }

  /** Its time has passed, and it runs on. */
  #refused(request: Request): void {
    this.#lives.cancel(request);
    if (request.isAwaited) {
      this.#listener.pass(NO_ALERT, request.signal, request.target);
      return;
    }
    if (request.hasGap) {
      this.#tallies.undecidedByLoss++;
      this.#listener.pass(NO_ALERT, request.signal, request.target);
      return;
    }
    const isFollowed = this.#hasExits || (request.target.role ?? null) !== null;
    const after = TIME_TO_END;
    this.#judgeRequest(
      request,
      isFollowed ? { kind: 'refused', after } : { kind: 'open', after, isFollowed },
    );
  }

  #judgeRequest({ signal, target }: Request, fate: Fate): void {
    if (sentBySession(signal)) {
      this.#listener.pass(SESSION_CONTROL, signal, target);
      return;
    }
    const verdict = fateVerdict(signal, target, fate);
    if (verdict.verdict === 'expected') this.#listener.pass(verdict, signal, target);
    else {
      const last = signal.ts + fate.after;
      this.#listener.signal(verdict, signal, target, { sentence: fateText(signal, target, fate), last });
    }
  }

  /** @param end null where the trace does not show it */
  #judgeDeath(life: Life, end: KnownEnd | null): void {
    if (life.due !== null) this.#agenda.cancel(life.due);
    life.due = null;
    const dying = life.dying.splice(0);
    // Of several that ended it, the one that `wait` reports.
    const decided =
      dying.findLast(({ signal }) => end !== null && signal.signal === end.signal) ?? dying.at(-1);
    if (decided === undefined) return;
    const { target } = decided;
    const signal = withCoreDump(decided.signal, end);
    for (const other of dying) if (other !== decided) this.#listener.pass(NO_ALERT, other.signal, target);
    const requests = life.requests.filter(
      ({ signal: { ts }, key }) => ts <= signal.ts && key !== signalKey(signal),
    );
    for (const request of this.#lives.takeOpen(life)) this.#listener.pass(NO_ALERT, request.signal, target);
    if (
      sentBySession(signal) ||
      (isFromItself(signal) && requests.some((each) => sentBySession(each.signal)))
    ) {
      this.#listener.pass(SESSION_CONTROL, signal, target);
      return;
    }
    const { verdict, pattern } = deathVerdict(signal, target, { ...life, requests }, end);
    this.#listener.signal(verdict, signal, target, pattern);
  }

  /** An end that no signal asked for. */
  #judgeExit(life: Life, end: KnownEnd, target: SignalTarget): void {
    const { code } = end;
    if (end.kind !== 'exited' || code === null || code === 0) return;
    const root = rootOf(life, end);
    if (root !== null && isCrash(root)) {
      const verdict = defaultVerdict({ ...root, fatal: true }, target);
      const sentence = handledFaultText(root, target, code, end.ts - root.ts);
      this.#listener.signal(verdict, root, target, { sentence, last: end.ts });
      return;
    }
    if (target.role !== 'workload' && target.role !== 'attached') return;
    // Asked by the session, or by what a rule expects: the code 128 and more is that signal's.
    if (life.requests.some(({ signal }) => sentBySession(signal) || code === 128 + signal.number)) return;
    if ((end.root ?? null) !== null || this.#childDeaths.passesOn(code, target)) return;
    if (target.comm === 'timeout' && TIMEOUT_CODES.includes(code)) return;
    const verdict: Verdict = {
      verdict: 'attention',
      rule: 'default:exit-code',
      severity: 'warning',
      reason: 'it ended with an error of its own',
    };
    this.#listener.exit(verdict, target, end, exitText(target, Number.parseInt(target.id, 10), code));
  }
}

function fateOf({ signal }: Request, end: KnownEnd): Fate {
  const after = Math.max(0, end.ts - signal.ts);
  if (end.kind === 'exited') return { kind: 'exited', code: end.code, after };
  return end.signal === signal.signal
    ? { kind: 'ended-by-it', after }
    : { kind: 'killed', signal: end.signal, after };
}
