import type { AlertOutcome, SignalOrigin, SignalRecord, SignalTarget } from '../../model/report';
import type { Verdict } from '../matching/verdict';
import { knownSender, outcomeOf } from '../language/evidence';
import { keyOf } from '../matching/field-key';

/** A signal of one kind from one actor to one target, by their names: pids do not come again. */
interface Learnt {
  readonly signal: string;
  readonly origin: SignalOrigin;
  /** Null where it has no sender, or the trace does not show it. */
  readonly sender: { readonly comm: string | null } | null;
  /** What the sender ran, where /proc was read in time: one that lives shortly has none. */
  readonly exes: Set<string>;
  readonly target: { readonly path: string | null; readonly comm: string | null };
  readonly outcomes: Set<AlertOutcome['kind']>;
  count: number;
  runs: number;
  lastRun: number;
}

/** A rule as it is in a rules file. */
export type ProposedRule = Readonly<Record<string, unknown>>;

export interface Proposal {
  /** To be put before the other rules, of which the first that matches decides. */
  readonly rules: readonly ProposedRule[];
  readonly runs: number;
  /** Signals that were taken for expected and are in no rule, as there were too many kinds. */
  readonly leftOut: number;
}

const MAX_LEARNT = 1_000;
/** Programs of one name that a rule names. */
const MAX_EXES = 20;

/**
 * Learns what is usual: counts what would have been an alert, by actor, target and signal, and proposes the rules
 * that expect it. What is critical is never learnt: it is reported while learning too.
 */
export class LearntSignals {
  leftOut = 0;
  readonly #learnt = new Map<string, Learnt>();
  #run = 0;

  /** How many signals were learnt. */
  get count(): number {
    let count = 0;
    for (const each of this.#learnt.values()) count += each.count;
    return count;
  }

  /** Another trace begins. */
  beginRun(): void {
    this.#run++;
  }

  /** @returns whether it is to be passed on as expected */
  takes(verdict: Verdict, signal: SignalRecord, target: SignalTarget | null): boolean {
    if (verdict.severity === 'critical') return false;
    const sender = knownSender(signal);
    const actor = sender && { comm: sender.comm };
    const exe = sender?.identity?.exe ?? null;
    const to = { path: target?.path ?? null, comm: target?.comm ?? signal.target.comm };
    const origin = actor ? '' : signal.origin;
    const key = keyOf([signal.signal, origin, actor?.comm ?? '', to.path ?? to.comm ?? '']);
    let known = this.#learnt.get(key);
    if (known === undefined) {
      if (this.#learnt.size >= MAX_LEARNT) {
        this.leftOut++;
        return true;
      }
      const sets = { exes: new Set<string>(), outcomes: new Set<AlertOutcome['kind']>() };
      const first = { ...sets, count: 0, runs: 0, lastRun: -1 };
      known = { signal: signal.signal, origin: signal.origin, sender: actor, target: to, ...first };
      this.#learnt.set(key, known);
    }
    known.count++;
    known.outcomes.add(outcomeOf(signal));
    if (exe !== null && known.exes.size < MAX_EXES) known.exes.add(exe);
    if (known.lastRun !== this.#run) known.runs++;
    known.lastRun = this.#run;
    return true;
  }

  propose(): Proposal {
    const names = new Set<string>();
    const rules = [...this.#learnt.values()].map((learnt) => ruleFor(learnt, names));
    return { rules, runs: this.#run, leftOut: this.leftOut };
  }
}

function ruleFor(learnt: Learnt, names: Set<string>): ProposedRule {
  const { signal, origin, sender, exes, target, outcomes, count, runs } = learnt;
  const from = sender === null ? origin : (sender.comm ?? 'an unknown sender');
  const plain = `learnt: ${signal} from ${from} to ${target.path ?? target.comm ?? 'an unknown process'}`;
  let name = plain;
  for (let again = 2; names.has(name); again++) name = `${plain} (${again})`;
  names.add(name);
  const times = `${count} ${count === 1 ? 'time' : 'times'} in ${runs} ${runs === 1 ? 'run' : 'runs'}`;
  return {
    name,
    when: {
      signal,
      ...(sender === null
        ? { 'sender.pid': { known: false }, origin }
        : { 'sender.comm': exactly(sender.comm) }),
      // It need not have been read in time again.
      ...(exes.size > 0 && {
        any: [
          ...[...exes].map((exe) => ({ 'sender.exe': exactly(exe) })),
          { 'sender.exe': { known: false } },
        ],
      }),
      ...(target.path !== null
        ? { 'target.path': exactly(target.path) }
        : { 'target.comm': exactly(target.comm) }),
      outcome: [...outcomes],
    },
    verdict: 'expected',
    reason: `learnt: seen ${times}`,
  };
}

/** A test for just this text: `*` and `?` in it stand for themselves. */
function exactly(text: string | null): unknown {
  if (text === null) return { known: false };
  // An empty text is refused where one is to be written.
  if (text === '') return { regex: '^$' };
  if (!/[*?]/.test(text)) return text;
  return { regex: `^${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$` };
}
