/**
 * What becomes of a dead process: a zombie (kernel/exit.c, exit_notify), then reaped (release_task). Its parent learns of
 * the death by SIGCHLD, a wait returns the pid, and `sched_process_free` follows, after a grace period of RCU and in
 * anybody's context. Any of these may be missing. How it died is in exits.ts.
 */
import { isErrno } from '../kernel/errno';
import { CLD_TRAPPED } from '../kernel/signals';
import { fieldOf, type Tid, type TraceEvent } from '../trace-event';
import { EndNotices } from './end-notices';
import type { Exits, FatalSignals } from './exits';
import { int32 } from './field-values';
import { argument, type PendingCall } from './pending-call';
import { taskTitle, type Process, type Task } from './process';
import type { ProcessTable } from './process-table';
import type { ProcessRecord } from './report';
import type { DeathListener } from './signal-pairing';
import type { StageLog } from './stage-log';
import type { CallSubject } from './system-calls';
import { namedByRest, resultOfWaitid, takeWaitFor, visibleSince } from './waitid';
import { secondsBetween, type WallClock } from './wall-clock';

const WNOHANG = 1;
const WUNTRACED = 2;
const WCONTINUED = 8;
const ECHILD = 10;
/** Kept for each process: waitids whose children never show. */
const MAX_WAITIDS = 1_000;

export class Reaping implements DeathListener {
  /** Which evidence this trace has at all: its absence means something only then. */
  waitsTraced = false;
  freesTraced = false;
  /** The SIGCHLD of children. */
  childNewsTraced = false;
  #ended: ProcessRecord[] = [];
  /**
   * Returned by a wait before their last events: with a coarse clock (uptime counts ticks) the lines of two CPUs are
   * merged in any order within one tick.
   */
  readonly #waitedFor = new Map<Process, { readonly by: Tid; readonly call: string; readonly ts: number }>();

  readonly #table: ProcessTable;
  readonly #stages: StageLog;
  readonly #clock: WallClock;
  readonly #exits: Exits;
  readonly #signals: FatalSignals;
  readonly #notices: EndNotices;

  constructor(table: ProcessTable, stages: StageLog, clock: WallClock, exits: Exits, signals: FatalSignals) {
    this.#table = table;
    this.#stages = stages;
    this.#clock = clock;
    this.#exits = exits;
    this.#signals = signals;
    this.#notices = new EndNotices(table, exits);
  }

  /** The processes whose life ended since the last call. */
  takeEnded(): ProcessRecord[] {
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }

  /** The trace has come this far. */
  passed(ts: number): void {
    for (const [process, { ts: reaped }] of this.#waitedFor) if (ts > reaped) this.#finishReaping(process);
  }

  /** Whether `passed` has anything to do. */
  get waiting(): boolean {
    return this.#waitedFor.size > 0;
  }

  /** A notice of CLD_EXITED, CLD_KILLED or CLD_DUMPED, in the context of the task that sends it. */
  childEnded(sender: Task, notified: Tid, code: number, ts: number, stack: readonly string[]): void {
    this.childNewsTraced = true;
    const process = this.#notices.whoseEnd(sender, notified, code, ts, stack);
    if (!process) return;
    this.#notices.adopted(process, notified);
    this.#exits.childEnded(process, notified, code, ts, stack);
    this.#finishReaping(process);
  }

  /** A SIGCHLD with CLD_TRAPPED, CLD_STOPPED or CLD_CONTINUED. */
  childAlive({ process }: Task, notified: Tid, code: number): void {
    this.childNewsTraced = true;
    process.toldAlive = true;
    const recipient = this.#table.find(notified)?.process ?? null;
    if (code === CLD_TRAPPED || (recipient !== null && recipient !== process.waiter))
      this.#table.traces(notified, process);
  }

  /** sched_process_free, in anybody's context: nothing is left of the task. */
  freed(event: TraceEvent): void {
    this.freesTraced = true;
    const pid = int32(fieldOf(event, 'pid'));
    const task = pid === null ? null : this.#table.find(pid);
    if (!task) return;
    const { process } = task;
    if (task.tid !== process.tgid) {
      if (task.ended !== null) this.#table.forget(task);
      return;
    }
    const { ending } = process;
    // The event comes late: by then the number may belong to somebody else, who lives.
    const dead = ending.settled || ending.exitTs !== null;
    if (!dead && (this.#exits.exitsTraced || this.#signals.generateTraced)) return;
    ending.freed = event.ts;
    this.#exits.settle(process, ending.exitTs ?? event.ts);
    if (process.waiter && this.#inWait(process.waiter)) process.waiter.hasFreedZombies = true;
    else this.#goneUnseen(process);
  }

  get calls(): readonly (readonly [string, CallSubject])[] {
    const wait4: CallSubject = {
      enter: () => {
        this.waitsTraced = true;
      },
      exit: (task, call, ret, event) => {
        this.waitsTraced = true;
        if (ret > 0) this.#waited(task, call, ret, event.ts);
        const number = int32(argument(call, 'upid'));
        const plain = ((int32(argument(call, 'options')) ?? 0) & ~(WNOHANG | WUNTRACED | WCONTINUED)) === 0;
        if (ret === -ECHILD && call && plain && number !== null && (number === -1 || number > 0))
          this.#foundNoChild(task, number === -1 ? null : number, call.ts);
        this.#waitReturned(task.process);
      },
    };
    const waitid: CallSubject = {
      enter: () => {
        this.waitsTraced = true;
      },
      exit: (task, call, ret, event) => {
        if (!isErrno(ret)) this.#waitedById(task, call, event.ts);
        this.#waitReturned(task.process);
      },
    };
    return [
      ['wait4', wait4],
      ['waitpid', wait4],
      ['waitid', waitid],
    ];
  }

  /** The trace ends. */
  finish(ts: number): void {
    for (const process of [...this.#waitedFor.keys()]) this.#finishReaping(process);
    for (const process of [...this.#table.living()]) {
      const { ending, record } = process;
      this.#exits.finish(process, ts);
      if (ending.freed !== null) this.#goneUnseen(process);
      else if (ending.settled) {
        if (!this.waitsTraced && !this.freesTraced) record.state = 'unknown';
        else if (!this.waitsTraced || !this.#traced(process.waiter)) {
          process.note(
            'the calls of whoever waits for it are not in the trace: it may have been reaped before its end',
          );
        }
        this.#ended.push(record);
      }
    }
  }

  #waited(task: Task, call: PendingCall | null, pid: number, ts: number): void {
    const child = this.#table.childOf(task.process, pid);
    if (!child || child === task.process || isTracerOf(task.process, child)) return;
    const options = int32(argument(call, 'options'));
    const maybeStopped = options === null || (options & (WUNTRACED | WCONTINUED)) !== 0;
    this.#notifiedAfterAll(child, task.process);
    this.#leftAfterAll(child, task.process);
    const dead = this.#exits.isDead(child);
    // Stopped and continued children, and stopped tracees, are reported by the same call, and live on.
    if (maybeStopped && !dead) {
      if (!this.#exits.exitsTraced && !this.#signals.generateTraced) {
        child.note('a wait returned it, but nothing in the trace tells whether it was dead or only stopped');
      }
      return;
    }
    this.#waitedFor.set(child, { by: task.tid, call: call?.name ?? 'wait4', ts });
    const toldOrNeverTold = child.ending.notified !== null || !this.#signals.generateTraced;
    if (dead && toldOrNeverTold) this.#finishReaping(child);
  }

  /**
   * A wait returns it, so that its end was reported: what seemed to be about one of its zombies was about itself, and that
   * one was gone already, as its parent did not want it (SA_NOCLDWAIT).
   */
  #notifiedAfterAll(child: Process, waiter: Process): void {
    const { ending } = child;
    const notice = ending.passedOn;
    if (notice === null || ending.notified !== null || !waiter.tasks.has(notice.notified)) return;
    this.#notices.adopted(child, notice.notified);
    this.#exits.childEnded(child, notice.notified, notice.code, notice.ts, notice.stack);
  }

  /** A wait returns what a dead parent left: then it was this one, and another that seemed to be left was reaped before. */
  #leftAfterAll(child: Process, heir: Process): void {
    const { waiter } = child;
    if (waiter === null || waiter === heir || this.#traced(waiter) || isTracerOf(heir, child)) return;
    this.#notices.adopted(child, heir.tgid);
    const code = child.ending.childCode;
    const other = [...heir.zombies].find(
      ({ leftBy, ending }) => leftBy === waiter && ending.childCode === code && ending !== child.ending,
    );
    const wait = other && takeWaitFor(waiter, other.ending.exitTs);
    if (wait) this.#reaped(other, wait.by, 'waitid', wait.ts);
  }

  #finishReaping(child: Process): void {
    const wait = this.#waitedFor.get(child);
    if (!wait) return;
    this.#waitedFor.delete(child);
    if (!this.#exits.isDead(child) && (child.tracer !== null || child.toldAlive)) {
      child.toldAlive = false;
      return;
    }
    this.#exits.settle(child, wait.ts);
    this.#reaped(child, wait.by, wait.call, wait.ts);
  }

  #waitedById(task: Task, call: PendingCall | null, ts: number): void {
    const { process } = task;
    const result = resultOfWaitid(this.#table, task, call, ts, this.childNewsTraced);
    if (result === null) return;
    const { child, isReaping } = result;
    if (child && isTracerOf(process, child)) return;
    if (child && !child.ending.settled) {
      // A child whose end sends no SIGCHLD (clone's exit signal is another, or 0) is only dead so far.
      if ((isReaping || !child.toldAlive) && this.#exits.isDead(child))
        this.#waitedFor.set(child, { by: task.tid, call: 'waitid', ts });
    } else if (child) this.#reaped(child, task.tid, 'waitid', ts);
    else if (process.waitids.length < MAX_WAITIDS) process.waitids.push({ by: task.tid, ts, isReaping });
  }

  /** wait4 or waitid found no child (ECHILD): what died before is gone, and nobody waited for it. */
  #foundNoChild({ process }: Task, number: number | null, ts: number): void {
    const named = number === null ? null : this.#table.childOf(process, number);
    const zombies =
      number === null ? [...process.zombies] : named && process.zombies.has(named) ? [named] : [];
    for (const zombie of zombies) {
      const { dead, notified } = zombie.ending;
      const passedOn = notified !== null && !process.tasks.has(notified);
      if (dead !== null && dead <= ts && !passedOn) this.#autoreaped(zombie);
    }
  }

  #waitReturned(parent: Process): void {
    if (!parent.hasFreedZombies) return;
    parent.hasFreedZombies = false;
    for (const child of [...parent.zombies]) if (child.ending.freed !== null) this.#goneUnseen(child);
  }

  #inWait(parent: Process): boolean {
    if (parent.gone) return false;
    for (const task of parent.tasks.values()) {
      if (task.call && (task.call.name.startsWith('wait') || task.call.name === 'waitid')) return true;
    }
    return false;
  }

  /** Freed, and no wait that was traced returned it. */
  #goneUnseen(process: Process): void {
    const { ending, waiter, record } = process;
    const ts = ending.freed ?? ending.dead ?? process.lastSeen;
    const recipient = ending.notified;
    const wait = takeWaitFor(waiter, visibleSince(process));
    if (wait) {
      this.#reaped(process, wait.by, 'waitid', wait.ts);
      return;
    }
    const isUnnotified = this.#signals.generateTraced && ending.notified === null;
    const isRecipientDead = recipient !== null && waiter !== null && !this.#traced(waiter);
    // A zombie that outlives its parent is reported to the next one.
    const goneBeforeParent =
      isRecipientDead && this.waitsTraced && this.#exits.exitsTraced && process.losses.gaps === 0;
    if (isUnnotified || goneBeforeParent || (this.waitsTraced && this.#traced(waiter))) {
      this.#autoreaped(process);
      return;
    }
    // The traced parent is reaped by whoever started it, which nobody asked to trace.
    if (record.role !== 'parent') {
      process.note('the wait that reaped it is not in the trace; by sched_process_free it had happened');
    }
    const by = isRecipientDead ? null : (recipient ?? (this.#traced(waiter) ? (waiter?.tgid ?? null) : null));
    if (by !== null) this.#reaped(process, by, null, ts);
    else {
      record.state = 'reaped';
      this.#goneWithoutWait(process, 'was reaped by a wait that is not in the trace');
    }
  }

  /** Its parent ignores SIGCHLD or has SA_NOCLDWAIT: there is no zombie, and no wait. */
  #autoreaped(process: Process): void {
    process.record.state = 'autoreaped';
    this.#goneWithoutWait(process, 'went without being waited for: its parent ignores SIGCHLD');
  }

  /** Where nobody saw when it went, it may have been at its death. */
  #goneWithoutWait(process: Process, how: string): void {
    const { freed, dead } = process.ending;
    const ts = freed ?? dead ?? process.lastSeen;
    const { state } = process.record;
    this.#stages.add('gone', ts, process, `${process.title} ${how}`, { ts, state });
    this.#gone(process);
  }

  #traced(parent: Process | null): boolean {
    return parent !== null && !parent.gone && !parent.ending.settled;
  }

  #reaped(process: Process, by: Tid, call: string | null, ts: number): void {
    const { record, ending } = process;
    const since = ending.zombieSince;
    const zombieFor = call === null || since === null || ts < since ? null : secondsBetween(since, ts);
    record.reap = { ts, time: this.#clock.timeOf(ts), by, call, zombieFor };
    record.state = 'reaped';
    const reaper = this.#table.find(by);
    const how = call === null ? '' : ` with ${call}`;
    const who = taskTitle(reaper?.process.record.comm ?? null, by);
    this.#stages.add('reap', ts, process, `${process.title} was reaped by ${who}${how}`, record.reap);
    this.#gone(process);
    for (const [child, wait] of process.waiter === null ? [] : namedByRest(process.waiter)) {
      const { waitids } = process.waiter!;
      waitids.splice(waitids.indexOf(wait), 1);
      this.#reaped(child, wait.by, 'waitid', wait.ts);
    }
  }

  #gone(process: Process): void {
    this.#table.forgetProcess(process);
    this.#ended.push(process.record);
  }
}

/** It waits as a tracer: the parent, which lives, waits for it too. */
function isTracerOf(waiter: Process, child: Process): boolean {
  const { waiter: parent, tracer } = child;
  return (
    tracer !== null &&
    tracer !== 'unknown' &&
    parent !== null &&
    parent !== waiter &&
    !parent.gone &&
    !parent.ending.settled
  );
}
