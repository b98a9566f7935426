/**
 * Verdicts that need to know how a life went on: a request to end is judged when its target has ended or its time has passed,
 * a death when the exit is known, and one cause gives one alert. Only signals that no rule decided come here.
 *
 * All moments are on the trace clock and follow from the events alone, so the same events give the same verdicts live
 * and from a report.
 */
import type { Exit, SignalRecord, SignalTarget } from '../../model/report';
import { defaultAction, signalName } from '../../kernel/signals';
import type { AlertPattern } from '../alerts/alert';
import type { Due, DueQueue } from '../alerts/due-queue';
import {
  chainText,
  crashAfterRequestText,
  deathText,
  escalationText,
  exitText,
  fateText,
  handledFaultText,
} from '../alerts/fate-text';
import { sentBySession } from '../language/evidence';
import { defaultVerdict } from '../matching/default-verdicts';
import { fateVerdict, TIME_TO_END, waitsForFate, type Fate } from '../matching/fate';
import { asksToEnd, isCrash, isFromAnother, isFromItself, isHandledFault } from '../matching/signal-kinds';
import { SESSION_CONTROL, type Verdict } from '../matching/verdict';
import { LATE } from './missing-events';
import { asPending, signalKey } from './signal-facts';
import type { WatchCounters } from './watch-counters';

/** How a process ended, as far as a verdict needs it. `Exit` of a report fulfils it. */
export type KnownEnd = Pick<Exit, 'ts' | 'time' | 'kind' | 'code' | 'signal' | 'coreDumped' | 'root'>;

/** Where the verdicts go. */
export interface FateListener {
  signal(verdict: Verdict, signal: SignalRecord, target: SignalTarget, pattern: AlertPattern): void;
  exit(verdict: Verdict, target: SignalTarget, end: KnownEnd, sentence: string): void;
  /** It belongs to another alert, or needs none. */
  pass(verdict: Verdict, signal: SignalRecord, target: SignalTarget): void;
}

/** A signal that asked the process to end, or reported that it hangs. */
interface Request {
  readonly key: string;
  readonly deadline: number;
  signal: SignalRecord;
  target: SignalTarget;
  /** Its verdict waits; else a rule decided, or it was reported already. */
  isOpen: boolean;
  /** A rule awaits the exit, and says itself that it did not come. */
  isAwaited: boolean;
  due: Due | null;
  hasGap: boolean;
}

interface Dying {
  readonly signal: SignalRecord;
  readonly target: SignalTarget;
}

interface Life {
  requests: Request[];
  /** The last fault that it handled. */
  fault: SignalRecord | null;
  dying: Dying[];
  due: Due | null;
  end: KnownEnd | null;
}

const MAX_LIVES = 10_000;
const MAX_REQUESTS = 16;
/** Seconds in which a process that a signal ended should be gone: a core dump takes its time. */
const TIME_TO_DIE = 2;
/** Seconds after a handled fault in which an exit is its consequence. */
const FAULT_WAIT = 10;
/** Processes whose children's deaths are remembered. */
const MAX_PARENTS = 1_000;
/** `timeout` of coreutils exits so when the time has passed: 124, or 137 where it had to use SIGKILL. */
const TIMEOUT_CODES = [124, 137];

const NO_ALERT: Verdict = {
  verdict: 'expected',
  rule: 'default:no-harm',
  severity: 'info',
  reason: 'another alert tells it',
};

export class Fates {
  /** Requests that were given up for want of room. */
  leftOut = 0;
  readonly #lives = new Map<string, Life>();
  /** By which signals the children of a process died, by its pid. */
  readonly #childDeaths = new Map<number, Set<string>>();
  /** The trace has what becomes of processes in it. */
  #hasExits = false;

  readonly #agenda: DueQueue<() => void>;
  readonly #listener: FateListener;
  readonly #tallies: WatchCounters;

  constructor(agenda: DueQueue<() => void>, listener: FateListener, tallies: WatchCounters) {
    this.#agenda = agenda;
    this.#listener = listener;
    this.#tallies = tallies;
  }

  /** It was sent, and waits: what ends the process meanwhile comes after it. */
  sent(signal: SignalRecord, target: SignalTarget): void {
    if (asksToEnd(signal)) this.#keep(asPending(signal), target);
  }

  /** It is known what became of it. */
  settled(signal: SignalRecord, target: SignalTarget): void {
    if (signal.fatal) return;
    if (asksToEnd(signal) || waitsForFate(signal)) this.#keep(signal, target);
    if (isHandledFault(signal)) this.#lifeOf(target.id).fault = { ...signal };
  }

  /**
   * @param isAwaited whether a rule awaits the exit after this signal
   * @returns whether the default verdict on this signal waits for what becomes of its target
   */
  takes(signal: SignalRecord, target: SignalTarget, isAwaited: boolean): boolean {
    if (!signal.fatal && !waitsForFate(signal)) return false;
    const life = this.#lifeOf(target.id);
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
      if (signal.result === 'pending') this.#listener.pass(NO_ALERT, signal, target);
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

  exited(process: string, end: KnownEnd, target: SignalTarget | null): void {
    this.#hasExits = true;
    this.#keepChildDeath(end, target);
    const life = this.#lives.get(process) ?? newLife();
    if (!this.#lives.has(process)) this.#keepLife(process, life);
    life.end = end;
    if (life.dying.length > 0) {
      this.#judgeDeath(life, end);
      return;
    }
    const [first, ...others] = this.#takeOpen(life);
    if (first !== undefined) {
      this.#judgeRequest(first, fateOf(first, end));
      for (const { signal, target: to } of others) this.#listener.pass(NO_ALERT, signal, to);
      return;
    }
    if (target !== null) this.#judgeExit(life, end, target);
  }

  /** Events were lost before `ts`. */
  gap(ts: number): void {
    for (const { requests } of this.#lives.values()) {
      for (const request of requests) if (request.signal.ts <= ts) request.hasGap = true;
    }
  }

  /** The trace has ended, or nobody follows it any longer. */
  close(now: number): void {
    for (const life of this.#lives.values()) {
      if (life.dying.length > 0) this.#judgeDeath(life, null);
      for (const request of this.#takeOpen(life)) {
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

  #keep(signal: SignalRecord, target: SignalTarget): void {
    const { requests } = this.#lifeOf(target.id);
    const key = signalKey(signal);
    const known = requests.find((request) => request.key === key);
    if (known !== undefined) {
      Object.assign(known, { signal: { ...signal }, target });
      return;
    }
    const deadline = signal.ts + TIME_TO_END;
    requests.push({ key, deadline, signal: { ...signal }, target, ...NOT_WAITING });
    if (requests.length > MAX_REQUESTS) {
      const [oldest] = requests.splice(0, 1);
      if (oldest?.isOpen === true) this.leftOut++;
      if (oldest !== undefined) this.#cancel(oldest);
    }
  }

  #lifeOf(id: string): Life {
    const known = this.#lives.get(id);
    if (known !== undefined) return known;
    const life = newLife();
    this.#keepLife(id, life);
    return life;
  }

  #keepLife(id: string, life: Life): void {
    if (this.#lives.size >= MAX_LIVES) {
      const [oldest] = this.#lives;
      if (oldest !== undefined) {
        const [oldId, { requests, dying, due }] = oldest;
        this.leftOut +=
          requests.filter(({ isOpen, isAwaited }) => isOpen && !isAwaited).length + dying.length;
        for (const request of requests) this.#cancel(request);
        if (due !== null) this.#agenda.cancel(due);
        this.#lives.delete(oldId);
      }
    }
    this.#lives.set(id, life);
  }

  #cancel(request: Request): void {
    if (request.due !== null) this.#agenda.cancel(request.due);
    request.due = null;
    request.isOpen = false;
  }

  #takeOpen({ requests }: Life): Request[] {
    const open = requests.filter(({ isOpen }) => isOpen);
    for (const request of open) this.#cancel(request);
    return open;
  }

  /** Its time has passed, and it is still running. */
  #refused(request: Request): void {
    this.#cancel(request);
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
    for (const request of this.#takeOpen(life)) this.#listener.pass(NO_ALERT, request.signal, target);
    if (
      sentBySession(signal) ||
      (isFromItself(signal) && requests.some((each) => sentBySession(each.signal)))
    ) {
      this.#listener.pass(SESSION_CONTROL, signal, target);
      return;
    }
    this.#say(
      signal,
      target,
      end,
      requests.map((request) => request.signal),
      life.fault,
    );
  }

  #say(
    signal: SignalRecord,
    target: SignalTarget,
    end: KnownEnd | null,
    requests: readonly SignalRecord[],
    fault: SignalRecord | null,
  ): void {
    const root = end?.root ?? null;
    const own = defaultVerdict(signal, target);
    if (isFromItself(signal)) {
      const asked =
        requests.findLast(({ number }) => number === signal.number) ?? rootRequest(signal, requests, root);
      if (asked !== null && (asked.number === signal.number || root !== null)) {
        const verdict = fateVerdict(asked, target, { kind: 'ended-by-it', after: signal.ts - asked.ts });
        const earlier = requests.includes(asked) ? [asked] : [];
        const sentence = chainText(asked, signal, target);
        this.#listener.signal(verdict, signal, target, { earlier, sentence, cause: asked });
        return;
      }
      if (fault !== null && isCrash(signal) && signal.ts - fault.ts <= FAULT_WAIT) {
        const verdict = defaultVerdict(
          { ...fault, fatal: true, coreDumped: signal.coreDumped ?? null },
          target,
        );
        const sentence = chainText(fault, signal, target);
        this.#listener.signal(verdict, signal, target, { earlier: [fault], sentence, cause: fault });
        return;
      }
    }
    const asked = requests[0];
    if (asked !== undefined && signal.ts - asked.ts > 0) {
      const earlier = [...requests];
      if (isCrash(signal) && !isFromAnother(signal)) {
        const sentence = crashAfterRequestText(asked, signal, target);
        this.#listener.signal(own, signal, target, { earlier, sentence });
        return;
      }
      if (signal.signal === 'SIGKILL') {
        const sentence = escalationText(asked, signal, target);
        this.#listener.signal(afterRequest(own), signal, target, { earlier, sentence });
        return;
      }
    }
    const earlier = requests.filter((request) => request.ts < signal.ts);
    const after = end === null ? null : end.ts - signal.ts;
    const sentence = deathText(signal, target, after);
    this.#listener.signal(own, signal, target, { ...(earlier.length > 0 && { earlier }), sentence });
  }

  /** An end that no signal asked for. */
  #judgeExit(life: Life, end: KnownEnd, target: SignalTarget): void {
    const { code } = end;
    if (end.kind !== 'exited' || code === null || code === 0) return;
    const { fault } = life;
    if (fault !== null && end.ts - fault.ts <= FAULT_WAIT) {
      const verdict = defaultVerdict({ ...fault, fatal: true }, target);
      const sentence = handledFaultText(fault, target, code, end.ts - fault.ts);
      this.#listener.signal(verdict, fault, target, { sentence, last: end.ts });
      return;
    }
    if (target.role !== 'workload' && target.role !== 'attached') return;
    // Asked by the session, or by what a rule expects: the code 128 and more is that signal's.
    if (life.requests.some(({ signal }) => sentBySession(signal) || code === 128 + signal.number)) return;
    if ((end.root ?? null) !== null || this.#passesOnItsChild(code, target)) return;
    if (target.comm === 'timeout' && TIMEOUT_CODES.includes(code)) return;
    const verdict: Verdict = {
      verdict: 'attention',
      rule: 'default:exit-code',
      severity: 'warning',
      reason: 'it ended with an error of its own',
    };
    this.#listener.exit(verdict, target, end, exitText(target, Number.parseInt(target.id, 10), code));
  }

  /** A shell ends with 128 and the number of the signal that ended its last command; that death is reported by itself. */
  #passesOnItsChild(code: number, target: SignalTarget): boolean {
    if (code <= 128) return false;
    return this.#childDeaths.get(Number.parseInt(target.id, 10))?.has(signalName(code - 128)) === true;
  }

  #keepChildDeath({ kind, signal, code }: KnownEnd, target: SignalTarget | null): void {
    const parent = target?.ancestors[0]?.pid;
    const name = kind === 'signaled' ? signal : code !== null && code > 128 ? signalName(code - 128) : null;
    if (parent === undefined || name === null) return;
    const names = this.#childDeaths.get(parent) ?? new Set<string>();
    names.add(name);
    this.#childDeaths.delete(parent);
    this.#childDeaths.set(parent, names);
    const [oldest] = this.#childDeaths.keys();
    if (oldest !== undefined && this.#childDeaths.size > MAX_PARENTS) this.#childDeaths.delete(oldest);
  }
}

const NOT_WAITING = { isOpen: false, isAwaited: false, due: null, hasGap: false };

function newLife(): Life {
  return { requests: [], fault: null, dying: [], due: null, end: null };
}

/** A record says of core dumps only what its signal may leave. */
function withCoreDump(signal: SignalRecord, end: KnownEnd | null): SignalRecord {
  if (end === null || (signal.coreDumped ?? null) !== null || defaultAction(signal.number) !== 'core')
    return signal;
  return { ...signal, coreDumped: end.coreDumped };
}

function fateOf({ signal }: Request, end: KnownEnd): Fate {
  const after = Math.max(0, end.ts - signal.ts);
  if (end.kind === 'exited') return { kind: 'exited', code: end.code, after };
  return end.signal === signal.signal
    ? { kind: 'ended-by-it', after }
    : { kind: 'killed', signal: end.signal, after };
}

/** The request that the model names as the first cause, where this watch has not seen it itself. */
function rootRequest(
  signal: SignalRecord,
  requests: readonly SignalRecord[],
  root: KnownEnd['root'] | null,
): SignalRecord | null {
  const by = root?.by ?? null;
  return by === null ? null : (requests.findLast(({ sender }) => sender?.pid === by.pid) ?? null);
}

/** Asked first, and killed only then: worth a look, and no attack. */
function afterRequest(own: Verdict): Verdict {
  return {
    verdict: 'attention',
    rule: 'default:killed-after-request',
    severity: own.severity === 'critical' ? 'error' : 'warning',
    reason: 'it was asked to end, did not, and was killed',
  };
}
