/**
 * How a process ends: the exit calls, `sched_process_exit` of each thread, the fatal signal, and the code of the SIGCHLD
 * that its last thread sends (kernel/exit.c, do_exit and exit_notify). Any of these may be missing; the exit is settled
 * by the first that proves it. What becomes of a dead process is in reaping.ts.
 */
import { CLD_EXITED, SIGKILL } from '../kernel/signals';
import { fieldOf, type Tid, type TraceEvent } from '../trace-event';
import { causeOfDeath } from './cause-of-death';
import type { ChainOfCauses } from './chain-of-causes';
import { int32, textOf } from './field-values';
import { argument } from './pending-call';
import type { Process, Task } from './process';
import type { ProcessTable } from './process-table';
import type { SignalRecord, SignalTarget } from './report';
import type { StageLog } from './stage-log';
import type { CallSubject } from './system-calls';
import type { WallClock } from './wall-clock';

/** Seconds on the trace clock, far more than exit_notify takes after sched_process_exit. */
const SIGCHLD_WAIT = 0.1;

const EXIT_CALL = /^exit(?:_group)?$/;

/** What the end of a process asks of its signals. The other way, signals report SIGCHLD: `DeathListener`. */
export interface FatalSignals {
  /** Senders are traced: a death without one is worth a remark. */
  readonly generateTraced: boolean;
  readonly deliverTraced: boolean;
  /** The signal in its queue that must have ended it, where the trace shows no delivery. */
  fatalWithoutDelivery(process: Process): SignalRecord | null;
  /** The function or call that shows where a signal came from. */
  evidenceOf(record: SignalRecord): string | null;
  settleFatal(record: SignalRecord, process: Process, ts: number): void;
  /** The process is dead: what is still queued is never delivered. */
  settleQueue(process: Process, ts: number): void;
  targetOf(process: Process, ts: number): SignalTarget;
}

export class Exits {
  /** Whether this trace has sched_process_exit at all: its absence means something only then. */
  exitsTraced = false;
  exitCallsTraced = false;
  /**
   * Where nobody calls exit_group, the status is that of the last thread since Linux 6.0 (kernel/exit.c,
   * synchronize_group_exit), before that of the first; null where the trace does not name its kernel.
   */
  #lastThreadCounts: boolean | null = null;
  /** Dead, and not yet settled. */
  #dying: Process[] = [];

  readonly #table: ProcessTable;
  readonly #stages: StageLog;
  readonly #clock: WallClock;
  readonly #signals: FatalSignals;
  readonly #chains: ChainOfCauses;

  constructor(
    table: ProcessTable,
    stages: StageLog,
    clock: WallClock,
    signals: FatalSignals,
    chains: ChainOfCauses,
  ) {
    this.#table = table;
    this.#stages = stages;
    this.#clock = clock;
    this.#signals = signals;
    this.#chains = chains;
  }

  /** @param release such as `6.1.0-13-amd64` */
  ranOn(release: string): void {
    const major = /^(\d+)\./.exec(release)?.[1];
    if (major !== undefined) this.#lastThreadCounts = Number(major) >= 6;
  }

  /** sched_process_exit, in the dying thread's own context. */
  taskExited(event: TraceEvent): void {
    this.exitsTraced = true;
    const task = this.#table.meet(event);
    if (!task) return;
    const { process } = task;
    // The column in front of the line may be `<...>`.
    const comm = textOf(fieldOf(event, 'comm'));
    if (process.record.comm === null && comm !== null && task.tid === process.tgid)
      process.renamed(event.ts, comm, false);
    if (this.#isEndedByKernel(task)) process.threadEnds.endedByKernel(task.tid === process.tgid);
    this.#threadEnded(task, event.ts);
    const groupDead = fieldOf(event, 'group_dead');
    // The field came with 6.17.
    if (groupDead !== undefined) this.#lastThreadCounts ??= true;
    const last =
      groupDead === undefined ? process.livingTasks() === 0 : groupDead === true || groupDead === 1;
    if (!last) return;
    process.ending.exitTs = event.ts;
    // Nobody is notified of its end.
    if (process.exitSignal === 0) {
      this.settle(process, event.ts);
      return;
    }
    // Perhaps nobody is.
    if (process.exitSignal === null) process.waiter?.zombies.add(process);
    // Where signals are traced the SIGCHLD follows and says more. Of a process older than the trace nobody knows
    // whether this was the last thread.
    if (groupDead !== undefined || process.record.fork) this.#dying.push(process);
  }

  /**
   * The trace has come this far. Where signals seem not to be traced, an exit is settled without its SIGCHLD, some
   * time after it: the first death of a trace may be the first to send one.
   */
  passed(ts: number): void {
    if (this.#signals.generateTraced) {
      this.#dying = [];
      return;
    }
    this.#dying = this.#dying.filter((process) => {
      const { exitTs } = process.ending;
      if (exitTs === null || ts - exitTs < SIGCHLD_WAIT) return true;
      this.settle(process, exitTs);
      return false;
    });
  }

  /** Whether `passed` has anything to do. */
  get waiting(): boolean {
    return this.#dying.length > 0;
  }

  /** A SIGCHLD with CLD_EXITED, CLD_KILLED or CLD_DUMPED, sent to `notified` about this process. */
  childEnded(process: Process, notified: Tid, code: number, ts: number, stack: readonly string[]): void {
    const { ending } = process;
    ending.notified = notified;
    ending.notifiedAt = ts;
    if (ending.settled && process.record.exit) return;
    ending.childCode = code;
    ending.exitStack = stack;
    ending.exitTs ??= ts;
    for (const task of process.tasks.values()) if (task.ended === null) this.#threadEnded(task, ts);
    if (ending.settled) this.#judge(process, ending.exitTs);
    else this.settle(process, ending.exitTs);
  }

  /** oom/mark_victim, in the context of whoever needed memory. */
  oomVictim(event: TraceEvent): void {
    const pid = int32(fieldOf(event, 'pid'));
    const task = pid === null ? null : this.#table.find(pid);
    if (task) task.process.ending.oomVictim = true;
  }

  get calls(): readonly (readonly [string, CallSubject])[] {
    const exitGroup: CallSubject = {
      enter: (task, call) => {
        this.exitCallsTraced = true;
        const { ending } = task.process;
        ending.exitGroup ??= { ts: call.ts, code: int32(argument(call, 'error_code')) };
      },
    };
    const exit: CallSubject = {
      enter: (task, call) => {
        this.exitCallsTraced = true;
        task.process.threadEnds.calledExit(task.tid === task.process.tgid, call);
        // Where the scheduler's event is not traced this is a thread's last sign.
        if (!this.exitsTraced && task.tid !== task.process.tgid) this.#threadEnded(task, call.ts);
      },
    };
    return [
      ['exit_group', exitGroup],
      ['exit', exit],
    ];
  }

  /** Calling exit_group and getting a signal come before the end, with a tracer's stops between. */
  isDead({ ending }: Process): boolean {
    if (ending.settled || ending.exitTs !== null) return true;
    return !this.exitsTraced && (ending.exitGroup !== null || ending.fatal !== null);
  }

  /** The trace ends. */
  finish(process: Process, ts: number): void {
    const { ending } = process;
    noteSilence(process);
    if (ending.exitTs === null && !ending.exitGroup && !ending.fatal) return;
    if (!ending.settled && ending.exitTs === null && this.exitsTraced) {
      // It called exit_group, or got its signal, and the trace ended before it did.
      process.note('the trace ends while it is dying');
    } else {
      this.settle(process, ts);
    }
  }

  /** @param seen when the trace shows it dead, where nothing tells when it died */
  settle(process: Process, seen: number): void {
    const { ending, record } = process;
    if (ending.settled) return;
    ending.settled = true;
    const ts = ending.exitTs ?? ending.exitGroup?.ts ?? ending.fatal?.delivered?.ts ?? seen;
    noteSilence(process);
    this.#judge(process, ts);
    this.#signals.settleQueue(process, ts);
    if (process.memoryOwner === process) process.memory.clear(ts);
    process.files.forget();
    process.recent.clear();
    ending.zombieSince = ending.exitTs;
    ending.dead = ts;
    record.state = 'zombie';
    process.waiter?.zombies.add(process);
    if (ending.freed === null) {
      const text = `${process.title} is a zombie until it is waited for`;
      this.#stages.add('zombie', ts, process, text, { since: ts }, this.#signals.targetOf(process, ts));
    }
  }

  /** It neither called exit, nor did a signal or another thread end its process. */
  #isEndedByKernel({ call, silent, process }: Task): boolean {
    if (silent) return false;
    if (call !== null && EXIT_CALL.test(call.name)) return false;
    const { exitGroup, fatal, kill, groupExits } = process.ending;
    const isGroupEnding = exitGroup !== null || fatal !== null || kill !== null || groupExits > 0;
    // How the only thread of a process ended is how the process did.
    const isOneOfSeveral = process.livingTasks() > 1 || process.threadEnds.first !== null;
    return isOneOfSeveral && !isGroupEnding && process.losses.gaps === 0 && process.record.fork !== null;
  }

  #threadEnded(task: Task, ts: number): void {
    if (task.ended !== null) return;
    task.ended = ts;
    task.call = null;
    this.#table.forking.delete(task);
    if (!task.listed) return;
    task.listed.end = ts;
    const { process } = task;
    this.#stages.add('thread-exit', ts, process, `thread ${task.tid} of ${process.title} ended`, {
      ...task.listed,
    });
  }

  /** Finds out how it ended; once more when the SIGCHLD comes after everything else. */
  #judge(process: Process, ts: number): void {
    const { ending, record } = process;
    const firstLeft = process.threadEnds.hasFirstLeft(this.exitCallsTraced);
    const reported = firstLeft ? null : ending.childCode;
    if (killDecides(process, reported)) this.#endedBy(process, ending.kill, ts);
    // Nobody survives a SIGKILL, and where neither deliveries nor exit calls are traced nothing else can show it.
    const hasSigkill =
      ending.childCode === null &&
      !this.exitCallsTraced &&
      !this.#signals.deliverTraced &&
      process.queue.find(SIGKILL, process.tgid) !== null;
    const isKilled = (ending.childCode ?? CLD_EXITED) !== CLD_EXITED;
    // Whoever calls exit_group while a signal ends the process is too late, and is delivered nothing.
    const isUndelivered = ending.exitGroup === null ? isKilled || hasSigkill : isKilled && reported !== null;
    if (!ending.fatal && isUndelivered) {
      ending.fatal = this.#signals.fatalWithoutDelivery(process);
      if (ending.fatal) this.#signals.settleFatal(ending.fatal, process, ts);
    }
    const { fatal } = ending;
    const death = causeOfDeath({
      ts,
      childCode: ending.childCode,
      isKilled: ending.kill !== null && fatal === ending.kill,
      firstThreadLeft: firstLeft,
      exitGroup: ending.exitGroup,
      threadEnds: process.threadEnds.counting(this.#lastThreadCounts, this.exitCallsTraced),
      fatal,
      ranAfterFatal: hasRunAfter(fatal, process),
      fatalEvidence: fatal && this.#signals.evidenceOf(fatal),
      oomVictim: ending.oomVictim,
      exitStack: ending.exitStack,
    });
    for (const reason of death.incomplete) process.note(reason);
    record.exit = death.exit && { ...death.exit, time: this.#clock.timeOf(death.exit.ts) };
    // A 9 that nobody sent was only its process ending, where something else proves to have ended it.
    const isOther = fatal?.generated === null && record.exit?.signal !== fatal.signal;
    if (fatal && (record.exit?.kind === 'exited' || isOther)) fatal.fatal = false;
    if (!record.exit) return;
    record.exit.root = this.#chains.rootOf(process, record.exit, fatal);
    const how =
      record.exit.kind === 'exited'
        ? `exited with ${record.exit.code ?? 'an unknown code'}`
        : `was killed by ${record.exit.signal ?? 'a signal'}: ${record.exit.cause}`;
    const target = this.#signals.targetOf(process, ts);
    this.#stages.add('exit', ts, process, `${process.title} ${how}`, record.exit, target);
  }

  /** A SIGKILL in the place of a signal whose core dump, or whose way to the exit, it cut short. */
  #endedBy(process: Process, kill: SignalRecord | null, ts: number): void {
    const { ending, queue } = process;
    if (kill === null || ending.fatal === kill) return;
    if (ending.fatal) ending.fatal.fatal = false;
    ending.fatal = kill;
    kill.fatal = true;
    const queued = queue.find(SIGKILL, process.tgid);
    if (queued?.record !== kill) return;
    queue.remove(queued);
    if (kill.result === 'pending') kill.result = 'delivered';
    this.#signals.settleFatal(kill, process, ts);
  }
}

/**
 * It called exit_group or exit after the signal was delivered: nothing ended it, as the init process of a pid namespace
 * is delivered signals that do not end it (kernel/signal.c, get_signal, SIGNAL_UNKILLABLE).
 */
function hasRunAfter(fatal: SignalRecord | null, { ending, threadEnds }: Process): boolean {
  const delivered = fatal?.delivered?.ts;
  if (delivered === undefined) return false;
  return Math.max(ending.exitGroup?.ts ?? -Infinity, threadEnds.lastCallTs ?? -Infinity) > delivered;
}

/**
 * A SIGKILL that the kernel accepted decides: nobody had ended the process by then, a core dump ends for it, and nothing
 * changes the status afterwards (kernel/signal.c, prepare_signal and complete_signal). One that comes after an exit call
 * may be too late: a process of one thread is not marked as ending on every kernel, and accepts what it never takes.
 *
 * @param reported the code of its SIGCHLD, where that is the status of the process
 */
function killDecides({ ending, threadEnds }: Process, reported: number | null): boolean {
  const { kill, exitTs, exitGroup } = ending;
  if (kill === null) return false;
  const exitCall = exitGroup?.ts ?? threadEnds.lastCallTs;
  const isBehindExit = exitCall !== null && exitCall <= kill.ts;
  if (!isBehindExit) return exitTs === null || kill.ts < exitTs;
  return kill.delivered !== null || (reported !== null && reported !== CLD_EXITED);
}

function noteSilence(process: Process): void {
  if (process.tasks.get(process.tgid)?.silent === true)
    process.note('no system call of its program is in the trace: ftrace records none of 32-bit programs');
}
