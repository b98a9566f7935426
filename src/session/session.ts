/**
 * One traced run, from arming to the last instance's removal, and its states. It owns, in this order, and gives back in
 * reverse: the instances and probes, the traced parent and all that it forked (run-ending.ts), the open pipes
 * (live-reader.ts), the readers' queues (batch-feed.ts).
 */
import { readFile } from 'node:fs/promises';
import * as os from 'node:os';
import type { RingContext } from '../readers/pages/ring-event';
import type { SessionNames } from '../tracefs/owner';
import { traceClock } from '../tracefs/trace-clock';
import { TraceError } from '../trace-error';
import type { EventBatch, TraceNote } from '../trace-event';
import { CONTROL_SIGNAL } from '../workload/parent-script';
import { TracedParent } from '../workload/traced-parent';
import type { Workload, WorkloadEnd, WorkloadSettings, WorkloadSinks } from '../workload/workload';
import { disarmInstances, type Armed } from './arming';
import { findProcesses, followThreads, type Attachment } from './attachment';
import { BatchFeed } from './batch-feed';
import { InodePaths } from './inode-paths';
import { readKernelTables, readSavedNames, seedSavedNames } from './kernel-tables';
import { LiveReader } from './live-reader';
import { bootId, commOf, directoryOf, readProcState } from './proc-state';
import { sendSignal, witnessOwnSignals } from './own-signals';
import { RunEnding } from './run-ending';
import type { SessionSettings } from './session-settings';
import { DISARM, FLOW, STOP, timeLimit } from './signal-reasons';
import { TreeMembers } from './tree-members';

export type SessionState = 'armed' | 'running' | 'paused' | 'draining' | 'ended' | 'failed';

/** When a session is disarmed, what was recorded waits this long for readers that are slow. */
const UNREAD_AT_END_MS = 4000;

export class Session {
  readonly topic: string;
  readonly #armed: Armed;
  readonly #names: SessionNames;
  readonly #context: RingContext;
  /** Ticks of the trace clock, now. */
  readonly #now: () => bigint;
  readonly #reader: LiveReader;
  readonly #members: TreeMembers;
  readonly #feed: BatchFeed;
  readonly #runEnding: RunEnding;
  readonly #endWitness: () => void;
  readonly #listeners = new Set<(state: SessionState) => void>();
  readonly #finished: Promise<void>;
  #finish!: () => void;
  #state: SessionState = 'armed';
  #parent: TracedParent | null = null;
  #ending: Promise<void> | null = null;
  /** Why it failed; null otherwise. */
  failure: TraceError | null = null;

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
    this.#members = new TreeMembers({
      outside: armed.signals === null ? -1 : 1,
      hasHistory: armed.signals !== null && settings.senderHistory,
      names: this.#context.names,
      inodes: new InodePaths(),
      savedNames: () => readSavedNames(armed.tree.tracefs),
      now: () => Number(this.#now()) / 1e9,
    });
    this.#feed = new BatchFeed(this.#reader, this.#context, this.#members);
    const now = (): number => Number(this.#now()) / 1e9;
    this.#runEnding = new RunEnding(armed.tree, this.#members, now, (note) => {
      this.#feed.note(note);
    });
    this.#feed.note(this.#traceNote());
    this.#endWitness = witnessOwnSignals(() => {
      const from = now();
      return ({ signal, target, reason }) => {
        this.#feed.note({
          kind: 'control',
          sender: process.pid,
          signal,
          target,
          from,
          until: now(),
          reason,
        });
      };
    });
    this.#finished = new Promise((resolve) => (this.#finish = resolve));
  }

  /** Unique on this machine while it is up. */
  get id(): string {
    return this.#names.tree.replace(/-(?:tree|attached)$/, '');
  }

  /** Events passed on so far. */
  get events(): number {
    return this.#feed.events;
  }

  /** Events that the kernel lost; null where a gap has no number. */
  get lost(): number | null {
    return this.#feed.lost;
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
    return this.#members.has(pid) && pid !== this.#parent?.pid;
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
    // What happened meanwhile is not recorded.
    this.#members.begin();
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
      this.#members.root(parent.pid);
      this.#context.names.seed(parent.pid, parent.comm);
      this.#context.names.seedGroup(parent.pid, parent.pid);
      this.#armed.tree.follow(parent.pid);
      this.#turn('on');
      this.#members.begin();
      const pid = await parent.launch();
      // It waits at its gate: of a short life nothing but this may be known.
      this.#members.identify(pid);
      this.#members.command.pid = pid;
      const cwd = directoryOf(parent.pid);
      this.#feed.note({
        kind: 'workload',
        parent: parent.pid,
        command: pid,
        path: parent.path,
        argv: parent.argv,
        ...(cwd === null ? {} : { cwd }),
        control: { signal: CONTROL_SIGNAL, sender: process.pid },
      });
      this.#become('running');
      this.#passOnEvents();
      return this.#workload(parent, pid, settings);
    } catch (error) {
      parent.end((pid) => {
        sendSignal(pid, 'SIGKILL', DISARM);
      });
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
      for (const tid of followThreads(this.#armed.tree, pids)) this.#members.follow(tid);
      // Twice: a signal that comes at once concerns somebody who is known, and what changes between the first look and
      // the first event is in the second.
      this.#noteAttached(pids, 'first');
      for (const pid of pids) this.#members.identify(pid);
      this.#turn('on');
      this.#members.begin();
      this.#noteAttached(pids, 'again');
      this.#become('running');
      this.#passOnEvents();
      this.#ending = this.#safely(this.#endAttached(pids));
      return { pids, ended: this.#finished, stop: () => this.disarm() };
    } catch (error) {
      await this.disarm();
      throw error;
    }
  }

  /** What /proc says of them now; of one that is dead by now nothing is noted. */
  #noteAttached(pids: readonly number[], look: 'first' | 'again'): void {
    const { names } = this.#context;
    for (const pid of pids) {
      const note = readProcState(pid, Number(this.#now()) / 1e9);
      if (note === null) continue;
      for (const tid of note.threads) {
        // By the second look it may have run another program, which the trace tells with its time.
        if (look === 'first' || !names.knows(tid)) names.seed(tid, commOf(tid) ?? note.comm);
        names.seedGroup(tid, note.pid);
        this.#members.follow(tid);
      }
      this.#feed.note(note);
    }
  }

  /** Until the attached processes are gone, or the session is disarmed. */
  async #endAttached(pids: readonly number[]): Promise<void> {
    await this.#runEnding.attachedAreGone(pids);
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
            this.#runEnding.order(parent, kill.signal, 'command', null);
          }, kill.afterSeconds * 1000),
        );
      if (timeLimitSeconds !== null) {
        timers.push(
          setTimeout(() => {
            timedOut = true;
            this.#runEnding.endWorkload(parent, timeLimit(timeLimitSeconds));
          }, timeLimitSeconds * 1000),
        );
      }
    });
    const ended = parent.ended.then(async (shell): Promise<WorkloadEnd> => {
      // Somebody ended the traced parent: the command goes on without it.
      if (shell === null) await this.#runEnding.commandIsGone();
      const seconds = (performance.now() - began) / 1000;
      this.#ending ??= this.#safely(this.#end(parent, timers));
      const { code, signal } = await this.#runEnding.howItEnded(
        shell?.status ?? null,
        () => this.#state === 'ended',
      );
      return { pid, code, signal, seconds, timedOut };
    });
    return {
      pid,
      parentPid: parent.pid,
      argv: parent.argv,
      ended,
      kill: (signal) => {
        this.#runEnding.order(parent, signal, 'command', FLOW);
      },
      stop: async () => {
        this.#runEnding.endWorkload(parent, STOP);
        // As for a disarm: a reader that may still come is not waited for.
        this.#feed.expectNoReader();
        await this.#finished;
      },
    };
  }

  /** The command is reaped: follow what it left running to its end, then stop, drain, and remove everything. */
  async #end(parent: TracedParent, timers: readonly NodeJS.Timeout[]): Promise<void> {
    await this.#runEnding.treeIsGone(parent);
    for (const timer of timers) clearTimeout(timer);
    await this.#close();
  }

  /**
   * Live events from now on, in batches, in order of time. It ends when the run has ended and all was read.
   * Several readers get the same batches; the slowest sets the pace, and the kernel counts what it loses by it.
   */
  batches(): AsyncIterableIterator<EventBatch> {
    return this.#feed.batches();
  }

  #passOnEvents(): void {
    this.#feed.start((error) => {
      this.#fail(error);
      // Nobody sees what is recorded from here on.
      void this.disarm();
    });
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
    this.#feed.close();
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
    if (parent !== null && this.#state !== 'ended') {
      // Also what a command that has ended left running.
      this.#runEnding.endWorkload(parent, DISARM);
      await parent.gone;
      this.#ending ??= this.#safely(this.#end(parent, []));
    }
    // What was only attached to goes on without us.
    if (parent === null) this.#runEnding.letGo();
    this.#ending ??= this.#safely(this.#close());
    // Ending a session by hand neither waits for a reader that may come, nor for ever for one that does not read.
    this.#feed.expectNoReader();
    const unread = setTimeout(() => {
      this.#giveUpReaders();
    }, UNREAD_AT_END_MS);
    await this.#ending;
    clearTimeout(unread);
  }

  #giveUpReaders(): void {
    if (!this.#feed.dropSlowReaders()) return;
    this.failure ??= new TraceError('SESSION_ENDED', `${this.id}: a reader did not take its events`);
  }

  async #close(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#turn('off');
    if (this.#state !== 'failed') this.#become('draining');
    this.#noteEnd();
    this.#reader.finish();
    await this.#feed.drain();
    await this.#reader.close();
    this.#runEnding.stopKilling();
    this.#endWitness();
    await disarmInstances(this.#armed, this.#names);
    this.#feed.close();
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
    this.#feed.note({ kind: 'end', ts: Number(this.#now()) / 1e9, ...sum });
  }
}
