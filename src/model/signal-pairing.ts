/**
 * Pairs what was sent with what arrived. `signal_generate` is the only record of the number sent: a signal that ends
 * the process by default, without a core dump, is delivered as 9 whatever it was (kernel/signal.c,
 * complete_signal). Threads that end with their process get a 9 that nobody sent: those are counted, no more.
 */
import { SIGKILL, endsByDefault } from '../kernel/signals';
import { toHex } from '../kernel/integers';
import { fieldOf, type Tid, type TraceEvent } from '../trace-event';
import { childNews } from './child-news';
import { int32 } from './field-values';
import { taskTitle, type Process, type Task } from './process';
import type { ProcessTable } from './process-table';
import type { HandlerRuns } from './handler-runs';
import { nameSignalled } from './named-tasks';
import type { Delivery, Sender, SignalRecord, SignalTarget } from './report';
import { withoutMachinery } from './signal-origin';
import { takenUnseen, type Queued } from './signal-queue';
import type { SignalRecords } from './signal-records';
import type { StageLog } from './stage-log';
import type { CallSubject } from './system-calls';
import type { Tree } from './tree';
import { secondsBetween } from './wall-clock';

/** What the ends of processes need to hear from signals. */
export interface DeathListener {
  /** A SIGCHLD that reports a stop, or that the child continues. */
  childAlive(sender: Task, notified: Tid, code: number): void;
  /** A SIGCHLD that reports how a process ended, with its code, and where in the kernel its sender was. */
  childEnded(sender: Task, notified: Tid, code: number, ts: number, stack: readonly string[]): void;
}

export class SignalPairing {
  /** Senders are traced: a death without one is worth a remark. */
  generateTraced = false;
  /** Arrivals are traced: a signal without one did not arrive. */
  deliverTraced = false;

  readonly #table: ProcessTable;
  readonly #tree: Tree;
  readonly #stages: StageLog;
  readonly #records: SignalRecords;
  readonly #handlers: HandlerRuns;
  readonly #deaths: DeathListener;

  constructor(
    table: ProcessTable,
    tree: Tree,
    stages: StageLog,
    records: SignalRecords,
    handlers: HandlerRuns,
    deaths: DeathListener,
  ) {
    this.#table = table;
    this.#tree = tree;
    this.#stages = stages;
    this.#records = records;
    this.#handlers = handlers;
    this.#deaths = deaths;
  }

  evidenceOf(record: SignalRecord): string | null {
    return this.#records.evidenceOf(record);
  }

  /** signal_generate, in the sender's context. */
  generated(event: TraceEvent): void {
    this.generateTraced = true;
    const { fields } = event;
    const number = int32(fields['sig']);
    const pid = int32(fields['pid']);
    if (number === null || pid === null) return;
    const irq = interruptContext(event.flags);
    if (!this.#tree.isDeclared) nameSignalled(this.#table, event, irq !== true);
    const target = this.#table.find(pid);
    const targetInTree = target !== null && (this.#tree.includes(pid) || !this.#tree.isDeclared);
    const senderInTree = irq !== true && this.#tree.includes(event.pid);
    if (!targetInTree && !senderInTree) return;
    const sender = this.#table.find(event.pid);
    const record = this.#records.sent(event, number, irq, senderInTree, target);
    // Its target is not traced, so its delivery is not either.
    if (!targetInTree && record.result === 'pending') record.result = 'unknown';
    this.#records.keep(record, targetInTree ? target.process : null);
    // The death comes before the signal that reports it.
    const code = int32(fields['code']);
    const stack = record.generated?.stack ?? [];
    const news =
      sender && irq !== true
        ? childNews({ number, code, stack, sender: sender.process, target: target?.process ?? null })
        : null;
    if (news === 'alive') this.#deaths.childAlive(sender!, pid, code!);
    if (news === 'ended') this.#deaths.childEnded(sender!, pid, code!, event.ts, stack);
    if (!targetInTree) return;
    this.#records.addCallsBefore(record, target.process);
    this.#announce(event, record, target.process);
    // Accepted, it decides: nobody had ended the process by then, and nothing changes its status afterwards.
    if (number === SIGKILL && (record.result === 'pending' || record.result === 'info-lost'))
      target.process.ending.kill ??= record;
    this.#enqueue({ record, toGroup: int32(fields['group']) !== 0 }, target.process, event.ts);
  }

  /** signal_deliver, in the context of the thread that gets it. */
  delivered(event: TraceEvent): void {
    this.deliverTraced = true;
    const number = int32(fieldOf(event, 'sig'));
    const task = this.#table.meet(event);
    if (number === null || !task) return;
    const { process } = task;
    const { queue } = process;
    let queued = queue.find(number, task.tid);
    if (!queued && number === SIGKILL) {
      if (endsWithItsProcess(task)) {
        process.ending.groupExits++;
        return;
      }
      queued = queue.findTerminating();
    }
    const record =
      queued?.record ?? this.#records.unsent(event, number, process, task, this.#putInByTracer(process));
    if (queued) queue.remove(queued);
    const handler = handlerOf(fieldOf(event, 'sa_handler'));
    const delivery: Delivery = {
      ts: event.ts,
      tid: task.tid,
      handler,
      stack: withoutMachinery(event.stack),
    };
    this.#deliver(record, delivery);
    record.fatal = handler === 'default' && endsByDefault(record.number);
    this.#handlers.delivered(task, record, delivery, event);
    if (record.fatal) process.ending.fatal ??= record;
    this.#stages.add('signal-delivered', event.ts, process, deliveryText(record, process, number), record);
    this.#settle(record, process, event.ts);
  }

  /** A signal taken by sigwait and its relatives: no delivery, the call returns its number. */
  get calls(): readonly (readonly [string, CallSubject])[] {
    const waiting: CallSubject = {
      exit: (task, _call, ret, event) => {
        if (ret <= 0) return;
        const { process, tid } = task;
        const queued = process.queue.find(ret, tid);
        if (!queued) return;
        process.queue.remove(queued);
        const { record } = queued;
        this.#deliver(record, {
          ts: event.ts,
          tid,
          handler: 'rt_sigtimedwait',
          stack: [],
          handlerTime: null,
          interrupted: null,
        });
        const text = `${process.title} took ${record.signal} by sigwait`;
        this.#stages.add('signal-delivered', event.ts, process, text, record);
        this.#settle(record, process, event.ts);
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
    for (const record of process.queue.drain()) {
      const taken = takenUnseen(process);
      if (record.result === 'pending' && taken) {
        record.result = 'unknown';
        process.note(taken);
      }
      // Where no arrival is traced, not to see one says nothing.
      if (record.result === 'pending' && !this.deliverTraced && !this.#tree.isDeclared)
        record.result = 'unknown';
      this.#settle(record, process, ts);
    }
  }

  /** Events were lost: what is queued may have been delivered in the gap. */
  forget(process: Process, ts: number): void {
    this.#lostFromQueue(process.queue.drain(), process, ts);
  }

  /** A death that the trace proves though it shows no delivery. */
  fatalWithoutDelivery(process: Process): SignalRecord | null {
    const queued = process.queue.find(SIGKILL, process.tgid) ?? process.queue.findTerminating();
    if (!queued) return null;
    process.queue.remove(queued);
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

  #deliver(record: SignalRecord, delivered: Delivery): void {
    record.delivered = delivered;
    if (record.result === 'pending') record.result = 'delivered';
    record.latency = record.generated && secondsBetween(record.generated.ts, delivered.ts);
  }

  /**
   * The tracer of a process, where a signal that nobody sent must be its doing: it may put another number in the
   * place of the one at which its tracee stopped.
   */
  #putInByTracer({ tracer, record, losses }: Process): Sender | null {
    if (tracer === null || tracer === 'unknown') return null;
    if (!this.generateTraced || !record.fork || losses.gaps > 0) return null;
    const comm = this.#table.find(tracer)?.process.record.comm ?? null;
    return { pid: tracer, comm, inTree: this.#tree.includes(tracer), irq: false };
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

  #enqueue(queued: Queued, process: Process, ts: number): void {
    const { record } = queued;
    for (const removed of process.queue.flush(record.number)) this.#settle(removed, process, ts);
    if (record.result !== 'pending' && record.result !== 'info-lost') this.#settle(record, process, ts);
    else this.#lostFromQueue(process.queue.add(queued), process, ts);
  }

  #lostFromQueue(records: readonly SignalRecord[], process: Process, ts: number): void {
    for (const record of records) {
      record.result = 'unknown';
      this.#settle(record, process, ts);
    }
  }

  #settle(record: SignalRecord, process: Process, ts: number): void {
    this.#records.settled(record, process);
    const target = this.#tree.targetOf(process, record.ts);
    this.#stages.add('signal', ts, process, outcomeText(record, process), record, target);
  }
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
export function interruptContext(flags: string): boolean | null {
  const context = flags[2];
  return context === undefined ? null : context !== '.';
}

export function handlerOf(value: TraceEvent['fields'][string] | undefined): string {
  const digits = toHex(value);
  if (digits === '0') return 'default';
  if (digits === '1') return 'ignore';
  return digits === undefined ? 'unknown' : `0x${digits}`;
}

function deliveryText(record: SignalRecord, process: Process, number: number): string {
  const as = record.number === number ? '' : `, delivered as ${number}`;
  const { handler, interrupted } = record.delivered ?? { handler: '' };
  const how = handler.startsWith('0x')
    ? 'handles it'
    : handler === 'ignore'
      ? 'ignores it'
      : 'default action';
  const during = interrupted ? `, in ${interrupted.call}()` : '';
  return `${process.title} got ${record.signal}${as} (${how}${during})`;
}

function outcomeText(record: SignalRecord, process: Process): string {
  const from =
    record.sender && record.sender.irq !== true
      ? ` from ${taskTitle(record.sender.comm, record.sender.pid)}`
      : '';
  const outcome = record.fatal ? 'ended it' : record.result;
  return `${record.signal}${from} to ${process.title}: ${outcome}`;
}
