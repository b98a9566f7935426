import type { SignalTarget } from '../../model/report';
import type { Due, DueQueue } from '../alerts/due-queue';
import { LATE } from './missing-events';
import type { CompiledRule } from '../matching/rule-match';

/** A dead process that nobody has waited for, and a rule that says how long this may be. */
export interface Zombie {
  readonly compiled: CompiledRule;
  readonly target: SignalTarget;
  readonly since: number;
  readonly time: string | null;
  readonly deadline: number;
  due: Due;
  hasGap: boolean;
}

const MAX_ZOMBIES = 10_000;

/** Zombies, each until it is reaped or has been one for too long. */
export class Zombies {
  leftOut = 0;
  readonly #byProcess = new Map<string, Zombie[]>();

  readonly #agenda: DueQueue<() => void>;
  readonly #over: (zombie: Zombie) => void;

  constructor(agenda: DueQueue<() => void>, over: (zombie: Zombie) => void) {
    this.#agenda = agenda;
    this.#over = over;
  }

  add(compiled: CompiledRule, target: SignalTarget, since: number, time: string | null): void {
    const list = this.#byProcess.get(target.id) ?? [];
    if (list.some((zombie) => zombie.compiled === compiled)) return;
    if (this.#byProcess.size >= MAX_ZOMBIES) {
      this.leftOut++;
      return;
    }
    const deadline = since + (compiled.rule.olderThan ?? 0);
    const zombie = { compiled, target, since, time, deadline, hasGap: false } as Partial<Zombie> as Zombie;
    zombie.due = this.#agenda.add(deadline + LATE, () => {
      this.#remove(zombie);
      this.#over(zombie);
    });
    this.#byProcess.set(target.id, [...list, zombie]);
  }

  /** It is gone. One that was reaped after its time had passed is still reported. */
  gone(process: string, ts: number): void {
    for (const zombie of this.#byProcess.get(process) ?? []) {
      if (ts > zombie.deadline) continue;
      this.#agenda.cancel(zombie.due);
      this.#remove(zombie);
    }
  }

  /** Events were lost before `ts`. */
  gap(ts: number): void {
    for (const list of this.#byProcess.values()) {
      for (const zombie of list) if (zombie.since <= ts) zombie.hasGap = true;
    }
  }

  takeAll(): Zombie[] {
    const all = [...this.#byProcess.values()].flat().sort((a, b) => a.deadline - b.deadline);
    for (const { due } of all) this.#agenda.cancel(due);
    this.#byProcess.clear();
    return all;
  }

  #remove(zombie: Zombie): void {
    const { id } = zombie.target;
    const rest = this.#byProcess.get(id)?.filter((other) => other !== zombie) ?? [];
    if (rest.length > 0) this.#byProcess.set(id, rest);
    else this.#byProcess.delete(id);
  }
}
