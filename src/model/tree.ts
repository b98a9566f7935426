/**
 * Whose trace this is: the traced parent, the command that it was asked to run, and everything forked from it. A
 * session says who they are in its `workload` note; in a trace from elsewhere the first process that forks is
 * taken for the parent, as it is the one whose children ftrace followed.
 */
import type { Tid, TraceNote } from '../trace-event';
import type { Identities } from './identities';
import type { Process } from './process';
import type { ProcessTable } from './process-table';
import type { SignalRecord, SignalTarget } from './report';

type WorkloadNote = Extract<TraceNote, { kind: 'workload' }>;

/** A chain longer than this is cut in what goes with a signal. */
const MAX_ANCESTORS = 64;

export class Tree {
  #workload: WorkloadNote | null = null;
  #isAttached = false;
  #root: Process | null = null;
  #started: Process | null = null;

  readonly #table: ProcessTable;
  readonly #identities: Identities;

  constructor(table: ProcessTable, identities: Identities) {
    this.#table = table;
    this.#identities = identities;
  }

  applyNote(note: WorkloadNote): void {
    this.#workload = note;
    this.#root = null;
    this.#started = null;
    for (const process of this.#table.processes) process.record.role = null;
    // Parents come before their children.
    for (const process of this.#table.processes) this.#assign(process);
  }

  /** Whose trace it is comes in notes that wait for their time: nobody is taken for it until then. */
  expectAttached(): void {
    this.#isAttached = true;
  }

  /** It ran before the trace, and the session attached to it. What it has forked meanwhile is of the tree too. */
  attach(process: Process): void {
    this.expectAttached();
    process.record.role = 'attached';
    for (const other of this.#table.processes) this.#assign(other);
  }

  /** A session said whose trace it is; else it is everybody's whom it names. */
  get isDeclared(): boolean {
    return this.#workload !== null || this.#isAttached;
  }

  childAdded(process: Process): void {
    if (process.parent && !this.#root && !this.isDeclared) {
      this.#root = process.parent;
      this.#root.record.role = 'parent';
    }
    this.#assign(process);
  }

  /** After a successful exec, which may be the one that was asked for. */
  executed(process: Process): void {
    this.#assign(process);
  }

  /** Whether this thread is part of what is traced: where nobody declared a tree, whoever has events of its own. */
  includes(tid: Tid): boolean {
    const process = this.#table.find(tid)?.process;
    if (!process) return false;
    if (process.record.role === null && this.isDeclared) this.#assign(process);
    return this.isDeclared ? process.record.role !== null : !process.isOnlyNamed;
  }

  get argv(): readonly string[] | null {
    return this.#workload?.argv ?? null;
  }

  isControl(record: SignalRecord): boolean {
    const control = this.#workload?.control;
    if (!control || record.target.tgid !== this.#workload?.parent || record.signal !== control.signal)
      return false;
    return record.sender === null || record.sender.pid === control.sender;
  }

  /** Who forked it, who forked that one, and so on, by the names that they have now. */
  ancestorsOf(process: Process): SignalTarget['ancestors'] {
    const ancestors: SignalTarget['ancestors'] = [];
    let ancestor = process.parent;
    while (ancestor && ancestors.length < MAX_ANCESTORS) {
      ancestors.push({ pid: ancestor.record.pid, comm: ancestor.record.comm });
      ancestor = ancestor.parent;
    }
    return ancestors;
  }

  /** @param ts of the signal: who it was then */
  targetOf(process: Process, ts: number): SignalTarget {
    const ancestors = this.ancestorsOf(process);
    const { record } = process;
    const identity = this.#identities.of(record, ts);
    return {
      id: record.id,
      comm: record.comm,
      path: pathOf(process),
      ancestors,
      ...(record.role && { role: record.role }),
      ...(identity && { identity }),
    };
  }

  #assign(process: Process): void {
    const { record } = process;
    const workload = this.#workload;
    // A parent that was there before the trace is met by its child's birth, and has no birth of its own.
    if (workload && process.parent?.record.role === null) this.#assign(process.parent);
    if (workload && !this.#root && record.pid === workload.parent) {
      this.#root = process;
      record.role = 'parent';
      // It was started before the trace, on purpose: its life is not the subject.
      process.forgetBeginning();
      process.cwd ??= workload.cwd ?? null;
      for (const child of this.#table.processes) if (child.parent === process) child.cwd ??= process.cwd;
    }
    if (record.role === 'parent' || record.role === 'workload' || record.role === 'attached') return;
    if (process.parent?.record.role) record.role = 'descendant';
    if (
      workload &&
      !this.#started &&
      process.parent === this.#root &&
      this.#root &&
      // Without its pid in the note, the command is known by what it execs.
      (workload.command === undefined ? runs(process, workload.path) : record.pid === workload.command)
    ) {
      this.#started = process;
      record.role = 'workload';
    }
  }
}

/** The path of the program that it runs: of its last exec that worked, or of its parent's when it was forked. */
function pathOf(process: Process): string | null {
  let until = Infinity;
  let generations = 0;
  for (let next: Process | null = process; next && generations < MAX_ANCESTORS; generations++) {
    const last = next.record.execs.findLast((exec) => exec.error === null && exec.ts <= until);
    if (last !== undefined) return last.path;
    if (next.programBefore !== null || !next.record.fork) return next.programBefore;
    until = Math.min(until, next.record.fork.ts);
    next = next.parent;
  }
  return null;
}

/** Whether its first program is this; a program whose name the trace does not have counts. */
function runs(process: Process, path: string): boolean {
  const first = process.record.execs.find((exec) => exec.error === null);
  if (!first) return false;
  return first.path === null || first.path === path || baseName(first.path) === baseName(path);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
