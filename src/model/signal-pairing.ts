/**
 * Pairs what was sent with what arrived. `signal_generate` is the only record of the number sent: a signal that ends
 * the process by default, without a core dump, is delivered as 9 whatever it was (kernel/signal.c,
 * complete_signal). Threads that end with their process get a 9 that nobody sent: those are counted, no more.
 */
import {
  CLD_DUMPED,
  CLD_EXITED,
  SIGCHLD,
  SIGCONT,
  SIGKILL,
  defaultAction,
  endsByDefault,
  signalCodeName,
  signalName,
} from '../kernel/signals';
import { toHex } from '../kernel/integers';
import { fieldOf, type Tid, type TraceEvent } from '../trace-event';
import { int32, textOf } from './field-values';
import type { Identities } from './identities';
import { taskTitle, type Process, type Queued, type Task } from './process';
import type { ProcessTable } from './process-table';
import type { SignalRecord, SignalResult, SignalTarget } from './report';
import { findOrigin, withoutMachinery } from './signal-origin';
import type { StageLog } from './stage-log';
import type { CallSubject } from './system-calls';
import type { Tree } from './tree';
import { secondsBetween } from './wall-clock';
import type { WallClock } from './wall-clock';

/** Kept for the report; stages go on. */
const MAX_SIGNALS = 100_000;
/** Beyond so many records only fatal signals keep what their target did before. */
const MAX_WITH_CALLS = 10_000;
/** Real-time signals that a program takes by signalfd leave the queue unseen. */
const MAX_QUEUED = 1_000;
const FIRST_REALTIME = 32;

/** TRACE_SIGNAL_* of include/trace/events/signal.h, in order. */
const RESULTS: readonly SignalResult[] = ['pending', 'ignored', 'coalesced', 'overflow', 'info-lost'];

/** What the ends of processes need to hear from signals. */
export interface DeathListener {
  /** A SIGCHLD that tells of a stop, or of going on. */
  childAlive(sender: Task, notified: Tid, code: number): void;
  /** A SIGCHLD that tells how a process ended, with its code, and where in the kernel its sender was. */
  childEnded(sender: Task, notified: Tid, code: number, ts: number, stack: readonly string[]): void;
}

export class SignalPairing {
  readonly records: SignalRecord[] = [];
  recordsLeftOut = 0;
  /** Senders are traced: a death without one is worth a remark. */
  generateTraced = false;
  #withCalls = 0;
  /** Evidence of the origin, for the sentence about the death. */
  readonly #evidence = new WeakMap<SignalRecord, string>();

  readonly #table: ProcessTable;
  readonly #tree: Tree;
  readonly #stages: StageLog;
  readonly #clock: WallClock;
  readonly #identities: Identities;
  readonly #deaths: DeathListener;

  constructor(
    table: ProcessTable,
    tree: Tree,
    stages: StageLog,
    clock: WallClock,
    identities: Identities,
    deaths: DeathListener,
  ) {
    this.#table = table;
    this.#tree = tree;
    this.#stages = stages;
    this.#clock = clock;
    this.#identities = identities;
    this.#deaths = deaths;
  }

  evidenceOf(record: SignalRecord): string | null {
    return this.#evidence.get(record) ?? null;
  }

  /** signal_generate, in the sender's context. */
  generated(event: TraceEvent): void {
    this.generateTraced = true;
    const { fields } = event;
    const number = int32(fields['sig']);
    const pid = int32(fields['pid']);
    if (number === null || pid === null) return;
    const target = this.#table.find(pid);
    const targetInTree = target !== null && this.#tree.includes(pid);
    const irq = interruptContext(event.flags);
    const senderInTree = irq !== true && this.#tree.includes(event.pid);
    if (!targetInTree && !senderInTree) return;
    const sender = this.#table.find(event.pid);
    const record = this.#newRecord(event, number, irq, senderInTree, target);
    // Whoever gets it is not traced, so its arrival is not either.
    if (!targetInTree && record.result === 'pending') record.result = 'unknown';
    this.#keep(record, targetInTree ? target.process : null);
    // The death comes before the signal that tells of it.
    const code = int32(fields['code']);
    if (number === SIGCHLD && code !== null && code >= CLD_EXITED && sender && irq !== true) {
      if (code > CLD_DUMPED) this.#deaths.childAlive(sender, pid, code);
      else this.#deaths.childEnded(sender, pid, code, event.ts, record.generated?.stack ?? []);
    }
    if (targetInTree) this.#tellCalls(record, target.process);
    if (targetInTree) this.#announce(event, record, target.process);
    if (targetInTree) this.#enqueue(record, target.process, int32(fields['group']) !== 0, event.ts);
  }

  /** signal_deliver, in the context of the thread that gets it. */
  delivered(event: TraceEvent): void {
    const number = int32(fieldOf(event, 'sig'));
    const task = this.#table.meet(event);
    if (number === null || !task) return;
    const { process } = task;
    const queued =
      number === SIGKILL ? this.#fatalInQueue(process, task.tid) : this.#inQueue(process, number, task.tid);
    if (!queued && number === SIGKILL && endsWithItsProcess(task)) {
      process.ending.groupExits++;
      return;
    }
    const record = queued?.record ?? this.#unsentRecord(event, number, process, task);
    if (queued) process.queue.splice(process.queue.indexOf(queued), 1);
    const handler = handlerOf(fieldOf(event, 'sa_handler'));
    record.delivered = { ts: event.ts, tid: task.tid, handler, stack: withoutMachinery(event.stack) };
    if (record.result === 'pending') record.result = 'delivered';
    record.latency = record.generated && secondsBetween(record.generated.ts, event.ts);
    record.fatal = handler === 'default' && endsByDefault(record.number);
    if (record.fatal) process.ending.fatal ??= record;
    this.#stages.add('signal-delivered', event.ts, process, deliveryText(record, process, number), record);
    this.#settle(record, process, event.ts);
  }

  /** A signal taken by sigwait and its relatives: no delivery, the call returns its number. */
  get calls(): readonly (readonly [string, CallSubject])[] {
    const waiting: CallSubject = {
      exit: (task, _call, ret, event) => {
        if (ret <= 0) return;
        const queued = this.#inQueue(task.process, ret, task.tid);
        if (!queued) return;
        task.process.queue.splice(task.process.queue.indexOf(queued), 1);
        const { record } = queued;
        record.delivered = { ts: event.ts, tid: task.tid, handler: 'rt_sigtimedwait', stack: [] };
        if (record.result === 'pending') record.result = 'delivered';
        record.latency = record.generated && secondsBetween(record.generated.ts, event.ts);
        const text = `${task.process.title} took ${record.signal} by sigwait`;
        this.#stages.add('signal-delivered', event.ts, task.process, text, record);
        this.#settle(record, task.process, event.ts);
      },
    };
    const sending: CallSubject = {};
    return [
      ['rt_sigtimedwait', waiting],
      ['kill', sending],
      ['tkill', sending],
      ['tgkill', sending],
      ['rt_sigqueueinfo', sending],
      ['rt_tgsigqueueinfo', sending],
      ['pidfd_send_signal', sending],
    ];
  }

  /** The process is dead, or the trace ends: what it has not got by now it does not get. */
  settleQueue(process: Process, ts: number): void {
    for (const { record } of process.queue.splice(0)) {
      const taken = takenUnseen(process);
      if (record.result === 'pending' && taken) {
        record.result = 'unknown';
        process.note(taken);
      }
      this.#settle(record, process, ts);
    }
  }

  /** Events were lost: what is queued may have been delivered in the gap. */
  forget(process: Process, ts: number): void {
    for (const { record } of process.queue.splice(0)) {
      record.result = 'unknown';
      this.#settle(record, process, ts);
    }
  }

  /** A death that the trace proves though it shows no delivery. */
  fatalWithoutDelivery(process: Process): SignalRecord | null {
    const queued = this.#fatalInQueue(process, process.tgid);
    if (!queued) return null;
    process.queue.splice(process.queue.indexOf(queued), 1);
    const { record } = queued;
    record.fatal = true;
    if (record.result === 'pending') record.result = 'delivered';
    return record;
  }

  /** Who a process was at that time, for what is judged of it. */
  targetOf(process: Process, ts: number): SignalTarget {
    return this.#tree.targetOf(process, ts);
  }

  settleFatal(record: SignalRecord, process: Process, ts: number): void {
    this.#settle(record, process, ts);
  }

  /** Who senders were, also where it became known after their signals. */
  completeSenders(): void {
    for (const record of this.records) this.#completeSender(record);
  }

  markControls(): void {
    for (const record of this.records) record.control = this.#tree.isControl(record);
  }

  #newRecord(
    event: TraceEvent,
    number: number,
    irq: boolean | null,
    senderInTree: boolean,
    target: Task | null,
  ): SignalRecord {
    const { fields } = event;
    const pid = int32(fields['pid']) ?? 0;
    const code = int32(fields['code']);
    const stack = withoutMachinery(event.stack);
    const sender = this.#table.find(event.pid);
    const found = findOrigin({
      number,
      code,
      stack,
      senderCall: sender?.call?.name ?? null,
      inInterrupt: irq === true,
      toItself: sender !== null && sender.process === target?.process,
      oomVictim: target?.process.ending.oomVictim ?? false,
    });
    const record: SignalRecord = {
      ts: event.ts,
      time: this.#clock.timeOf(event.ts),
      signal: signalName(number),
      number,
      code: code === null ? null : signalCodeName(number, code),
      result: RESULTS[int32(fields['result'] ?? fields['res']) ?? 0] ?? 'unknown',
      origin: found.origin,
      fatal: false,
      control: false,
      sender: {
        pid: event.pid,
        comm: event.comm ?? sender?.process.record.comm ?? null,
        inTree: senderInTree,
        irq,
      },
      target: { pid, tgid: target?.process.tgid ?? pid, comm: textOf(fields['comm']) },
      generated: { ts: event.ts, stack },
      delivered: null,
      latency: null,
    };
    record.control = this.#tree.isControl(record);
    this.#completeSender(record);
    if (found.evidence !== null) this.#evidence.set(record, found.evidence);
    return record;
  }

  /** A child's news of its end needs none: there are as many as processes, whose records say who they are. */
  #completeSender(record: SignalRecord): void {
    const { sender } = record;
    if (!sender || sender.identity || sender.irq === true || record.origin === 'child') return;
    const process = sender.inTree ? this.#table.find(sender.pid)?.process : undefined;
    if (process) {
      const identity = this.#identities.of(process.record, record.ts);
      if (identity) sender.identity = identity;
      return;
    }
    const known = this.#identities.at(sender.pid, record.ts);
    if (!known) return;
    // What the trace calls somebody outside of the tree may be a name from before.
    if (!sender.inTree) sender.comm = known.comm;
    sender.identity = known.identity;
  }

  /** A delivery whose sending is not in the trace: before its start, in a gap, or not traced at all. */
  #unsentRecord(event: TraceEvent, number: number, process: Process, task: Task): SignalRecord {
    const code = int32(fieldOf(event, 'code'));
    const tracer = this.#putInByTracer(process);
    const record: SignalRecord = {
      ts: event.ts,
      time: this.#clock.timeOf(event.ts),
      signal: signalName(number),
      number,
      code: code === null ? null : signalCodeName(number, code),
      result: 'delivered',
      origin: tracer
        ? 'ptrace'
        : findOrigin({
            number,
            code,
            stack: [],
            senderCall: null,
            inInterrupt: false,
            toItself: false,
            oomVictim: process.ending.oomVictim,
          }).origin,
      fatal: false,
      control: false,
      sender: tracer,
      target: { pid: task.tid, tgid: process.tgid, comm: process.record.comm },
      generated: null,
      delivered: null,
      latency: null,
    };
    record.control = this.#tree.isControl(record);
    if (number === SIGKILL) {
      process.note(
        'the sending of the signal that ended it is not in the trace, and every such signal arrives as 9',
      );
    }
    this.#tellCalls(record, process);
    this.#keep(record, process);
    return record;
  }

  /** What its target was doing; not for a child's news, nor for the session's own signal. */
  #tellCalls(record: SignalRecord, process: Process): void {
    if (record.origin === 'child' || record.control) return;
    const before = process.recent.tell();
    if (before.length === 0) return;
    record.before = before;
    this.#withCalls++;
  }

  /**
   * The tracer of a process, where a signal that nobody sent must be its doing: it may put another number in the
   * place of the one at which its tracee stopped.
   */
  #putInByTracer({ tracer, record, losses }: Process): SignalRecord['sender'] {
    if (tracer === null || tracer === 'unknown') return null;
    if (!this.generateTraced || !record.fork || losses.gaps > 0) return null;
    const comm = this.#table.find(tracer)?.process.record.comm ?? null;
    return { pid: tracer, comm, inTree: this.#tree.includes(tracer), irq: false };
  }

  #keep(record: SignalRecord, process: Process | null): void {
    if (this.records.length >= MAX_SIGNALS) {
      this.recordsLeftOut++;
      return;
    }
    process?.record.signals.push(this.records.length);
    this.records.push(record);
  }

  #announce(event: TraceEvent, record: SignalRecord, process: Process): void {
    const { sender } = record;
    const by =
      sender?.irq === true
        ? 'an interrupt'
        : sender
          ? taskTitle(sender.comm, sender.pid)
          : 'an unknown sender';
    const code = record.code === null ? '' : `, ${record.code}`;
    const result = record.result === 'pending' ? '' : `: ${record.result}`;
    const text = `${by} sent ${record.signal} to ${process.title} (${record.origin}${code})${result}`;
    const target = this.#tree.targetOf(process, event.ts);
    this.#stages.add('signal-generated', event.ts, process, text, record, target);
  }

  #enqueue(record: SignalRecord, process: Process, toGroup: boolean, ts: number): void {
    this.#flush(record.number, process, ts);
    if (record.result !== 'pending' && record.result !== 'info-lost') {
      this.#settle(record, process, ts);
      return;
    }
    for (const earlier of [...process.queue]) {
      const { number } = earlier.record;
      // Queued once more: the first has left the queue unseen, by signalfd or sigwait.
      const sameQueue =
        earlier.toGroup === toGroup && (toGroup || earlier.record.target.pid === record.target.pid);
      const taken = number === record.number && number < FIRST_REALTIME && sameQueue;
      if (!taken && process.queue.length < MAX_QUEUED) continue;
      process.queue.splice(process.queue.indexOf(earlier), 1);
      earlier.record.result = 'unknown';
      this.#settle(earlier.record, process, ts);
    }
    process.queue.push({ record, toGroup });
  }

  /**
   * A stop signal takes SIGCONT out of the queue, and the other way round, also where the kernel then ignores it
   * (kernel/signal.c, prepare_signal).
   */
  #flush(number: number, process: Process, ts: number): void {
    const stops = defaultAction(number) === 'stop';
    if (process.queue.length === 0 || (!stops && number !== SIGCONT)) return;
    for (const earlier of [...process.queue]) {
      const { record } = earlier;
      if (stops ? record.number !== SIGCONT : defaultAction(record.number) !== 'stop') continue;
      process.queue.splice(process.queue.indexOf(earlier), 1);
      this.#settle(record, process, ts);
    }
  }

  #inQueue(process: Process, number: number, tid: Tid): Queued | null {
    const fits = ({ record, toGroup }: Queued) =>
      record.number === number && (toGroup || record.target.pid === tid);
    return process.queue.find(fits) ?? process.queue.find(({ record }) => record.number === number) ?? null;
  }

  /**
   * What a delivered 9 stands for: SIGKILL where one is queued, as a process that is dying already takes no more
   * signals; else the last that ends the process by default. Core-dumping ones arrive under their own number.
   */
  #fatalInQueue(process: Process, tid: Tid): Queued | null {
    const kill = this.#inQueue(process, SIGKILL, tid);
    if (kill || process.ending.fatal) return kill;
    return process.queue.findLast(({ record }) => defaultAction(record.number) === 'terminate') ?? null;
  }

  #settle(record: SignalRecord, process: Process, ts: number): void {
    this.#completeSender(record);
    if (this.#withCalls > MAX_WITH_CALLS && !record.fatal) delete record.before;
    const target = this.#tree.targetOf(process, record.ts);
    this.#stages.add('signal', ts, process, outcomeText(record, process), record, target);
  }
}

/** How signals may have left its queue without any event; null where they cannot have. */
function takenUnseen(process: Process): string | null {
  if (process.tracer !== null)
    return 'it is traced by ptrace: which signals its tracer kept from it is not in the trace';
  if (process.hasSignalfd) return 'it has a signalfd: which signals it read from it is not in the trace';
  return null;
}

/** Whether a 9 for this thread is only its process ending: exit_group, exec, a sibling's fatal signal. */
function endsWithItsProcess(task: Task): boolean {
  const { process } = task;
  if (process.ending.exitGroup || process.ending.fatal) return true;
  for (const sibling of process.tasks.values()) {
    if (sibling !== task && sibling.call?.name.startsWith('execve')) return true;
  }
  return false;
}

/** The third column: h hard, s soft, H and Z both or in NMI (Documentation/trace/ftrace.rst). */
function interruptContext(flags: string): boolean | null {
  const context = flags[2];
  return context === undefined ? null : context !== '.';
}

function handlerOf(value: TraceEvent['fields'][string] | undefined): string {
  const digits = toHex(value);
  if (digits === '0') return 'default';
  if (digits === '1') return 'ignore';
  return digits === undefined ? 'unknown' : `0x${digits}`;
}

function deliveryText(record: SignalRecord, process: Process, number: number): string {
  const as = record.number === number ? '' : `, delivered as ${number}`;
  const handler = record.delivered?.handler ?? '';
  const how = handler.startsWith('0x')
    ? 'handles it'
    : handler === 'ignore'
      ? 'ignores it'
      : 'default action';
  return `${process.title} got ${record.signal}${as} (${how})`;
}

function outcomeText(record: SignalRecord, process: Process): string {
  const from =
    record.sender && record.sender.irq !== true
      ? ` from ${taskTitle(record.sender.comm, record.sender.pid)}`
      : '';
  const outcome = record.fatal ? 'ended it' : record.result;
  return `${record.signal}${from} to ${process.title}: ${outcome}`;
}
