/**
 * Events to lives: the model that lifecycle-parse and `ftrace-life report` share. Each event changes at most one or
 * two processes; the subjects in the files beside this one know how, this one hands them the events by name and
 * puts together what they made. The same events give the same stages and the same report, however they are cut
 * into batches: nothing here asks for the time, a file or Node-RED.
 *
 * An event that no subject follows costs one look-up in a map. What is kept grows with the processes, threads,
 * files and signals of the report, each up to a limit, never with the number of events.
 */
import { INTERRUPTIBLE_CALLS } from '../kernel/interrupted-calls';
import { fieldOf, type EventBatch, type EventScan, type TraceEvent, type TraceNote } from '../trace-event';
import { ProcNotes } from './attached';
import { ChainOfCauses } from './chain-of-causes';
import { Forks } from './forks';
import { ARGUMENTS_EVENT, Execs } from './execs';
import { Exits } from './exits';
import { FILE_CALLS, NAMES_BEHIND_EXIT, nameReturnedOpen } from './file-calls';
import { isKernelEvent, nameOfProbe } from './file-names';
import { int32, textOf } from './field-values';
import { Identities } from './identities';
import { InodeNames } from './inode-names';
import { gapsIn, Losses } from './losses';
import { MapsComparisons } from './maps-comparison';
import { memoryCalls } from './memory-calls';
import { NamedTasks } from './named-tasks';
import { readOomVictim, type OomVictim } from './oom-victim';
import { OwnHand } from './own-hand';
import { ProcessTable } from './process-table';
import type { Process } from './process';
import { Reaping } from './reaping';
import { REPORT_SCHEMA, type ProcessRecord, type Report, type Stage } from './report';
import { HandlerRuns } from './handler-runs';
import { SignalPairing } from './signal-pairing';
import { SignalRecords } from './signal-records';
import { StageLog } from './stage-log';
import { callHandlers, type EventHandler } from './system-calls';
import { SECCOMP_CALLS } from './seccomp-calls';
import { missingKinds, type TracedKinds } from './traced-kinds';
import { TraceSummary } from './trace-summary';
import { tracerCalls } from './tracers';
import { Tree } from './tree';
import { countsSeconds, treeVerdict } from './verdict';
import { WallClock } from './wall-clock';

/** Names of events that are no probe's; a trace has some hundreds. */
const MAX_EVENT_NAMES = 10_000;
/** Kept for the verdict, which names a few. */
const MAX_OOM_VICTIMS = 1_000;

export interface LifecycleOptions {
  readonly source?: 'text' | 'raw' | 'trace.dat';
}

export interface LifecycleStep {
  stages: Stage[];
  /** The records of the processes whose life ended: reaped, or zombies at the end of the trace. */
  ended: ProcessRecord[];
}

export class Lifecycle {
  readonly #clock = new WallClock();
  readonly #table = new ProcessTable();
  readonly #identities = new Identities();
  readonly #tree = new Tree(this.#table, this.#identities);
  readonly #stages = new StageLog(this.#clock);
  readonly #forks = new Forks(this.#table, this.#tree, this.#stages, this.#clock);
  readonly #execs = new Execs(this.#table, this.#tree, this.#stages, this.#clock);
  readonly #ownHand = new OwnHand();
  // Signals report each SIGCHLD to what becomes of the dead; how a process ended is asked of its signals.
  readonly #signalRecords = new SignalRecords(
    this.#table,
    this.#tree,
    this.#clock,
    this.#identities,
    this.#ownHand,
  );
  readonly #handlerRuns = new HandlerRuns(this.#table, this.#stages);
  readonly #signals = new SignalPairing(
    this.#table,
    this.#tree,
    this.#stages,
    this.#signalRecords,
    this.#handlerRuns,
    {
      childAlive: (...args) => {
        this.#reaping.childAlive(...args);
      },
      childEnded: (...args) => {
        this.#reaping.childEnded(...args);
      },
    },
  );
  readonly #chains = new ChainOfCauses(this.#table, this.#signalRecords.all);
  readonly #exits = new Exits(this.#table, this.#stages, this.#clock, this.#signals, this.#chains);
  readonly #reaping = new Reaping(this.#table, this.#stages, this.#clock, this.#exits, this.#signals);
  readonly #losses = new Losses(this.#table, this.#stages, this.#signals);
  readonly #inodes = new InodeNames(this.#table);
  readonly #named = new NamedTasks();
  readonly #oomVictims = new Map<string, OomVictim>();
  readonly #oomLimits: Extract<TraceNote, { kind: 'memory-limit' }>[] = [];
  readonly #maps = new MapsComparisons(this.#table, this.#stages);
  readonly #proc = new ProcNotes(this.#table, this.#tree, this.#clock);
  readonly #trace: TraceSummary;
  readonly #handlers: Map<string, EventHandler | null>;
  #handlersByKind = new WeakMap<object, (EventHandler | null | undefined)[]>();
  #now = -Infinity;

  constructor(options: LifecycleOptions = {}) {
    this.#trace = new TraceSummary(options.source ?? null, this.#clock);
    this.#handlers = callHandlers(
      this.#table,
      new Map([
        ...FILE_CALLS,
        ...memoryCalls(this.#stages),
        ...this.#forks.calls,
        ...this.#execs.calls,
        ...this.#exits.calls,
        ...this.#reaping.calls,
        ...this.#signals.calls,
        ...tracerCalls(this.#table),
        ...SECCOMP_CALLS,
      ]),
    );
    this.#follow();
    const unfollowed = INTERRUPTIBLE_CALLS.filter((name) => !this.#handlers.has(`sys_exit_${name}`));
    for (const [name, handler] of this.#handlerRuns.events(unfollowed)) this.#handlers.set(name, handler);
  }

  /** Applies a batch. Returns the stages that it adds, in order, and the processes whose life ended with it. */
  apply(batch: EventBatch): LifecycleStep {
    const [step] = this.applyInSteps(batch, Infinity);
    return step!;
  }

  /**
   * The same in steps of so many events, so that others get a turn between them. It goes to its end before the next
   * batch.
   */
  *applyInSteps(batch: EventBatch, eventsAStep: number): Generator<LifecycleStep, void> {
    for (const note of batch.notes) this.#applyNote(note);
    for (const damage of batch.damage) this.#trace.addDamage(damage);
    const gaps = batch.lost.length > 0 ? gapsIn(batch) : [];
    let gap = 0;
    const crossGaps = (index: number) => {
      for (; gap < gaps.length && gaps[gap]!.at <= index; gap++) {
        const side = gaps[gap]!;
        this.#losses.cross(side, side.loss.ts ?? this.#trace.end ?? 0);
      }
    };
    const scan = batch.scan?.();
    const handlers = scan === undefined ? [] : this.#handlersOf(scan);
    for (let from = 0; from < batch.length; from += eventsAStep) {
      if (from > 0) yield this.#takeStep();
      const to = Math.min(from + eventsAStep, batch.length);
      if (scan === undefined) {
        for (let index = from; index < to; index++) {
          crossGaps(index);
          const event = batch.at(index);
          this.#passed(event.ts);
          this.#handlerOf(event.name)?.(event);
        }
      } else {
        for (let index = from; index < to; index++) {
          if (gap < gaps.length) crossGaps(index);
          this.#passed(scan.tsAt(index));
          const kind = scan.kindAt(index);
          if (kind < 0) {
            const event = scan.eventAt(index);
            this.#handlerOf(event.name)?.(event);
            continue;
          }
          let handler = handlers[kind];
          if (handler === undefined) handlers[kind] = handler = this.#handlerOf(scan.nameOf(kind));
          if (handler !== null) handler(scan.eventAt(index));
        }
      }
    }
    crossGaps(batch.length);
    for (const loss of batch.lost) this.#trace.addLoss(loss);
    this.#table.keepCalls();
    this.#proc.apply(this.#now);
    this.#maps.compare(this.#now);
    yield this.#takeStep();
  }

  #takeStep(): LifecycleStep {
    const ended = this.#reaping.takeEnded();
    for (const record of ended) this.#identities.complete(record);
    return { stages: this.#stages.take(), ended };
  }

  /** The end of the trace: settles what is open. */
  finish(): LifecycleStep & { report: Report } {
    const end = this.#trace.end ?? 0;
    this.#proc.apply(Infinity);
    // First, as a process's libraries are compared while its mappings are known.
    this.#maps.compare(Infinity);
    this.#reaping.finish(end);
    for (const process of this.#table.living()) this.#signals.settleQueue(process, end);
    this.#signalRecords.markControls();
    this.#signalRecords.completeSenders();
    this.#signalRecords.setTimes();
    if (!this.#tree.isDeclared) this.#nameTheRest();
    for (const process of this.#table.processes) this.#complete(process);
    if (this.#table.processesLeftOut > 0) {
      this.#trace.incomplete.push(`${this.#table.processesLeftOut} more processes are not listed`);
    }
    if (this.#signalRecords.leftOut > 0) {
      this.#trace.incomplete.push(`${this.#signalRecords.leftOut} more signals are not listed`);
    }
    if (this.#identities.leftOut > 0) {
      this.#trace.incomplete.push(`who ${this.#identities.leftOut} more processes are is not kept`);
    }
    const report: Report = {
      schema: REPORT_SCHEMA,
      verdict: { text: '', ended: [], outlived: [] },
      trace: this.#trace.report(),
      processes: this.#table.processes.map((process) => process.record),
      signals: this.#signalRecords.all,
      lost: this.#trace.lost,
      damage: this.#trace.damage,
    };
    report.verdict = treeVerdict(report, {
      oomOf: ({ id }) => this.#oomVictims.get(id) ?? null,
      oomLimitOf: ({ pid, exit }) =>
        this.#oomLimits.findLast((note) => note.pid === pid && note.ts <= (exit?.ts ?? Infinity)) ?? null,
      countsSeconds: countsSeconds(report),
    });
    return { ...this.#takeStep(), report };
  }

  /** The machine and its boot, as far as notes have named them by now. */
  get machine(): { host?: string; boot?: string } {
    return this.#trace.machine;
  }

  #follow(): void {
    const followed: readonly (readonly [string, EventHandler])[] = [
      [
        'task_newtask',
        (event) => {
          this.#forks.schedTraced = true;
          this.#forks.newTask(event);
        },
      ],
      [
        'sched_process_fork',
        (event) => {
          this.#forks.schedTraced = true;
          this.#forks.fork(event);
        },
      ],
      [
        'sched_process_exec',
        (event) => {
          this.#execs.executed(event);
        },
      ],
      [
        'sched_process_exit',
        (event) => {
          this.#exits.taskExited(event);
        },
      ],
      [
        'sched_process_free',
        (event) => {
          this.#identities.freed(event);
          this.#reaping.freed(event);
          this.#nameTasks(event);
        },
      ],
      [
        'mark_victim',
        (event) => {
          this.#nameTasks(event);
          this.#exits.oomVictim(event);
          this.#noteOomVictim(event);
        },
      ],
      [
        'signal_generate',
        (event) => {
          this.#signals.generated(event);
        },
      ],
      [
        'signal_deliver',
        (event) => {
          this.#signals.delivered(event);
        },
      ],
      [
        ARGUMENTS_EVENT,
        (event) => {
          this.#execs.toldArguments(event);
        },
      ],
      [
        'task_rename',
        (event) => {
          this.#renamed(event);
        },
      ],
      [
        'mm_filemap_get_pages',
        (event) => {
          this.#inodes.seen(event);
        },
      ],
    ];
    for (const [name, handler] of followed) this.#handlers.set(name, handler);
  }

  #passed(ts: number): void {
    this.#trace.events++;
    this.#trace.start ??= ts;
    this.#trace.end = ts;
    if (ts > this.#now) this.#now = ts;
    if (ts > this.#proc.due) this.#proc.apply(ts);
    if (ts > this.#maps.due) this.#maps.compare(ts);
    if (this.#reaping.waiting) this.#reaping.passed(ts);
    if (this.#exits.waiting) this.#exits.passed(ts);
  }

  /** Null for an event to forget. One that no subject follows may be a probe's that tells file names. */
  #handlerOf(name: string): EventHandler | null {
    const known = this.#handlers.get(name);
    if (known !== undefined) return known;
    const handler = isKernelEvent(name) ? (this.#tree.isDeclared ? null : this.#nameTasks) : this.#probe;
    if (this.#handlers.size < MAX_EVENT_NAMES) this.#handlers.set(name, handler);
    return handler;
  }

  /** By kind; undefined for one that was not met yet. */
  #handlersOf({ names }: EventScan): (EventHandler | null | undefined)[] {
    const known = this.#handlersByKind.get(names);
    if (known !== undefined) return known;
    const handlers: (EventHandler | null | undefined)[] = [];
    this.#handlersByKind.set(names, handlers);
    return handlers;
  }

  /** Events that tell nothing else still name who ran, in a trace that no session declared. */
  readonly #nameTasks: EventHandler = (event) => {
    if (!this.#tree.isDeclared) this.#named.add(event);
  };

  #noteOomVictim(event: TraceEvent): void {
    const pid = int32(fieldOf(event, 'pid'));
    const process = pid === null ? undefined : this.#table.find(pid)?.process;
    if (process && this.#oomVictims.size < MAX_OOM_VICTIMS)
      this.#oomVictims.set(process.record.id, readOomVictim(event));
  }

  /** At the end of a trace that no session declared: who is only named, and what nobody can see in it. */
  #nameTheRest(): void {
    this.#named.addRecords(this.#table);
    if (this.#table.processes.length === 0) return;
    const missing = missingKinds(this.#kinds);
    if (missing !== null) this.#trace.incomplete.push(missing);
    const { exitsTraced, exitCallsTraced } = this.#exits;
    const { freesTraced, childNewsTraced } = this.#reaping;
    const endsTraced = exitsTraced || exitCallsTraced || freesTraced || childNewsTraced;
    for (const process of this.#table.processes) {
      const { record } = process;
      if (!this.#forks.traced) process.forgetBeginning();
      // Nothing in this trace would show its end.
      if (record.state === 'running' && !endsTraced) record.state = 'unknown';
    }
  }

  get #kinds(): TracedKinds {
    const { exitsTraced, exitCallsTraced } = this.#exits;
    const { waitsTraced, freesTraced } = this.#reaping;
    return {
      forks: this.#forks.traced,
      programs: this.#execs.traced,
      signals: this.#signals.generateTraced,
      deliveries: this.#signals.deliverTraced,
      exits: exitsTraced || exitCallsTraced,
      waits: waitsTraced || freesTraced,
    };
  }

  /** From now on events that only name tasks are forgotten without a look. */
  #declared(): void {
    for (const [name, handler] of this.#handlers)
      if (handler === this.#nameTasks) this.#handlers.set(name, null);
    this.#handlersByKind = new WeakMap();
  }

  readonly #probe: EventHandler = (event) => {
    this.#nameTasks(event);
    const task = this.#table.find(event.pid);
    if (!task || (task.call && !NAMED_CALLS.test(task.call.name))) return;
    const path = nameOfProbe(event);
    if (path === null) return;
    task.process.recent.changed();
    if (!task.call && event.name === NAMES_BEHIND_EXIT && task.unnamedOpen) nameReturnedOpen(task, path);
    else if (task.call) task.call.path ??= { path, source: 'probe' };
    else task.looseName = path;
  };

  #renamed(event: TraceEvent): void {
    const tid = int32(fieldOf(event, 'pid')) ?? event.pid;
    const comm = textOf(fieldOf(event, 'newcomm'));
    const task = this.#table.find(tid) ?? (tid === event.pid ? this.#table.meet(event) : null);
    if (!task || comm === null) return;
    const { process } = task;
    // Without a pid in the event (6.18) a thread that renames another one looks like it.
    const before = textOf(fieldOf(event, 'oldcomm'));
    if (fieldOf(event, 'pid') === undefined && process.commTraced && before !== process.record.comm) return;
    if (task.tid !== process.tgid) {
      task.name = comm;
      return;
    }
    const was = before ?? process.record.comm;
    if (!process.commTraced && before !== null) process.calledAtFirst(before);
    process.renamed(event.ts, comm, true);
    if (was === comm) return;
    const text = `${was ?? 'process'} (${process.record.pid}) is now called ${comm}`;
    this.#stages.add('rename', event.ts, process, text, { from: was, to: comm });
  }

  #applyNote(note: TraceNote): void {
    this.#apply(note);
    if (note.kind === 'workload' || note.kind === 'attached') this.#declared();
  }

  #apply(note: TraceNote): void {
    this.#trace.applyNote(note);
    switch (note.kind) {
      case 'trace':
        this.#exits.ranOn(note.kernel);
        break;
      case 'workload':
        this.#tree.applyNote(note);
        this.#signalRecords.markControls();
        break;
      case 'attached':
      case 'arguments':
        this.#proc.applyNote(note);
        break;
      case 'who':
        this.#identities.applyNote(note);
        break;
      case 'control':
        this.#ownHand.applyNote(note);
        break;
      case 'memory-limit':
        if (this.#oomLimits.length < MAX_OOM_VICTIMS) this.#oomLimits.push(note);
        break;
      case 'maps':
        this.#maps.applyNote(note);
        break;
      case 'inode':
        this.#inodes.applyNote(note);
        break;
    }
  }

  #complete(process: Process): void {
    const { record } = process;
    this.#identities.complete(record, process.ending.freed ?? (process.gone ? process.lastSeen : Infinity));
    // The session starts the traced parent before the trace: nothing is missing.
    if (record.role === 'parent' && this.#tree.argv) process.forgetBeginning();
    this.#losses.complete(process);
    if (process.unnamedOpens > 0 && record.files.some((file) => file.path === null && file.error === null)) {
      process.note('files were opened whose names are not in the trace: no probe, no string in the event');
    }
    if (record.execs.some((exec) => exec.path === null))
      process.note('the name of a program it ran is not in the trace');
    if ([...record.files, ...record.execs].some(({ path }) => path !== null && !path.startsWith('/'))) {
      process.note('relative file names stay relative: its working directory is not in the trace');
    }
    if (process.filesLeftOut > 0) process.note(`${process.filesLeftOut} more opened files are not listed`);
    if (process.librariesLeftOut > 0)
      process.note(`${process.librariesLeftOut} more libraries are not listed`);
    const { fork, exit, reap } = record;
    for (const part of [fork, exit, reap, ...record.execs]) if (part) part.time = this.#clock.timeOf(part.ts);
  }
}

/** The calls whose file names probes tell. */
const NAMED_CALLS = /^(?:open|creat$|execve|chdir$)/;
