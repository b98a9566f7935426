import type { SignalRecord, SignalTarget } from '../../model/report';
import type { Due, DueQueue } from '../alerts/due-queue';
import type { AwaitedStage } from '../language/rule';
import type { CompiledRule } from '../matching/rule-match';
import { signalKey } from './signal-facts';

/** A signal after which something is awaited. */
export interface Absence {
  readonly compiled: CompiledRule;
  readonly signal: SignalRecord;
  readonly target: SignalTarget;
  readonly deadline: number;
  /** Events were lost in the middle of it: what was awaited may have come. */
  readonly hasGap: boolean;
}

interface Open {
  readonly compiled: CompiledRule;
  readonly key: string;
  readonly target: SignalTarget;
  readonly deadline: number;
  signal: SignalRecord;
  hasGap: boolean;
  due: Due | null;
  /** Whether the rule matches what is known of the signal so far. */
  holds: boolean;
  /** It waits no longer: what is known of it is all. */
  isSettled: boolean;
  /** What was awaited came, or its absence was said. */
  isDone: boolean;
}

const MAX_AWAITED = 10_000;
/** Seconds after the deadline until it is reported: what came in time may be reported a little later. */
export const LATE = 1;

/**
 * What did not come (`without`). It is awaited from the moment in which the signal was sent, also while the signal
 * waits and nobody can say yet whether the rule matches it.
 */
export class MissingEvents {
  leftOut = 0;
  readonly #byProcess = new Map<string, Open[]>();
  /** When processes ended and were reaped, for a signal whose sending was not traced. */
  readonly #ends = new Map<string, Partial<Record<AwaitedStage, number>>>();
  #size = 0;

  readonly #agenda: DueQueue<() => void>;
  readonly #over: (absence: Absence) => void;

  constructor(agenda: DueQueue<() => void>, over: (absence: Absence) => void) {
    this.#agenda = agenda;
    this.#over = over;
  }

  /** It was sent, and waits. @param holds whether the rule matches it as it is */
  sent(compiled: CompiledRule, signal: SignalRecord, target: SignalTarget, holds: boolean): void {
    if (this.#find(compiled, signal, target) === undefined)
      this.#open(compiled, signal, target, holds, false);
  }

  /** It is known what became of it. */
  settled(compiled: CompiledRule, signal: SignalRecord, target: SignalTarget, holds: boolean): void {
    const open = this.#find(compiled, signal, target);
    if (open === undefined) {
      if (holds && !this.#hasEnded(compiled, signal, target.id))
        this.#open(compiled, signal, target, true, true);
      return;
    }
    open.signal = signal;
    open.isSettled = true;
    open.holds = holds;
    if (open.isDone || !holds) this.#remove(open);
    else if (open.due === null) {
      this.#remove(open);
      this.#over(open);
    }
  }

  /** Whether a rule awaits this stage after the signal. */
  awaits(stage: AwaitedStage, signal: SignalRecord, { id }: SignalTarget): boolean {
    const key = signalKey(signal);
    return (this.#byProcess.get(id) ?? []).some(
      (open) => open.key === key && open.holds && stageOf(open) === stage,
    );
  }

  /** Something happened to a process at `ts`. */
  came(process: string, stage: AwaitedStage, ts: number): void {
    if (stage === 'exit' || stage === 'reap') this.#keepEnd(process, stage, ts);
    for (const open of [...(this.#byProcess.get(process) ?? [])]) {
      const { pattern } = open.compiled.rule;
      if (pattern?.kind === 'without' && pattern.stage === stage && isInTime(open, ts)) this.#done(open);
    }
  }

  /** A signal was sent to a process: some may have been awaited. */
  signalCame(signal: SignalRecord, target: SignalTarget): void {
    const list = this.#byProcess.get(target.id);
    if (list === undefined) return;
    const key = signalKey(signal);
    for (const open of [...list]) {
      const { rule, other } = open.compiled;
      if (rule.pattern?.kind !== 'without' || rule.pattern.stage !== null) continue;
      if (open.key !== key && isInTime(open, signal.ts) && other?.(signal, target) === true) this.#done(open);
    }
  }

  /** Events were lost before `ts`. */
  gap(ts: number): void {
    for (const list of this.#byProcess.values()) {
      for (const open of list) if (open.signal.ts <= ts) open.hasGap = true;
    }
  }

  /** All that are still awaited, in the order of their deadlines; afterwards nothing is. */
  takeAll(): Absence[] {
    const all = [...this.#byProcess.values()].flat().sort((a, b) => a.deadline - b.deadline);
    for (const open of all) this.#remove(open);
    this.#ends.clear();
    return all.filter(({ isDone, holds }) => holds && !isDone);
  }

  #find(compiled: CompiledRule, signal: SignalRecord, { id }: SignalTarget): Open | undefined {
    const list = this.#byProcess.get(id);
    if (list === undefined) return undefined;
    const key = signalKey(signal);
    return list.find((open) => open.key === key && open.compiled === compiled);
  }

  #open(
    compiled: CompiledRule,
    signal: SignalRecord,
    target: SignalTarget,
    holds: boolean,
    isSettled: boolean,
  ): void {
    const { pattern } = compiled.rule;
    if (pattern?.kind !== 'without') return;
    if (this.#size >= MAX_AWAITED) {
      // Once for each: it is tried again when it is settled.
      if (isSettled) this.leftOut++;
      return;
    }
    const deadline = signal.ts + pattern.within;
    const state = { holds, isSettled, isDone: false, hasGap: false, due: null };
    const open: Open = { compiled, key: signalKey(signal), signal, target, deadline, ...state };
    open.due = this.#agenda.add(deadline + LATE, () => {
      open.due = null;
      this.#passed(open);
    });
    this.#byProcess.set(target.id, [...(this.#byProcess.get(target.id) ?? []), open]);
    this.#size++;
  }

  /** Its time has passed. One that nobody can judge yet is kept until somebody can. */
  #passed(open: Open): void {
    if (!open.holds) return;
    open.isDone = true;
    if (open.isSettled) this.#remove(open);
    this.#over(open);
  }

  #done(open: Open): void {
    open.isDone = true;
    if (open.isSettled) this.#remove(open);
    else this.#cancel(open);
  }

  #cancel(open: Open): void {
    if (open.due !== null) this.#agenda.cancel(open.due);
    open.due = null;
  }

  #remove(open: Open): void {
    this.#cancel(open);
    const { id } = open.target;
    const rest = this.#byProcess.get(id)?.filter((other) => other !== open) ?? [];
    if (rest.length > 0) this.#byProcess.set(id, rest);
    else this.#byProcess.delete(id);
    this.#size--;
  }

  #keepEnd(process: string, stage: AwaitedStage, ts: number): void {
    const ends = this.#ends.get(process) ?? {};
    ends[stage] = ts;
    this.#ends.set(process, ends);
    const [oldest] = this.#ends.keys();
    if (oldest !== undefined && this.#ends.size > MAX_AWAITED) this.#ends.delete(oldest);
  }

  #hasEnded({ rule: { pattern } }: CompiledRule, signal: SignalRecord, process: string): boolean {
    if (pattern?.kind !== 'without' || pattern.stage === null) return false;
    const ended = this.#ends.get(process)?.[pattern.stage];
    return ended !== undefined && ended >= signal.ts && ended <= signal.ts + pattern.within;
  }
}

function stageOf({ compiled: { rule } }: Open): AwaitedStage | null {
  return rule.pattern?.kind === 'without' ? rule.pattern.stage : null;
}

function isInTime({ signal, deadline }: Open, ts: number): boolean {
  return ts >= signal.ts && ts <= deadline;
}
