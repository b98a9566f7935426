/**
 * Zombies that no rule is about: who keeps them, and how many. A parent that does not wait for its children is one alert
 * with all of them, and so is the first process of a container that does not wait for what it has adopted.
 *
 * SIGCHLD says who is to wait: the one that it was sent to, be it the parent or who adopted the orphan. Where the trace
 * does not have it, nothing is said.
 */
import type { SignalRecord, SignalTarget } from '../../model/report';
import type { Due, DueQueue } from '../alerts/due-queue';
import { LATE } from './missing-events';

/** Seconds that a child may be a zombie: a parent that waits does so in microseconds, a slow one in a turn of its loop. */
const KEPT_TOO_LONG = 5;
/** Seconds from which on an orphan counts that its adopter never waited for. */
const NOT_WAITED_FOR = 1;
/** Seconds in which those that go with their adopter are counted together. */
const TOGETHER = 1;
const MAX_ZOMBIES = 10_000;

/** What is to be said of who keeps zombies. */
export interface KeptGroup {
  readonly waiter: SignalTarget;
  readonly count: number;
  /** When the oldest died, and its wall time. */
  readonly since: number;
  readonly time: string | null;
  /** The zombies are children of others, which this one adopted. */
  readonly isAdopted: boolean;
  /** It has ended, and did not wait for them. */
  readonly isOver: boolean;
  /** Seconds that the oldest was a zombie, so far. */
  readonly age: number;
}

interface Kept {
  readonly target: SignalTarget;
  readonly since: number;
  readonly time: string | null;
  due: Due | null;
  hasGap: boolean;
}

export class KeptZombies {
  leftOut = 0;
  readonly #zombies = new Map<string, Kept>();
  /** Who got the SIGCHLD of a child, by the child's pid. */
  readonly #waiters = new Map<number, SignalTarget>();
  /** Went without having been waited for, by their waiter; the last of them may still come. */
  readonly #gone = new Map<
    string,
    { readonly waiter: SignalTarget; readonly dead: Kept[]; at: number; due: Due }
  >();

  readonly #agenda: DueQueue<() => void>;
  readonly #say: (group: KeptGroup) => void;

  constructor(agenda: DueQueue<() => void>, say: (group: KeptGroup) => void) {
    this.#agenda = agenda;
    this.#say = say;
  }

  /** A SIGCHLD, to whom it may concern. */
  childEnded({ signal, origin, sender }: SignalRecord, waiter: SignalTarget): void {
    if (signal !== 'SIGCHLD' || origin !== 'child' || sender === null) return;
    if (this.#waiters.size >= MAX_ZOMBIES) {
      const [oldest] = this.#waiters.keys();
      this.#waiters.delete(oldest!);
    }
    this.#waiters.set(sender.tgid ?? sender.pid, waiter);
  }

  died(target: SignalTarget, since: number, time: string | null): void {
    if (this.#zombies.has(target.id)) return;
    if (this.#zombies.size >= MAX_ZOMBIES) {
      this.leftOut++;
      return;
    }
    const kept: Kept = { target, since, time, due: null, hasGap: false };
    kept.due = this.#agenda.add(since + KEPT_TOO_LONG + LATE, () => {
      kept.due = null;
      this.#keptTooLong(kept, since + KEPT_TOO_LONG);
    });
    this.#zombies.set(target.id, kept);
  }

  /** @param isWaitedFor somebody waited for it; else it went by itself, or with its adopter */
  gone(process: string, ts: number, isWaitedFor: boolean): void {
    const kept = this.#zombies.get(process);
    const waiter = this.#waiterOf(process);
    this.#waiters.delete(pidOf(process));
    if (kept === undefined) return;
    // One that was reaped after its time had passed is still reported.
    if (ts - kept.since > KEPT_TOO_LONG && kept.due !== null) this.#keptTooLong(kept, ts, waiter);
    this.#forget(kept);
    const isLeft = !isWaitedFor && ts - kept.since >= NOT_WAITED_FOR && ts - kept.since <= KEPT_TOO_LONG;
    if (!isLeft || waiter === null || kept.hasGap || !isAdopted(kept, waiter)) return;
    const group = this.#gone.get(waiter.id);
    if (group !== undefined) {
      group.dead.push(kept);
      group.at = ts;
      return;
    }
    const due = this.#agenda.add(ts + TOGETHER, () => {
      this.#sayGone(waiter.id);
    });
    this.#gone.set(waiter.id, { waiter, dead: [kept], at: ts, due });
  }

  /** Events were lost before `ts`. */
  gap(ts: number): void {
    for (const kept of this.#zombies.values()) if (kept.since <= ts) kept.hasGap = true;
  }

  /** The trace has ended. */
  close(now: number): void {
    for (const [id, { due }] of [...this.#gone]) {
      this.#agenda.cancel(due);
      this.#sayGone(id);
    }
    for (const kept of [...this.#zombies.values()])
      if (this.#zombies.has(kept.target.id) && kept.since + KEPT_TOO_LONG <= now)
        this.#keptTooLong(kept, now);
    for (const kept of this.#zombies.values()) if (kept.due !== null) this.#agenda.cancel(kept.due);
    this.#zombies.clear();
    this.#waiters.clear();
  }

  /** With all that its waiter keeps at this moment. */
  #keptTooLong(first: Kept, now: number, waiter = this.#waiterOf(first.target.id)): void {
    if (waiter === null || first.hasGap) {
      this.#forget(first);
      return;
    }
    const dead = [...this.#zombies.values()].filter(
      (kept) =>
        kept === first ||
        (!kept.hasGap &&
          now - kept.since >= NOT_WAITED_FOR &&
          this.#waiterOf(kept.target.id)?.id === waiter.id),
    );
    for (const kept of dead) this.#forget(kept);
    this.#sayOf(waiter, dead, now, false);
  }

  #sayGone(id: string): void {
    const group = this.#gone.get(id);
    this.#gone.delete(id);
    if (group !== undefined) this.#sayOf(group.waiter, group.dead, group.at, true);
  }

  #sayOf(waiter: SignalTarget, dead: readonly Kept[], now: number, isOver: boolean): void {
    if (waiter.role === 'parent') return;
    const oldest = dead.reduce((one, other) => (other.since < one.since ? other : one));
    this.#say({
      waiter,
      count: dead.length,
      since: oldest.since,
      time: oldest.time,
      isAdopted: dead.every((kept) => isAdopted(kept, waiter)),
      isOver,
      age: now - oldest.since,
    });
  }

  #waiterOf(process: string): SignalTarget | null {
    return this.#waiters.get(pidOf(process)) ?? null;
  }

  #forget(kept: Kept): void {
    if (kept.due !== null) this.#agenda.cancel(kept.due);
    kept.due = null;
    this.#zombies.delete(kept.target.id);
  }
}

/** A process's id begins with its pid. */
function pidOf(process: string): number {
  return Number.parseInt(process, 10);
}

function isAdopted({ target }: Kept, waiter: SignalTarget): boolean {
  const parent = target.ancestors[0]?.pid;
  return parent !== undefined && parent !== pidOf(waiter.id);
}
