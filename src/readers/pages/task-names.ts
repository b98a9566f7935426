/**
 * What each thread was called, and which thread group it was in, at each time.
 *
 * A raw record has only a tid. The kernel's own text prints whatever name the tid has when the text is read,
 * which for a child between fork and exec is already the later one; here a name holds from its event on.
 * Sources: `task_rename`, `sched_process_fork` (a child starts under its parent's name), `task_newtask`, and for
 * tasks older than the trace `saved_cmdlines` or /proc.
 */
import type { Tid } from '../../trace-event';

interface Named {
  readonly fromSec: number;
  readonly fromNsec: number;
  readonly comm: string;
}

const CLONE_THREAD = 0x10000;

/** A name that no event of the trace says: from the beginning of time, or from this time on. */
export type NameSeed = readonly [tid: Tid, comm: string, sec?: number, nsec?: number];

export class TaskNames {
  readonly #names = new Map<Tid, Named[]>();
  readonly #groups = new Map<Tid, number>();
  /** What was seeded, in order: a capture needs it, for no event of the trace says it. */
  readonly seeds: NameSeed[] = [];
  readonly seedGroups: [Tid, number][] = [];

  /**
   * A name from the beginning of time. The last one that was seeded is right: an earlier one may be of a task that had
   * the same tid before. What the trace itself has said is more certain than either.
   */
  seed(tid: Tid, comm: string): void {
    const first = this.#names.get(tid)?.[0];
    if (first !== undefined && (first.fromSec > 0 || first.fromNsec > 0 || first.comm === comm)) return;
    const named: Named = { fromSec: 0, fromNsec: 0, comm };
    const names = this.#names.get(tid);
    if (names === undefined) this.#names.set(tid, [named]);
    else names[0] = named;
    this.seeds.push([tid, comm]);
  }

  /** A name from this time on, for a task whose own naming events are not in the trace. */
  seedFrom(tid: Tid, sec: number, nsec: number, comm: string): void {
    if (this.at(tid, sec, nsec) === comm) return;
    this.rename(tid, sec, nsec, comm);
    this.seeds.push([tid, comm, sec, nsec]);
  }

  seedGroup(tid: Tid, tgid: number): void {
    this.#groups.set(tid, tgid);
    this.seedGroups.push([tid, tgid]);
  }

  knows(tid: Tid): boolean {
    return this.#names.has(tid);
  }

  rename(tid: Tid, sec: number, nsec: number, comm: string): void {
    const entry: Named = { fromSec: sec, fromNsec: nsec, comm };
    const names = this.#names.get(tid);
    if (names === undefined) this.#names.set(tid, [entry]);
    else if (names[names.length - 1]!.comm !== comm) names.push(entry);
  }

  /** A new task of `parent`; `cloneFlags` as in `task_newtask`. */
  forked(parent: Tid, child: Tid, cloneFlags: number): void {
    if ((cloneFlags & CLONE_THREAD) === 0) this.#groups.set(child, child);
    else this.#groups.set(child, this.#groups.get(parent) ?? parent);
  }

  at(tid: Tid, sec: number, nsec: number): string | null {
    if (tid === 0) return '<idle>';
    const names = this.#names.get(tid);
    if (names === undefined) return null;
    for (let i = names.length - 1; i >= 0; i--) {
      const named = names[i]!;
      if (named.fromSec < sec || (named.fromSec === sec && named.fromNsec <= nsec)) return named.comm;
    }
    // Before its first event the task was already there, under a name that nobody traced.
    return null;
  }

  /** What each task was called last. */
  *lastNames(): Iterable<readonly [Tid, string]> {
    for (const [tid, names] of this.#names) yield [tid, names[names.length - 1]!.comm];
  }

  groupOf(tid: Tid): number | null {
    return this.#groups.get(tid) ?? null;
  }
}

/** `saved_cmdlines`: one `PID COMM` a line; a comm may hold spaces. */
export function parseSavedCmdlines(text: string): [Tid, string][] {
  const names: [Tid, string][] = [];
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    const tid = Number(line.slice(0, space));
    if (space > 0 && Number.isInteger(tid)) names.push([tid, line.slice(space + 1)]);
  }
  return names;
}
