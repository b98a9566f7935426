/**
 * What a session itself must know of the events that pass: who belongs to the tree (the second instance sees all
 * of the machine, and only what concerns the tree goes on), which process is to have its /proc/PID/maps read
 * and its arguments while it lives, who is to be asked about, which inodes want a name, and how the command ended.
 */
import { CLD_DUMPED, CLD_EXITED, SIGCHLD } from '../kernel/signals';
import type { RingEvent } from '../readers/pages/ring-event';
import type { RingWatch } from '../readers/pages/row-filter';
import type { TaskNames } from '../readers/pages/task-names';
import type { Tid, TraceNote } from '../trace-event';
import { IdentityReader } from './identity-reader';
import type { InodePaths } from './inode-paths';
import { argumentsOf, commOf, mapsOf } from './proc-state';

/** /proc/PID/maps of at most so many processes is read behind one batch: each costs a fraction of a millisecond. */
const SNAPSHOTS_A_BATCH = 32;
const NO_FILE = 0xffff_ffff;

export interface TreeWatchOptions {
  /** The instance without a pid filter, by number; -1 where there is none. */
  readonly outside: number;
  readonly names: TaskNames;
  readonly inodes: InodePaths;
  /** Seeds the names that the kernel saved of tasks that are gone. */
  readonly seedSavedNames: () => void;
  readonly savedNames: () => ReadonlyMap<Tid, string>;
  /** Seconds on the trace clock. */
  readonly now: () => number;
}

export class TreeMembers implements RingWatch {
  readonly events = [
    'sched_process_fork',
    'sched_process_exec',
    'sys_enter_mmap',
    'mm_filemap_get_pages',
    'signal_generate',
    'sched_process_free',
    'mark_victim',
  ];
  /** Whether the command exited or was ended by a signal, as the SIGCHLD to its parent says. */
  endedByExit: boolean | null = null;
  readonly #tree = new Set<Tid>();
  readonly #wantsMaps = new Set<Tid>();
  readonly #wantsArguments = new Set<Tid>();
  readonly #named = new Set<string>();
  readonly #identities: IdentityReader;
  #notes: TraceNote[] = [];
  #parent: Tid = -1;

  readonly options: TreeWatchOptions;

  constructor(options: TreeWatchOptions) {
    this.options = options;

    this.#identities = new IdentityReader(options.now, options.savedNames);
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
      default:
        return this.#seeOutside(event);
    }
  };

  /** An event of the second instance, about `pid` in its fields, in whoever's context. */
  #seeOutside(event: RingEvent): boolean {
    const about = Number(event.field('pid'));
    if (event.name === 'signal_generate' && about === this.#parent && event.field('sig') === SIGCHLD) {
      const code = Number(event.field('code'));
      // Above are stops and going on.
      if (code <= CLD_DUMPED) this.endedByExit = code === CLD_EXITED;
    }
    if (event.name === 'sched_process_free') return this.#seeFreed(about, event);
    const isSignal = event.name === 'signal_generate';
    if (event.instanceNumber !== this.options.outside) {
      if (isSignal) this.#identifyBoth(event, about);
      return true;
    }
    if (!this.#tree.has(about) && !(isSignal && this.#tree.has(event.pid))) return false;
    if (isSignal) this.#identifyBoth(event, about);
    this.#nameSender(event.pid);
    return true;
  }

  /** The pid may be given to a stranger from now on. */
  #seeFreed(tid: Tid, event: RingEvent): boolean {
    const wasOurs = this.#tree.has(tid);
    const hadSent = this.#identities.freed(tid);
    if (event.instanceNumber !== this.options.outside) return true;
    this.#tree.delete(tid);
    return wasOurs || hadSent;
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

  #nameSender(tid: Tid): void {
    if (tid === 0 || this.options.names.knows(tid)) return;
    const comm = commOf(tid);
    if (comm !== null) this.options.names.seed(tid, comm);
    // Gone already, such as a /bin/kill: the kernel keeps the names of the last tasks that it traced.
    else this.options.seedSavedNames();
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
    return notes;
  }

  /** A program that is over already, or a zombie, has none. */
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
