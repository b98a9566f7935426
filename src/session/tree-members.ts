/**
 * What a session itself must know of the events that pass: who belongs to the tree (the second instance sees all of the
 * machine, and only what concerns the tree goes on), which process has its /proc/PID/maps and its arguments read while it
 * lives, who is asked about, which inodes need a name, and how the command ended.
 */
import { SIGCHLD } from '../kernel/signals';
import type { RingEvent } from '../readers/pages/ring-event';
import type { RingWatch } from '../readers/pages/row-filter';
import type { TaskNames } from '../readers/pages/task-names';
import type { Tid, TraceNote } from '../trace-event';
import type { RecordLoss } from '../readers/pages/record-queue';
import { CommandEnd } from './command-end';
import { IdentityReader } from './identity-reader';
import { readMemoryLimit } from './memory-limit';
import type { InodePaths } from './inode-paths';
import { argumentsOf, commOf, mapsOf } from './proc-state';
import { TaskHistory } from './task-history';

/** /proc/PID/maps of at most so many processes is read after one batch: each costs a fraction of a millisecond. */
const SNAPSHOTS_A_BATCH = 32;
const NO_FILE = 0xffff_ffff;

export interface TreeWatchOptions {
  /** The instance without a pid filter, by number; -1 where there is none. */
  readonly outside: number;
  /** That instance has the events of everybody by which a sender is known that is gone at once. */
  readonly hasHistory: boolean;
  readonly names: TaskNames;
  readonly inodes: InodePaths;
  /** The names that the kernel saved of tasks that are gone. */
  readonly savedNames: () => ReadonlyMap<Tid, string>;
  /** Seconds on the trace clock. */
  readonly now: () => number;
}

export class TreeMembers implements RingWatch {
  readonly events: readonly string[];
  readonly command = new CommandEnd();
  readonly #tree = new Set<Tid>();
  readonly #wantsMaps = new Set<Tid>();
  readonly #wantsArguments = new Set<Tid>();
  readonly #named = new Set<string>();
  readonly #identities: IdentityReader;
  /** Null where it is not recorded. */
  readonly #history: TaskHistory | null;
  /** Named in this batch already, from /proc. */
  readonly #namedSenders = new Set<Tid>();
  #notes: TraceNote[] = [];
  #parent: Tid = -1;

  readonly options: TreeWatchOptions;

  constructor(options: TreeWatchOptions) {
    this.options = options;

    this.#history = options.hasHistory ? new TaskHistory(options.now) : null;
    this.#identities = new IdentityReader(options.now, options.savedNames, this.#history);
    this.events = [
      ...[
        'sched_process_fork',
        'sched_process_exec',
        'sys_enter_mmap',
        'sys_enter_exit_group',
        'mm_filemap_get_pages',
        'signal_generate',
        'sched_process_free',
        'mark_victim',
      ],
      ...(this.#history?.events ?? []),
    ];
  }

  /** The recording has begun. */
  begin(): void {
    this.#history?.begin();
  }

  /** The kernel dropped events: who forked, exec'd or ended meanwhile is not known. */
  lost(losses: readonly RecordLoss[]): void {
    if (losses.some(({ instance }) => instance === this.options.outside)) this.#history?.begin();
  }

  /** The first of the tree. */
  root(parent: Tid): void {
    this.#parent = parent;
    this.#tree.add(parent);
    this.identify(parent);
  }

  /** Notes who this is, before the trace says anything of it. */
  identify(pid: Tid): void {
    this.#identities.begin(pid);
  }

  /** One more thread that is of the tree from before the trace. */
  follow(tid: Tid): void {
    this.#tree.add(tid);
  }

  has(tid: Tid): boolean {
    return this.#tree.has(tid);
  }

  readonly see = (event: RingEvent): boolean => {
    if (event.instanceNumber === this.options.outside) return this.#seeOutside(event);
    switch (event.name) {
      case 'sched_process_fork':
        this.#tree.add(Number(event.field('child_pid')));
        return true;
      case 'sched_process_exec':
        this.options.inodes.learn(String(event.field('filename')));
        this.#wantsMaps.add(event.pid);
        this.#wantsArguments.add(event.pid);
        this.#identities.executed(event.pid, event.ts);
        return true;
      case 'sys_enter_mmap':
        // An anonymous mapping has fd -1, in 32 bits or in 64.
        if (typeof event.field('fd') === 'number' && event.field('fd') !== NO_FILE)
          this.#wantsMaps.add(event.pid);
        return true;
      case 'mm_filemap_get_pages':
        this.#nameInode(Number(event.field('s_dev')), Number(event.field('i_ino')));
        return true;
      case 'signal_generate':
        this.#seeSignal(event, Number(event.field('pid')));
        return true;
      case 'sys_enter_exit_group':
        if ((this.options.names.groupOf(event.pid) ?? event.pid) === this.command.pid)
          this.command.exitArgument = Number(event.field('error_code'));
        return true;
      case 'sched_process_free':
        this.#identities.freed(Number(event.field('pid')));
        return true;
      default:
        return true;
    }
  };

  /** An event of the second instance, in any task's context. Only what concerns the tree goes on. */
  #seeOutside(event: RingEvent): boolean {
    switch (event.name) {
      case 'signal_generate': {
        const target = Number(event.field('pid'));
        if (!this.#tree.has(target) && !this.#tree.has(event.pid)) return false;
        this.#seeSignal(event, target);
        this.#nameSender(event);
        return true;
      }
      case 'mark_victim':
        return this.#seeOomVictim(Number(event.field('pid')), event.ts);
      case 'sched_process_free':
        this.#history?.apply(event);
        return this.#seeFreed(Number(event.field('pid')));
      default:
        this.#history?.apply(event);
        return false;
    }
  }

  #seeOomVictim(pid: Tid, ts: number): boolean {
    if (!this.#tree.has(pid)) return false;
    const parents = this.#history?.at(pid, ts)?.ancestors ?? [];
    const limit = readMemoryLimit([pid, ...parents.slice(0, 1).map((parent) => parent.pid)]);
    if (limit !== null) this.#notes.push({ kind: 'memory-limit', pid, ts, ...limit });
    return true;
  }

  #seeSignal(event: RingEvent, target: Tid): void {
    const { names } = this.options;
    if (event.field('sig') === SIGCHLD && Number(event.field('code')) > 0) {
      const sender = names.groupOf(event.pid) ?? event.pid;
      if (target === this.#parent || sender === this.command.pid)
        this.command.reported(Number(event.field('code')));
    } else if ((names.groupOf(target) ?? target) === this.command.pid) {
      this.command.signalled(Number(event.field('sig')));
    }
    this.#identifyBoth(event, target);
  }

  /** The pid may be given to a stranger from now on. */
  #seeFreed(tid: Tid): boolean {
    const wasOurs = this.#tree.delete(tid);
    return this.#identities.freed(tid) || wasOurs;
  }

  /** Who sent this signal, and who got it. In an interrupt it is not the task that it interrupted. */
  #identifyBoth(event: RingEvent, target: Tid): void {
    // What children tell their parents needs no names: there are as many as deaths.
    if (event.field('sig') === SIGCHLD && Number(event.field('code')) > 0) return;
    const { names } = this.options;
    const sender = event.pid;
    if (sender !== 0 && event.flags[2] === '.') {
      if (this.#tree.has(sender)) this.#identities.signalled(names.groupOf(sender) ?? sender, event.ts);
      else this.#identities.sentFromOutside(sender, event.ts);
    }
    if (this.#tree.has(target)) this.#identities.signalled(names.groupOf(target) ?? target, event.ts);
  }

  /**
   * The sender's name goes with the trace, from its signal on: what is known from before may be of another task that had
   * its pid. Whoever is in the tree has its own events.
   */
  #nameSender(event: RingEvent): void {
    const tid = event.pid;
    if (tid === 0 || this.#tree.has(tid)) return;
    const { sec, nsec } = event.time;
    const { names, savedNames } = this.options;
    let comm = this.#history?.at(tid, event.ts)?.thread ?? null;
    if (comm === null && !this.#namedSenders.has(tid)) {
      this.#namedSenders.add(tid);
      // Gone already, such as a /bin/kill: the kernel keeps the names of the last tasks that it traced.
      comm = commOf(tid) ?? savedNames().get(tid) ?? null;
    }
    if (comm !== null) names.seedFrom(tid, sec, nsec, comm);
  }

  #nameInode(dev: number, ino: number): void {
    const key = `${dev}:${ino}`;
    if (this.#named.has(key)) return;
    const path = this.options.inodes.pathOf(dev, ino);
    if (path === null) return;
    this.#named.add(key);
    this.#notes.push({ kind: 'inode', dev, ino, path });
  }

  /** What was noted since the last call, with the maps of each process that mapped a file or became a program. */
  takeNotes(): TraceNote[] {
    let snapshots = 0;
    for (const tid of this.#wantsMaps) {
      if (snapshots++ === SNAPSHOTS_A_BATCH) break;
      this.#wantsMaps.delete(tid);
      const note = this.#snapshot(tid);
      if (note !== null) this.#notes.push(note);
    }
    let programs = 0;
    for (const tid of this.#wantsArguments) {
      if (programs++ === SNAPSHOTS_A_BATCH) break;
      this.#wantsArguments.delete(tid);
      this.#noteArguments(tid);
    }
    const notes = [...this.#notes, ...this.#identities.takeNotes()];
    this.#notes = [];
    this.#namedSenders.clear();
    return notes;
  }

  /** A program that has ended already, or a zombie, has none. */
  #noteArguments(tid: Tid): void {
    const ts = this.options.now();
    const argv = argumentsOf(tid);
    if (argv.length > 0)
      this.#notes.push({ kind: 'arguments', pid: tid, ts, until: this.options.now(), argv });
  }

  #snapshot(tid: Tid): TraceNote | null {
    // The time before the read: what is mapped during it cannot be held against the snapshot.
    const ts = this.options.now();
    const maps = mapsOf(tid);
    if (maps.length === 0) return null;
    this.options.inodes.learnMaps(maps);
    return { kind: 'maps', pid: tid, ts, maps };
  }
}
