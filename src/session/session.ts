/**
 * One traced run, from arming to the last instance's removal. It owns, in this order, and gives back in reverse:
 * the instances and probes, the traced parent and all that it forked, the open pipes, the readers' queues.
 */
import { readFile } from 'node:fs/promises';
import * as os from 'node:os';
import { ringBatch, type RingBatch } from '../readers/pages/ring-batch';
import type { RingContext } from '../readers/pages/ring-event';
import { RowFilter } from '../readers/pages/row-filter';
import { startTime, type SessionNames } from '../tracefs/owner';
import { endFollowed } from '../tracefs/sweep';
import { traceClock } from '../tracefs/trace-clock';
import { TraceError } from '../trace-error';
import type { EventBatch, Loss, TraceNote } from '../trace-event';
import { CONTROL_SIGNAL } from '../workload/parent-script';
import { SIGNAL_STATUS, TracedParent } from '../workload/traced-parent';
import type { Workload, WorkloadEnd, WorkloadSettings, WorkloadSinks } from '../workload/workload';
import { signalName } from '../kernel/signals';
import { disarmInstances, type Armed } from './arming';
import { findProcesses, followThreads, type Attachment } from './attachment';
import { BatchQueue } from './batch-queue';
import { InodePaths } from './inode-paths';
import { readKernelTables, readSavedNames, seedSavedNames } from './kernel-tables';
import { LiveReader } from './live-reader';
import { bootId, commOf, directoryOf, readProcState, type AttachedNote } from './proc-state';
import type { SessionSettings } from './session-settings';
import { TreeMembers } from './tree-members';

export type SessionState = 'armed' | 'running' | 'paused' | 'draining' | 'ended' | 'failed';

const POLL_MS = 20;
/** A flow's second reader comes a moment after its first; both get everything. */
const GATHERING_MS = 50;
/** What was recorded waits this long in the kernel for a reader after the run. */
const UNREAD_MS = 10_000;
/** And when it is disarmed, this long for readers that are behind. */
const UNREAD_AT_END_MS = 4000;
/**
 * The pid list empties by the very tracepoint that is a task's last event (sched_process_free, from RCU): this much for
 * the recording of it on another CPU.
 */
const SETTLE_MS = 15;
const PATIENCE_MS = 2000;
const KILLING_MS = 100;
/** An attached process may live for weeks: how often to look whether it still does. */
const ATTACHED_POLL_MS = 100;

export class Session {
  readonly topic: string;
  readonly #armed: Armed;
  readonly #names: SessionNames;
  readonly #context: RingContext;
  /** Ticks of the trace clock, now. */
  readonly #now: () => bigint;
  readonly #reader: LiveReader;
  readonly #watch: TreeMembers;
  readonly #queues = new Set<BatchQueue>();
  readonly #listeners = new Set<(state: SessionState) => void>();
  readonly #finished: Promise<void>;
  #finish!: () => void;
  #state: SessionState = 'armed';
  #parent: TracedParent | null = null;
  #notes: TraceNote[];
  #firstReader!: () => void;
  readonly #hasReader = new Promise<void>((resolve) => (this.#firstReader = resolve));
  #pumping: Promise<void> | null = null;
  #ending: Promise<void> | null = null;
  #roomAgain: (() => void) | null = null;
  #isLetGo = false;
  #killing: NodeJS.Timeout | null = null;
  /** Why it failed; null otherwise. */
  failure: TraceError | null = null;
  /** Events passed on so far, and events that the kernel lost (null: some gap has no number). */
  events = 0;
  lost: number | null = 0;

  readonly settings: SessionSettings;

  constructor(settings: SessionSettings, armed: Armed, names: SessionNames, partsOnTheWay?: number) {
    this.settings = settings;

    this.topic = settings.topic;
    this.#armed = armed;
    this.#names = names;
    const instances = armed.signals === null ? [armed.tree] : [armed.tree, armed.signals];
    this.#context = readKernelTables(armed.tree, armed.events, settings.clock);
    seedSavedNames(armed.tree.tracefs, this.#context.names);
    this.#now = traceClock(settings.clock, armed.tree.statisticsFile());
    this.#reader = new LiveReader(instances, this.#context.table, settings.clock, partsOnTheWay);
    this.#watch = new TreeMembers({
      outside: armed.signals === null ? -1 : 1,
      names: this.#context.names,
      inodes: new InodePaths(),
      seedSavedNames: () => {
        seedSavedNames(armed.tree.tracefs, this.#context.names);
      },
      savedNames: () => readSavedNames(armed.tree.tracefs),
      now: () => Number(this.#now()) / 1e9,
    });
    this.#notes = [this.#traceNote()];
    this.#finished = new Promise((resolve) => (this.#finish = resolve));
  }

  /** Unique on this machine while it is up. */
  get id(): string {
    return this.#names.tree.replace(/-(?:tree|attached)$/, '');
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Every write so far, as the shell command that one would type. */
  get commands(): readonly string[] {
    return this.#armed.files.commands;
  }

  get instances(): readonly string[] {
    return [this.#armed.tree.name, ...(this.#armed.signals === null ? [] : [this.#armed.signals.name])];
  }

  /** Whether this is a process of the tree, as far as its events were read; the traced parent is not meant. */
  follows(pid: number): boolean {
    return this.#watch.has(pid) && pid !== this.#parent?.pid;
  }

  /** What decodes this session's pages; for writing a capture. */
  get context(): RingContext {
    return this.#context;
  }

  /** @returns the way to stop listening */
  onState(listener: (state: SessionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #become(state: SessionState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }

  #traceNote(): TraceNote {
    const wall = { ts: Number(this.#now()) / 1e9, unixSeconds: Date.now() / 1000 };
    const boot = bootId();
    return {
      kind: 'trace',
      kernel: os.release(),
      clock: this.settings.clock,
      cpus: os.cpus().length,
      host: os.hostname(),
      ...(boot === null ? {} : { boot }),
      wall,
    };
  }

  pause(): void {
    if (this.#state !== 'running')
      throw new TraceError('SESSION_STATE', `pause while ${this.#state}; it must be running`);
    this.#turn('off');
    this.#become('paused');
  }

  resume(): void {
    if (this.#state !== 'paused')
      throw new TraceError('SESSION_STATE', `resume while ${this.#state}; it must be paused`);
    this.#turn('on');
    this.#become('running');
  }

  #turn(onOff: 'on' | 'off'): void {
    this.#armed.signals?.turn(onOff);
    this.#armed.tree.turn(onOff);
  }

  /**
   * Runs a command under a traced parent. What is returned is a process that waits before its first instruction;
   * it goes on in the next turn of the event loop.
   * @throws TraceError ENOENT, EACCES, WORKLOAD_FAILED, SESSION_BUSY, SESSION_STATE
   */
  async run(settings: WorkloadSettings, sinks: WorkloadSinks): Promise<Workload> {
    if (this.#parent !== null)
      throw new TraceError('SESSION_BUSY', `${this.topic} runs ${this.#parent.argv.join(' ')}`);
    if (this.#state !== 'armed')
      throw new TraceError('SESSION_STATE', `run while ${this.#state}; arm it again`);
    if (this.settings.attach.length > 0)
      throw new TraceError(
        'SESSION_STATE',
        `${this.topic} is to follow pid ${this.settings.attach.join(', ')}`,
      );
    this.#reader.start();
    const parent = await TracedParent.start(settings, sinks);
    this.#parent = parent;
    try {
      this.#watch.root(parent.pid);
      this.#context.names.seed(parent.pid, parent.comm);
      this.#context.names.seedGroup(parent.pid, parent.pid);
      this.#armed.tree.follow(parent.pid);
      this.#turn('on');
      const pid = await parent.launch();
      // It waits at its gate: of a short life nothing but this may be known.
      this.#watch.identify(pid);
      const cwd = directoryOf(parent.pid);
      this.#notes.push({
        kind: 'workload',
        parent: parent.pid,
        command: pid,
        path: parent.path,
        argv: parent.argv,
        ...(cwd === null ? {} : { cwd }),
        control: { signal: CONTROL_SIGNAL, sender: process.pid },
      });
      this.#become('running');
      this.#pumping = this.#pump();
      return this.#workload(parent, pid, settings);
    } catch (error) {
      parent.end();
      await this.disarm();
      throw error;
    }
  }

  /**
   * Follows the processes that the settings name, from now on, with all that they fork, until they are gone or the
   * session is disarmed. They are never signalled.
   * @throws TraceError PROCESS_MISSING, CONFIG_INVALID, SESSION_STATE
   */
  async attach(): Promise<Attachment> {
    if (this.#state !== 'armed' || this.settings.attach.length === 0)
      throw new TraceError('SESSION_STATE', `attach while ${this.#state}; arm it with pids to attach to`);
    try {
      const pids = findProcesses(this.settings.attach);
      this.#reader.start();
      for (const tid of followThreads(this.#armed.tree, pids)) this.#watch.follow(tid);
      const before = this.#readAttached(pids);
      for (const pid of pids) this.#watch.identify(pid);
      this.#turn('on');
      // Once more: what is read now and what the trace tells leave no gap between them. One that died meanwhile
      // is told of as it was.
      const after = this.#readAttached(pids);
      for (const pid of pids) this.#noteAttached(after.get(pid) ?? before.get(pid));
      this.#become('running');
      this.#pumping = this.#pump();
      this.#ending = this.#safely(this.#endAttached(pids));
      return { pids, ended: this.#finished, stop: () => this.disarm() };
    } catch (error) {
      await this.disarm();
      throw error;
    }
  }

  #readAttached(pids: readonly number[]): Map<number, AttachedNote> {
    const notes = new Map<number, AttachedNote>();
    for (const pid of pids) {
      const note = readProcState(pid, Number(this.#now()) / 1e9);
      if (note !== null) notes.set(pid, note);
    }
    return notes;
  }

  #noteAttached(note: AttachedNote | undefined): void {
    if (note === undefined) return;
    const { names } = this.#context;
    for (const tid of note.threads) {
      names.seed(tid, commOf(tid) ?? note.comm);
      names.seedGroup(tid, note.pid);
      this.#watch.follow(tid);
    }
    this.#notes.push(note);
  }

  /** Until the attached processes are gone, or somebody disarms. */
  async #endAttached(pids: readonly number[]): Promise<void> {
    await this.#areGone((tid) => pids.includes(tid), ATTACHED_POLL_MS);
    await sleep(SETTLE_MS);
    await this.#close();
  }

  #workload(parent: TracedParent, pid: number, settings: WorkloadSettings): Workload {
    const timers: NodeJS.Timeout[] = [];
    let timedOut = false;
    let began = 0;
    setImmediate(() => {
      began = performance.now();
      parent.open();
      const { kill, timeLimitSeconds } = settings;
      if (kill !== null)
        timers.push(
          setTimeout(() => {
            parent.order(kill.signal);
          }, kill.afterSeconds * 1000),
        );
      if (timeLimitSeconds !== null) {
        timers.push(
          setTimeout(() => {
            timedOut = true;
            this.#endWorkload(parent);
          }, timeLimitSeconds * 1000),
        );
      }
    });
    const ended = parent.ended.then(async (shell): Promise<WorkloadEnd> => {
      const seconds = (performance.now() - began) / 1000;
      this.#ending ??= this.#safely(this.#end(parent, timers));
      const { code, signal } = await this.#howItEnded(shell?.status ?? null);
      return { pid, code, signal, seconds, timedOut };
    });
    return {
      pid,
      parentPid: parent.pid,
      argv: parent.argv,
      ended,
      kill: (signal) => {
        parent.order(signal);
      },
      stop: async () => {
        this.#endWorkload(parent);
        // As for a disarm: a reader that may still come is not waited for.
        this.#firstReader();
        await this.#finished;
      },
    };
  }

  /** The shell's `$?` cannot tell SIGKILL from exit(137); the SIGCHLD in the trace can. */
  async #howItEnded(status: number | null): Promise<{ code: number | null; signal: string | null }> {
    if (status === null) return { code: null, signal: null };
    if (status <= SIGNAL_STATUS) return { code: status, signal: null };
    const until = performance.now() + PATIENCE_MS;
    while (this.#watch.endedByExit === null && this.#state !== 'ended' && performance.now() < until)
      await sleep(POLL_MS);
    if (this.#watch.endedByExit === true) return { code: status, signal: null };
    if (this.#watch.endedByExit === false) return { code: null, signal: signalName(status - SIGNAL_STATUS) };
    return { code: null, signal: null };
  }

  /**
   * SIGTERM to the command's group, by its parent; what is left after 2 s gets SIGKILL from us, again and again,
   * as it may fork while we look. A parent that does not reap then (stopped by its own child) goes too.
   */
  #endWorkload(parent: TracedParent): void {
    parent.order('SIGTERM', 'group');
    const ordered = performance.now();
    this.#killing ??= setInterval(() => {
      const waited = performance.now() - ordered;
      if (waited > PATIENCE_MS) this.#killTree(parent);
      if (waited > PATIENCE_MS * 1.5) parent.end();
    }, KILLING_MS);
    void this.#finished.then(() => {
      clearInterval(this.#killing ?? undefined);
    });
  }

  #killTree(parent: TracedParent): void {
    if (this.#state === 'ended' || this.#state === 'failed') return;
    // The parent stays, to reap: what it forked goes first.
    endFollowed(this.#armed.tree, [parent.pid]);
  }

  /** The command is reaped: follow what it left running to its end, then stop, drain, and take everything away. */
  async #end(parent: TracedParent, timers: readonly NodeJS.Timeout[]): Promise<void> {
    await this.#areGone(() => true, POLL_MS);
    for (const timer of timers) clearTimeout(timer);
    await parent.gone;
    await sleep(SETTLE_MS);
    await this.#close();
  }

  /**
   * The pid list empties as the kernel frees the tasks; a stop or a time limit ends those that stay. Zombies are
   * waited for only so long: whoever should reap them (init, for orphans) may do it late, or never.
   */
  async #areGone(awaited: (tid: number) => boolean, pollMs: number): Promise<void> {
    let zombiesSince = Infinity;
    while (!this.#isLetGo) {
      const followed = this.#armed.tree.followed().filter(awaited);
      if (followed.length === 0) return;
      if (followed.some((tid) => startTime(tid) !== null)) zombiesSince = Infinity;
      else if (zombiesSince === Infinity) zombiesSince = performance.now();
      else if (performance.now() - zombiesSince > PATIENCE_MS) return;
      await sleep(pollMs);
    }
  }

  /**
   * Live events from now on, in batches, in order of time. It ends when the run has ended and all was read.
   * Several readers get the same batches; the slowest sets the pace, and the kernel counts what it loses by it.
   */
  batches(): AsyncIterableIterator<EventBatch> {
    const queue = new BatchQueue((reader) => {
      if (reader.isEnded) this.#queues.delete(reader);
      this.#roomAgain?.();
    });
    if (this.#state === 'ended' || this.#state === 'failed') {
      queue.end();
      return queue;
    }
    this.#queues.add(queue);
    this.#firstReader();
    return queue;
  }

  /** Passes on what the reading thread reads, until the recording is over and the pipes are empty. */
  async #pump(): Promise<void> {
    try {
      await this.#hasReader;
      await sleep(GATHERING_MS);
      const watch = new RowFilter(this.#context, this.#watch);
      for await (const merged of this.#reader.read()) {
        this.#passOn(ringBatch(merged, watch, []));
        // Between two parts others get their turn.
        await nextTurn();
        await this.#readersKeepUp();
      }
    } catch (error) {
      this.#fail(error);
      // Nobody sees what goes on from here, so it does not go on.
      void this.disarm();
    }
  }

  /** Its own end must not fail on somebody who waits for something else: the state and `failure` tell. */
  async #safely(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#fail(error);
      this.#finish();
    }
  }

  #fail(error: unknown): void {
    const said = error instanceof Error ? error.message : String(error);
    this.failure =
      error instanceof TraceError
        ? error
        : new TraceError('SESSION_ENDED', `${this.id}: ${said}`, { cause: error });
    this.#become('failed');
    for (const queue of this.#queues) queue.end();
  }

  #passOn(batch: RingBatch): void {
    const notes = [...this.#notes, ...this.#watch.takeNotes()];
    this.#notes = [];
    if (batch.length === 0 && batch.lost.length === 0 && batch.damage.length === 0 && notes.length === 0)
      return;
    this.events += batch.length;
    for (const loss of batch.lost) this.#count(loss);
    const noted = batch.withNotes(notes);
    for (const queue of this.#queues) queue.put(noted);
  }

  #count(loss: Loss): void {
    this.lost = this.lost === null || loss.count === null ? null : this.lost + loss.count;
  }

  async #readersKeepUp(): Promise<void> {
    while ([...this.#queues].some((queue) => queue.isBehind)) {
      await new Promise<void>((resolve) => (this.#roomAgain = resolve));
      this.#roomAgain = null;
    }
  }

  /**
   * Reads the kernel's symbols now. Otherwise the first call trace that somebody looks at does, and holds up a busy
   * event loop for a tenth of a second.
   */
  async loadSymbols(): Promise<void> {
    try {
      this.#context.symbols.load(await readFile('/proc/kallsyms'));
    } catch {
      // Not readable: addresses stay numbers.
    }
  }

  /** Ends a run in whatever state: nothing of it is left when this resolves. Idempotent. */
  async disarm(): Promise<void> {
    const parent = this.#parent;
    if (parent !== null && this.#ending === null) {
      this.#endWorkload(parent);
      await parent.gone;
      this.#ending ??= this.#safely(this.#end(parent, []));
    }
    // What was only attached to goes on without us.
    if (parent === null) this.#isLetGo = true;
    this.#ending ??= this.#safely(this.#close());
    // Who ends a session by hand does not wait for a reader that may come, nor for ever for one that does not read.
    this.#firstReader();
    const unread = setTimeout(() => {
      this.#giveUpReaders();
    }, UNREAD_AT_END_MS);
    await this.#ending;
    clearTimeout(unread);
  }

  #giveUpReaders(): void {
    for (const queue of this.#queues) {
      if (!queue.isBehind) continue;
      this.failure ??= new TraceError('SESSION_ENDED', `${this.id}: a reader did not take its events`);
      void queue.return();
    }
  }

  async #close(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#turn('off');
    if (this.#state !== 'failed') this.#become('draining');
    this.#noteEnd();
    this.#reader.finish();
    if (this.#pumping !== null) {
      const unread = setTimeout(this.#firstReader, this.#queues.size === 0 ? UNREAD_MS : 0);
      await this.#pumping;
      clearTimeout(unread);
    }
    await this.#reader.close();
    // What it names does not follow anybody from here on.
    clearInterval(this.#killing ?? undefined);
    await disarmInstances(this.#armed, this.#names);
    for (const queue of this.#queues) queue.end();
    if (this.#state !== 'failed') this.#become('ended');
    this.#finish();
  }

  #noteEnd(): void {
    const sum = { overrun: 0, dropped: 0 };
    for (const instance of [this.#armed.tree, this.#armed.signals]) {
      const { overrun, dropped } = instance?.statistics() ?? { overrun: 0, dropped: 0 };
      sum.overrun += overrun;
      sum.dropped += dropped;
    }
    this.#notes.push({ kind: 'end', ts: Number(this.#now()) / 1e9, ...sum });
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
