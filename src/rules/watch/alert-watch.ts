/**
 * The rules over time: takes what happens in one trace, in its order, and gives what is to be said about it.
 *
 * Time is the trace's own. What is due (an absence, a zombie that stays one, a summary of repeats) is due at a moment
 * on the trace clock that follows from the events alone, so the same events give the same alerts however they are
 * cut into messages, live, from a file or from a report; `tick` only says how far the trace is.
 *
 * Signals come when it is known what became of them, which is not the order in which they were sent: sequences,
 * counts and absences compare the times of the records, and a signal that waits is known from its sending on.
 */
import { defaultAction } from '../../kernel/signals';
import type { Reap, SignalRecord, SignalTarget, Stage } from '../../model/report';
import type { Absence } from './missing-events';
import { makePlainAlert } from '../alerts/alert';
import { NOT_COME, identityOf, lossText } from '../alerts/alert-text';
import { keptVerdict } from '../alerts/zombie-text';
import { defaultVerdict } from '../matching/default-verdicts';
import { DueQueue, type Due } from '../alerts/due-queue';
import { outcomeOf, sentBySession } from '../language/evidence';
import { Fates, type FateListener, type KnownEnd } from './fates';
import { ExitRules } from './exit-rules';
import { Gaps } from './gaps';
import { HandlerReturns } from './handler-returns';
import { Judgements, type AlertWatchOptions, type Judgement } from './judgement';
import { KeptZombies, type KeptGroup } from './kept-zombies';
import { LossRules, type LossOfEvents } from './loss-rules';
import type { RuleSet } from '../language/rule';
import { RuleExpiry } from '../matching/rule-expiry';
import { compileRule, verdictOf, type CompiledRule } from '../matching/rule-match';
import { SESSION_CONTROL } from '../matching/verdict';
import { SignalRules, fingerprintOf } from './signal-rules';
import { noTallies, type WatchCounters } from './watch-counters';
import { keptAlert, zombieAlert } from './zombie-alerts';
import { Zombies, type Zombie } from './zombies';

export type { AlertWatchOptions, Judgement } from './judgement';

/** A signal that a rule may be about, of which nobody knows yet whether it left a core dump. */
interface Dying {
  readonly signal: SignalRecord;
  readonly target: SignalTarget;
  readonly due: Due;
}

/** Seconds. Several CPUs are a little out of order; a longer way back is another trace. */
const OTHER_TRACE = 60;
/** Seconds on the trace clock in which a process that dumps core should be gone. */
const CORE_WAIT = 2;
const MAX_DYING = 1_000;

export class AlertWatch {
  readonly tallies: WatchCounters = noTallies();
  #now = -Infinity;
  /** When the agenda is looked at, the moment at which its entry was due. */
  #at = -Infinity;
  readonly #agenda = new DueQueue<() => void>();
  readonly #gaps = new Gaps();
  readonly #expiry = new RuleExpiry();
  readonly #judgements: Judgements;
  readonly #signals: SignalRules;
  readonly #exits: ExitRules;
  readonly #returns: HandlerReturns;
  readonly #zombieRules: readonly CompiledRule[];
  readonly #zombies: Zombies;
  readonly #kept: KeptZombies;
  readonly #losses: LossRules;
  readonly #fates: Fates;
  readonly #dying = new Map<string, Dying>();
  readonly #isAll: boolean;

  constructor(set: RuleSet, options: AlertWatchOptions = {}) {
    const rules = set.rules.filter(({ enabled }) => enabled).map(compileRule);
    const of = (subject: string): CompiledRule[] => rules.filter(({ rule }) => rule.on === subject);
    const expiry = this.#expiry;
    const gaps = this.#gaps;
    const tallies = this.tallies;
    const agenda = this.#agenda;
    this.#isAll = set.match === 'all';
    this.#judgements = new Judgements(options, tallies);
    this.#signals = new SignalRules(of('signal'), this.#isAll, expiry, gaps, tallies, agenda, (absence) => {
      this.#absent(absence);
    });
    this.#exits = new ExitRules(of('exit'), this.#isAll, expiry, this.#judgements);
    this.#returns = new HandlerReturns(rules.map(({ rule }) => rule));
    this.#zombieRules = of('zombie');
    this.#zombies = new Zombies(agenda, (zombie) => {
      this.#stayed(zombie);
    });
    this.#kept = new KeptZombies(agenda, (group) => {
      this.#zombiesKept(group);
    });
    this.#losses = new LossRules(of('loss'), this.#isAll);
    this.#fates = new Fates(agenda, this.#fateListener(), tallies);
  }

  /** Alerts held back at this moment, to be summed up. */
  get held(): number {
    return this.#judgements.held;
  }

  /** How far the trace is; -Infinity before it has begun. */
  get reached(): number {
    return this.#now;
  }

  /** When something is to be said of itself, so that a timer is worth while. */
  get isWaiting(): boolean {
    return this.#agenda.size > 0 || this.#judgements.isWaiting;
  }

  /** What is to be reported once and is not an alert: that a rule has expired. */
  takeRemarks(): string[] {
    return this.#expiry.takeNotices();
  }

  /** A stage of `lifecycle-parse`. One of a name that no rule is about says how far the trace is. */
  stage(stage: Stage): Judgement[] {
    const { detail, process, ts, time } = stage;
    switch (stage.stage) {
      case 'lost':
        return this.lost(detail as LossOfEvents, ts, time);
      case 'signal-generated':
        return this.sent(detail as SignalRecord, stage.target ?? targetOf(stage));
      case 'signal':
        return this.settled(detail as SignalRecord, stage.target ?? null, ts);
      case 'exit':
        return this.exited(process ?? '', endOf(detail, ts, time), stage.target ?? null);
      case 'signal-returned':
        return this.returned(detail as SignalRecord, ts);
      case 'zombie':
        return this.zombie(stage.target ?? targetOf(stage), ts, time);
      case 'reap':
        return this.gone(process ?? '', ts, ((detail ?? {}) as Partial<Reap>).call !== null);
      case 'gone':
        return this.gone(process ?? '', ts, false);
      default:
        return this.tick(ts);
    }
  }

  /** A signal that waits to be delivered. */
  sent(signal: SignalRecord, target: SignalTarget): Judgement[] {
    this.#pass(signal.ts);
    if (!signal.control) {
      this.#signals.sent(signal, target);
      this.#fates.sent(signal, target);
      this.#kept.childEnded(signal, target);
    }
    return this.#take();
  }

  /**
   * A signal of which it is known what became.
   *
   * @param ts when that was; the time of the record where nobody says
   */
  settled(signal: SignalRecord, target: SignalTarget | null, ts = signal.ts): Judgement[] {
    this.#pass(ts);
    if (!signal.control && target !== null) {
      this.#signals.settled(signal, target);
      this.#fates.settled(signal, target);
      this.#kept.childEnded(signal, target);
      if (outcomeOf(signal) === 'stopped') {
        this.#signals.absences.came(target.id, 'stop', signal.delivered?.ts ?? ts);
      }
    }
    if (this.#waitsForCore(signal, target)) this.#hold(signal, target);
    else if (!this.#returns.waitsFor(signal, target)) this.#judge(signal, target);
    return this.#take();
  }

  /** The handler of a signal returned. */
  returned(signal: SignalRecord, ts: number): Judgement[] {
    this.#pass(ts);
    const running = this.#returns.returned(signal);
    if (running !== null) this.#judge(running.signal, running.target);
    return this.#take();
  }

  /** A signal's record that comes alone, without the life of its target: nothing is waited for. */
  record(signal: SignalRecord): Judgement[] {
    this.#pass(signal.ts);
    this.#judge(signal, null);
    return this.#take();
  }

  /** @param target who it was; null where nobody says, and its exit code is not judged */
  exited(process: string, end: KnownEnd, target: SignalTarget | null = null): Judgement[] {
    const { ts, coreDumped } = end;
    this.#pass(ts);
    const dying = this.#dying.get(process);
    if (dying) {
      this.#agenda.cancel(dying.due);
      this.#dying.delete(process);
      this.#judge({ ...dying.signal, coreDumped }, dying.target);
    }
    for (const running of this.#returns.takeOf(process)) this.#judge(running.signal, running.target);
    this.#signals.absences.came(process, 'exit', ts);
    if (target?.role !== 'parent') {
      const isDecided = target !== null && this.#exits.judge(target, end, this.#at);
      this.#fates.exited(process, end, target, isDecided);
    }
    return this.#take();
  }

  /** @param since when it died */
  zombie(target: SignalTarget, since: number, time: string | null): Judgement[] {
    this.#pass(since);
    // The session's own waits for the end of the trace.
    if (target.role === 'parent') return this.#take();
    const rules = this.#zombieRules.filter(
      (compiled) => compiled.holds(null, target) && this.#expiry.holds(compiled.rule, compiled.rule, time),
    );
    for (const compiled of this.#isAll ? rules : rules.slice(0, 1))
      this.#zombies.add(compiled, target, since, time);
    if (rules.length === 0) this.#kept.died(target, since, time);
    return this.#take();
  }

  /** @param isWaitedFor it was reaped; else it is gone without a wait that the trace shows */
  gone(process: string, ts: number, isWaitedFor = true): Judgement[] {
    this.#pass(ts);
    this.#zombies.gone(process, ts);
    this.#kept.gone(process, ts, isWaitedFor);
    this.#signals.absences.came(process, 'reap', ts);
    return this.#take();
  }

  /** @param loss with the number of traced processes that lived then, where the model says it */
  lost(loss: LossOfEvents, ts: number, time: string | null): Judgement[] {
    // First, so that nothing is said about a time of which nobody knows.
    this.#gaps.add(loss, ts);
    this.#signals.absences.gap(ts);
    this.#zombies.gap(ts);
    this.#kept.gap(ts);
    this.#fates.gap(ts);
    this.#pass(ts);
    const given = { process: null, first: ts, last: ts, time, incomplete: this.#gaps.between(ts, ts) };
    for (const { verdict, rule, lost } of this.#losses.verdictsOn(loss, (rule) =>
      this.#expiry.holds(rule, rule, time),
    )) {
      const alert = makePlainAlert('loss', verdict, {
        ...given,
        loss,
        text: lossText(lost, ts, verdict.reason),
      });
      this.#judgements.raise(verdict, alert, rule, this.#at);
    }
    return this.#take();
  }

  /** The trace has come this far. */
  tick(ts: number): Judgement[] {
    this.#pass(ts);
    return this.#take();
  }

  /** The trace has ended, or nobody follows it any longer: all that is held is said, and what is open is counted. */
  end(ts: number | null = null): Judgement[] {
    if (ts !== null && ts > this.#now) this.#pass(ts);
    this.#close();
    return this.#take();
  }

  #pass(ts: number): void {
    // Compared with it, every moment would have passed, or none.
    if (!Number.isFinite(ts)) return;
    if (ts < this.#now - OTHER_TRACE) this.#close();
    this.#now = Math.max(this.#now, ts);
    for (let next = this.#agenda.take(this.#now); next; next = this.#agenda.take(this.#now)) {
      this.#at = next.at;
      next.value();
    }
    this.#at = this.#now;
    this.#judgements.tick(this.#now);
  }

  #close(): void {
    this.#at = this.#now;
    for (const [id, { signal, target, due }] of [...this.#dying]) {
      this.#agenda.cancel(due);
      this.#dying.delete(id);
      this.#judge(signal, target);
    }
    for (const running of this.#returns.takeOf(null)) this.#judge(running.signal, running.target);
    for (const absence of this.#signals.absences.takeAll()) {
      if (absence.deadline <= this.#now) this.#absent(absence);
      else this.tallies.undecidedAtEnd++;
    }
    for (const zombie of this.#zombies.takeAll()) {
      if (zombie.deadline <= this.#now) this.#stayed(zombie);
      else this.tallies.undecidedAtEnd++;
    }
    this.#kept.close(this.#now);
    this.#fates.close(this.#now);
    this.#judgements.flush();
    this.#countLeftOut();
    this.#signals.clear();
    this.#gaps.clear();
    this.#losses.clear();
    this.#now = -Infinity;
  }

  #take(): Judgement[] {
    this.#countLeftOut();
    return this.#judgements.take();
  }

  #countLeftOut(): void {
    this.tallies.leftOut =
      this.#signals.leftOut + this.#zombies.leftOut + this.#kept.leftOut + this.#fates.leftOut;
  }

  /** Only those whose sending was seen: a record that comes alone is followed by nothing. */
  #waitsForCore(signal: SignalRecord, target: SignalTarget | null): target is SignalTarget {
    return (
      target !== null &&
      signal.fatal &&
      (signal.coreDumped ?? null) === null &&
      defaultAction(signal.number) === 'core' &&
      this.#dying.size < MAX_DYING &&
      !this.#dying.has(target.id)
    );
  }

  #hold(signal: SignalRecord, target: SignalTarget): void {
    const copy = { ...signal };
    const due = this.#agenda.add(this.#now + CORE_WAIT, () => {
      this.#dying.delete(target.id);
      this.#judge(copy, target);
    });
    this.#dying.set(target.id, { signal: copy, target, due });
  }

  #judge(signal: SignalRecord, target: SignalTarget | null): void {
    this.tallies.signals++;
    if (sentBySession(signal)) {
      this.#judgements.passOn(SESSION_CONTROL, signal, target);
      return;
    }
    const fired = this.#signals.fired(signal, target, this.#now).map(({ compiled, pattern }) => ({
      rule: compiled.rule,
      pattern,
      verdict: verdictOf(compiled, signal, target, signal.time, this.#expiry),
    }));
    if (fired.length === 0) {
      const isAwaited = target !== null && this.#signals.absences.awaits('exit', signal, target);
      if (target !== null && this.#fates.takes(signal, target, isAwaited)) return;
      this.#judgements.raiseSignal(defaultVerdict(signal, target), signal, target, {}, null, this.#at);
      return;
    }
    // Of several verdicts those that are alerts are said; that it was expected only where there is none.
    const alerts = fired.filter(({ verdict }) => this.#judgements.isAlert(verdict));
    for (const { verdict, pattern, rule } of alerts.length > 0 ? alerts : fired.slice(0, 1)) {
      this.#judgements.raiseSignal(verdict, signal, target, pattern, rule, this.#at);
    }
  }

  #fateListener(): FateListener {
    return {
      signal: (verdict, signal, target, pattern) => {
        this.#judgements.raiseSignal(verdict, signal, target, pattern, null, this.#at);
      },
      exit: (verdict, target, { ts, time }, sentence) => {
        const details = identityOf(target.identity, target.path);
        const alert = makePlainAlert('exit', verdict, {
          process: target,
          first: ts,
          last: ts,
          time,
          incomplete: target.incomplete ?? [],
          text: details === '' ? sentence : `${sentence}. It is ${details}`,
        });
        this.#judgements.raise(verdict, alert, null, this.#at);
      },
      pass: (verdict, signal, target) => {
        this.#judgements.passOn(verdict, signal, target);
      },
    };
  }

  #absent({ compiled, signal, target, deadline, hasGap }: Absence): void {
    if (hasGap) {
      this.tallies.undecidedByLoss++;
      return;
    }
    const { rule } = compiled;
    const { pattern } = rule;
    if (pattern?.kind !== 'without') return;
    const without = { what: NOT_COME[pattern.stage ?? 'signal'], within: pattern.within };
    const fingerprint = fingerprintOf(rule, signal, target);
    this.#judgements.raiseSignal(
      verdictOf(compiled, signal, target, signal.time, this.#expiry),
      signal,
      target,
      { without, last: deadline, ...(fingerprint !== undefined && { fingerprint }) },
      rule,
      this.#at,
    );
  }

  #stayed(zombie: Zombie): void {
    if (zombie.hasGap) {
      this.tallies.undecidedByLoss++;
      return;
    }
    const { compiled, target, time } = zombie;
    const verdict = verdictOf(compiled, null, target, time, this.#expiry);
    this.#judgements.raise(verdict, zombieAlert(zombie, verdict), compiled.rule, this.#at);
  }

  #zombiesKept(group: KeptGroup): void {
    const verdict = keptVerdict(group);
    this.#judgements.raise(verdict, keptAlert(group, verdict), null, this.#at);
  }
}

/** Of an `exit` stage, which a flow may have made itself: what it leaves out is not known. */
function endOf(detail: unknown, ts: number, time: string | null): KnownEnd {
  const {
    kind = 'exited',
    code = null,
    signal = null,
    coreDumped = null,
    root = null,
  } = (detail ?? {}) as Partial<KnownEnd>;
  return { ts, time, kind, code, signal, coreDumped, root };
}

/** The one that a stage is about, where the stage says no more. */
function targetOf({ process, pid, comm }: Stage): SignalTarget {
  return { id: process ?? `${pid}`, comm, path: null, ancestors: [] };
}
