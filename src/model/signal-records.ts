/** The report's signals: makes a record for each signal that was sent or delivered, and completes who sent it. */
import { SIGKILL, signalCodeName, signalName } from '../kernel/signals';
import { fieldOf, type TraceEvent } from '../trace-event';
import { int32, textOf } from './field-values';
import type { Identities } from './identities';
import type { OwnHand } from './own-hand';
import { taskTitle, type Process, type Task } from './process';
import type { ProcessTable } from './process-table';
import type { Sender, SignalRecord, SignalResult } from './report';
import { causeOfSignal, withTerminal } from './signal-cause';
import { findOrigin, framesOf, withoutMachinery } from './signal-origin';
import { terminalOf } from './terminal';
import type { Tree } from './tree';
import type { WallClock } from './wall-clock';

/** Kept for the report; stages go on. */
const MAX_SIGNALS = 100_000;
/** Beyond so many records only fatal signals keep what their target did before. */
const MAX_WITH_CALLS = 10_000;

/** What `sender.control` says of the signal by which the session asks the traced parent to send another one. */
const ORDER = 'order to the traced parent';

/** TRACE_SIGNAL_* of include/trace/events/signal.h, in order. */
export const RESULTS: readonly SignalResult[] = ['pending', 'ignored', 'coalesced', 'overflow', 'info-lost'];

export class SignalRecords {
  readonly all: SignalRecord[] = [];
  leftOut = 0;
  #withCalls = 0;
  /** Evidence of the origin, for the sentence about the death. */
  readonly #evidence = new WeakMap<SignalRecord, string>();

  /** Their cause names the terminal. */
  readonly #withTerminal = new WeakSet<SignalRecord>();

  readonly #table: ProcessTable;
  readonly #tree: Tree;
  readonly #clock: WallClock;
  readonly #identities: Identities;
  readonly #ownHand: OwnHand;

  constructor(table: ProcessTable, tree: Tree, clock: WallClock, identities: Identities, ownHand: OwnHand) {
    this.#table = table;
    this.#tree = tree;
    this.#clock = clock;
    this.#identities = identities;
    this.#ownHand = ownHand;
  }

  evidenceOf(record: SignalRecord): string | null {
    return this.#evidence.get(record) ?? null;
  }

  /**
   * The record of a signal_generate, which names its target and is in the context of its sender.
   *
   * @param irq whether it came from an interrupt, whose context says nothing about the sender
   */
  sent(
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
    const sender = irq === true ? null : this.#table.find(event.pid);
    const toItself = sender !== null && sender.process === target?.process;
    const who = senderOf(event, sender, senderInTree, irq);
    const found = findOrigin({
      number,
      code,
      stack,
      senderCall: sender?.call?.name ?? null,
      inInterrupt: irq === true,
      toItself,
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
      cause: causeOfSignal({
        number,
        code,
        origin: found.origin,
        stack,
        sender: who.irq === true || isKernelThread(stack) ? null : taskTitle(who.comm, who.tgid ?? who.pid),
        toItself,
      }),
      fatal: false,
      control: false,
      sender: who,
      target: { pid, tgid: target?.process.tgid ?? pid, comm: textOf(fields['comm']) },
      generated: { ts: event.ts, stack },
      delivered: null,
      latency: null,
    };
    // A child's SIGCHLD needs none: there are as many as processes, whose records have their parents.
    if (sender !== null && senderInTree && found.origin !== 'child')
      who.ancestors = this.#tree.ancestorsOf(sender.process);
    if (target && found.origin === 'tty') this.#nameTerminal(record, target.process);
    this.#markControl(record);
    this.completeSender(record);
    if (found.evidence !== null) this.#evidence.set(record, found.evidence);
    return record;
  }

  /**
   * The record of a signal_deliver whose sending is not in the trace: before its start, in a gap, or not traced at all.
   *
   * @param tracer who must have put it there by ptrace; null where nobody must have
   */
  unsent(
    event: TraceEvent,
    number: number,
    process: Process,
    task: Task,
    tracer: Sender | null,
  ): SignalRecord {
    const code = int32(fieldOf(event, 'code'));
    const origin = tracer
      ? 'ptrace'
      : findOrigin({
          number,
          code,
          stack: [],
          senderCall: null,
          inInterrupt: false,
          toItself: false,
          oomVictim: process.ending.oomVictim,
        }).origin;
    const record: SignalRecord = {
      ts: event.ts,
      time: this.#clock.timeOf(event.ts),
      signal: signalName(number),
      number,
      code: code === null ? null : signalCodeName(number, code),
      result: 'delivered',
      origin,
      cause: causeOfSignal({ number, code, origin, stack: [], sender: null, toItself: false }),
      fatal: false,
      control: false,
      sender: tracer,
      target: { pid: task.tid, tgid: process.tgid, comm: process.record.comm },
      generated: null,
      delivered: null,
      latency: null,
    };
    this.#markControl(record);
    if (number === SIGKILL) {
      process.note(
        'the sending of the signal that ended it is not in the trace, and fatal signals are delivered as 9',
      );
    }
    this.addCallsBefore(record, process);
    this.keep(record, process);
    return record;
  }

  keep(record: SignalRecord, process: Process | null): void {
    if (this.all.length >= MAX_SIGNALS) {
      this.leftOut++;
      return;
    }
    process?.record.signals.push(this.all.length);
    this.all.push(record);
  }

  /** Who it is comes in notes after its events: then the cause names the terminal after all. */
  #nameTerminal(record: SignalRecord, process: Process): void {
    const { cause } = record;
    if (cause === null || cause === undefined || this.#withTerminal.has(record)) return;
    const name = this.#identities.of(process.record, record.ts)?.tty ?? terminalOf(process);
    if (name === null) return;
    record.cause = withTerminal(cause, name);
    this.#withTerminal.add(record);
  }

  /** What its target was doing; not for a child's news, nor for the session's own signal. */
  addCallsBefore(record: SignalRecord, process: Process): void {
    if (record.origin === 'child' || record.control) return;
    const before = process.recent.tell();
    if (before.length === 0) return;
    record.before = before;
    this.#withCalls++;
  }

  /** Its outcome is known: what only a fatal one keeps in a crowd goes. */
  settled(record: SignalRecord, process: Process): void {
    if (record.origin === 'tty') this.#nameTerminal(record, process);
    this.completeSender(record);
    if (this.#withCalls > MAX_WITH_CALLS && !record.fatal) delete record.before;
  }

  /** A child's news of its end needs none: there are as many as processes, whose records say who they are. */
  completeSender(record: SignalRecord): void {
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
    sender.identity = known.identity;
    if (sender.inTree) return;
    // What the trace calls somebody outside of the tree may be a name from before.
    sender.comm = known.process ?? known.comm;
    sender.thread = known.comm;
    sender.tid = sender.pid;
    sender.tgid = known.tgid;
    sender.ancestors = known.identity.ancestors;
  }

  /** Who senders were, also where it became known after their signals. */
  completeSenders(): void {
    for (const record of this.all) this.completeSender(record);
  }

  markControls(): void {
    for (const record of this.all) this.#markControl(record);
  }

  /** Whether the session sent it, and why. */
  #markControl(record: SignalRecord): void {
    record.control = this.#tree.isControl(record);
    if (record.sender === null) return;
    const reason = record.control ? ORDER : this.#ownHand.reasonOf(record);
    if (reason !== null || record.sender.control !== undefined) record.sender.control = reason;
  }

  /** The wall clock may have been set by notes that came late. */
  setTimes(): void {
    for (const record of this.all) record.time = this.#clock.timeOf(record.ts);
  }
}

/** The sender as the trace shows it at the moment of sending; who it is beyond that comes from notes. */
function senderOf(event: TraceEvent, task: Task | null, inTree: boolean, irq: boolean | null): Sender {
  const { pid } = event;
  const process = task?.process ?? null;
  const isFirst = process !== null && process.tgid === pid;
  return {
    pid,
    tid: irq === true ? null : pid,
    tgid: irq === true ? null : (process?.tgid ?? event.tgid),
    comm:
      (process && (inTree || !isFirst) ? process.record.comm : event.comm) ??
      process?.record.comm ??
      event.comm,
    thread: threadName(event, task),
    ancestors: [],
    inTree,
    irq,
    control: null,
  };
}

function threadName(event: TraceEvent, task: Task | null): string | null {
  if (task === null) return null;
  if (task.tid === task.process.tgid) return task.process.record.comm;
  return task.name ?? event.comm;
}

/** It works for somebody else: who had it done is not in the call trace. */
function isKernelThread(stack: readonly string[]): boolean {
  return framesOf(stack).some((frame) => frame === 'kthread' || frame === 'worker_thread');
}
