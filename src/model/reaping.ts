/**
 * What becomes of a dead process: a zombie (kernel/exit.c, exit_notify), then reaped (release_task). Its parent learns of
 * the death by SIGCHLD, a wait returns the pid, and `sched_process_free` follows, after a grace period of RCU and in
 * anybody's context. Any of these may be missing. How it died is in exits.ts.
 */
import { isErrno } from '../kernel/errno';
import { CLD_EXITED, CLD_TRAPPED } from '../kernel/signals';
import { fieldOf, type Tid, type TraceEvent } from '../trace-event';
import type { Exits, FatalSignals } from './exits';
import { int32 } from './field-values';
import { argument, type PendingCall } from './pending-call';
import { taskTitle, type Process, type Task } from './process';
import type { ProcessTable } from './process-table';
import type { ProcessRecord } from './report';
import type { DeathListener } from './signal-pairing';
import type { StageLog } from './stage-log';
import type { CallSubject } from './system-calls';
import { secondsBetween, type WallClock } from './wall-clock';

const WNOHANG = 1;
const WUNTRACED = 2;
const WEXITED = 4;
const WCONTINUED = 8;
const WNOWAIT = 0x1000000;
const P_ALL = 0;
const P_PID = 1;
const P_PIDFD = 3;
const ECHILD = 10;
/** Looked through for each waitid. */
const MAX_SORTED = 1_000;
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

  constructor(table: ProcessTable, stages: StageLog, clock: WallClock, exits: Exits, signals: FatalSignals) {
    this.#table = table;
    this.#stages = stages;
    this.#clock = clock;
    this.#exits = exits;
    this.#signals = signals;
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

  /** A SIGCHLD with CLD_EXITED, CLD_KILLED or CLD_DUMPED, in the context of the task that sends it. */
  childEnded(sender: Task, notified: Tid, code: number, ts: number, stack: readonly string[]): void {
    this.childNewsTraced = true;
    const process = this.#whoseEnd(sender.process, notified, code);
    if (!process) return;
    this.#exits.childEnded(process, notified, code, ts, stack);
    this.#finishReaping(process);
  }

  /** A SIGCHLD with CLD_TRAPPED, CLD_STOPPED or CLD_CONTINUED. */
  childAlive({ process }: Task, notified: Tid, code: number): void {
    this.childNewsTraced = true;
    process.toldAlive = true;
    const recipient = this.#table.find(notified)?.process ?? null;
    if (code === CLD_TRAPPED || (recipient !== null && recipient !== process.parent))
      process.tracer = notified;
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
    if (process.parent && this.#inWait(process.parent)) process.parent.hasFreedZombies = true;
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
        else if (!this.waitsTraced || !this.#traced(process.parent)) {
          process.note(
            'the calls of whoever waits for it are not in the trace: it may have been reaped before its end',
          );
        }
        this.#ended.push(record);
      }
    }
  }

  /**
   * Whose end a SIGCHLD tells. A dying parent tells the new parents of its zombies before it tells of its own end
   * (kernel/exit.c, exit_notify). A tracer that has waited for its tracee tells the parent, and lives on
   * (wait_task_zombie).
   */
  #whoseEnd(sender: Process, notified: Tid, code: number): Process | null {
    const { ending } = sender;
    for (const zombie of sender.zombies) {
      const recipient = zombie.ending.notified;
      if (zombie.gone || recipient === null || recipient === notified || zombie.ending.childCode !== code)
        continue;
      zombie.ending.notified = notified;
      sender.zombies.delete(zombie);
      const heir = this.#table.find(notified)?.process;
      if (heir) heir.adopts = true;
      return null;
    }
    // Nothing changes the status after exit_group: what was killed is a child whose own exit signal is not SIGCHLD, and
    // which the dying parent leaves to the next one (kernel/exit.c, reparent_leader).
    if (code !== CLD_EXITED && ending.exitGroup !== null && ending.fatal === null && ending.groupExits === 0)
      return null;
    if (this.#exits.exitsTraced && ending.exitTs === null && !ending.settled) {
      for (const zombie of this.#table.find(notified)?.process.zombies ?? []) {
        if (zombie.ending.notified !== sender.tgid || zombie.tracer === null) continue;
        zombie.ending.notified = notified;
        return null;
      }
      // Its own exit is not in the trace, or it passes on the end of somebody who is not.
      if (!sender.parent?.tasks.has(notified)) return null;
    }
    // One that was attached to may leave dead children that the trace never showed.
    const { attached } = sender.record;
    if (!sender.parent && attached !== null && attached.parent !== notified) return null;
    if (ending.settled && sender.record.exit) return null;
    const heir = this.#table.find(notified)?.process;
    if (heir && heir !== sender.parent) heir.adopts = true;
    return sender;
  }

  #waited(task: Task, call: PendingCall | null, pid: number, ts: number): void {
    const child = this.#table.childOf(task.process, pid);
    if (!child || child === task.process || isTracerOf(task.process, child)) return;
    const options = int32(argument(call, 'options'));
    const maybeStopped = options === null || (options & (WUNTRACED | WCONTINUED)) !== 0;
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

  /** waitid returns 0; who it was is in its siginfo. What was asked for, or the kernel's order, tells. */
  #waitedById(task: Task, call: PendingCall | null, ts: number): void {
    const { process } = task;
    const bits = int32(argument(call, 'options')) ?? 0;
    if ((bits & WNOWAIT) !== 0 || (call && (bits & WEXITED) === 0)) return;
    const child = this.#askedFor(process, call);
    // WNOHANG returns 0 for nothing at all, and what died during the call may have come too late for it.
    const since = child?.ending.dead ?? null;
    const inTime = (bits & WNOHANG) === 0 || (since !== null && call !== null && since <= call.ts);
    if (child && isTracerOf(process, child)) return;
    if (child && !child.ending.settled) {
      // A child whose end sends no SIGCHLD (clone's exit signal is another, or 0) is only dead so far.
      const asksForStops = (bits & (WUNTRACED | WCONTINUED)) !== 0;
      if (inTime && !asksForStops && this.#exits.isDead(child))
        this.#waitedFor.set(child, { by: task.tid, call: 'waitid', ts });
      return;
    }
    if (child && inTime) this.#reaped(child, task.tid, 'waitid', ts);
    else if (process.waitids.length < MAX_WAITIDS) process.waitids.push({ by: task.tid, ts });
  }

  /** The child that waitid names, or the only one that it can have found; null where that is not known. */
  #askedFor(process: Process, call: PendingCall | null): Process | null {
    const asked = int32(argument(call, 'which')) ?? P_ALL;
    const number = int32(argument(call, 'upid'));
    if (asked === P_PID) return number === null ? null : this.#table.childOf(process, number);
    if (asked === P_PIDFD && number !== null) {
      const pid = process.files.get(number)?.pid;
      return pid === undefined ? null : this.#table.childOf(process, pid);
    }
    if (process.zombies.size === 1) return [...process.zombies][0] ?? null;
    return asked === P_ALL && call !== null ? this.#firstZombie(process, call.ts) : null;
  }

  /**
   * The one of several zombies that a wait for any takes: the first in the list of children, which is in the order
   * of birth (kernel/exit.c, do_wait_thread), as long as one thread has them all and has adopted none.
   */
  #firstZombie(process: Process, ts: number): Process | null {
    if (process.adopts || process.record.threads.length > 0 || process.zombies.size > MAX_SORTED) return null;
    let first: Process | null = null;
    for (const zombie of process.zombies) {
      if (zombie.gone || zombie.ending.dead === null || zombie.ending.dead > ts) return null;
      if (first === null || zombie.order < first.order) first = zombie;
    }
    return first;
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
    const { ending, parent, record } = process;
    const ts = ending.freed ?? ending.dead ?? process.lastSeen;
    const { dead, notified: recipient } = ending;
    // Where its end was reported to another heir, its parent's waits are not about it.
    const isHeirs =
      recipient !== null && parent !== null && parent.tgid !== recipient && !parent.tasks.has(recipient);
    const waitid = dead === null || isHeirs ? -1 : (parent?.waitids.findIndex(({ ts }) => ts >= dead) ?? -1);
    const [reaping] = waitid < 0 || !parent ? [] : parent.waitids.splice(waitid, 1);
    if (reaping) {
      this.#reaped(process, reaping.by, 'waitid', reaping.ts);
      return;
    }
    const isUnnotified = this.#signals.generateTraced && ending.notified === null;
    const isRecipientDead = recipient !== null && parent?.tgid === recipient && !this.#traced(parent);
    // A zombie that outlives its parent is reported to the next one.
    const goneBeforeParent =
      isRecipientDead && this.waitsTraced && this.#exits.exitsTraced && process.losses.gaps === 0;
    if (isUnnotified || goneBeforeParent || (this.waitsTraced && this.#traced(parent))) {
      this.#autoreaped(process);
      return;
    }
    // The traced parent is reaped by whoever started it, which nobody asked to trace.
    if (record.role !== 'parent') {
      process.note('the wait that reaped it is not in the trace; by sched_process_free it had happened');
    }
    const by = isRecipientDead ? null : (recipient ?? (this.#traced(parent) ? (parent?.tgid ?? null) : null));
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
  }

  #gone(process: Process): void {
    this.#table.forgetProcess(process);
    this.#ended.push(process.record);
  }
}

/** It waits as a tracer: the parent, which lives, waits for it too. */
function isTracerOf(waiter: Process, child: Process): boolean {
  const { parent, tracer } = child;
  return (
    tracer !== null &&
    tracer !== 'unknown' &&
    parent !== null &&
    parent !== waiter &&
    !parent.gone &&
    !parent.ending.settled
  );
}
