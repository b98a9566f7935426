/**
 * What a signal does to the thread that takes it: how long its handler runs, and which system call it interrupts.
 *
 * A handler returns by `rt_sigreturn` (man 2 sigreturn), whose enter event is the end of its run; the call itself has no
 * exit event on x86. Handlers nest. One that leaves by siglongjmp never returns, so its run has no end.
 */
import { isRestarted } from '../kernel/interrupted-calls';
import { fieldOf, type TraceEvent } from '../trace-event';
import { interruptionText } from '../words/interruption';
import { exactNumber, int32 } from './field-values';
import { interruptionOf } from './pending-call';
import type { Task } from './process';
import type { ProcessTable } from './process-table';
import type { Delivery, SignalRecord } from './report';
import { spanText } from './span-text';
import type { StageLog } from './stage-log';
import type { EventHandler } from './system-calls';
import { secondsBetween } from './wall-clock';

/** Kept for each thread: a program that leaves its handlers by siglongjmp never empties its stack. */
const MAX_NESTED = 32;
/** Seconds from the return of an interrupted call to the delivery, where the sending is not in the trace. */
const RETURN_TO_DELIVERY = 0.001;

export class HandlerRuns {
  readonly #table: ProcessTable;
  readonly #stages: StageLog;

  constructor(table: ProcessTable, stages: StageLog) {
    this.#table = table;
    this.#stages = stages;
  }

  /** A signal is delivered: fills what it interrupts, and waits for the return of its handler. */
  delivered(task: Task, record: SignalRecord, delivery: Delivery, event: TraceEvent): void {
    const isHandled = delivery.handler.startsWith('0x');
    delivery.handlerTime = null;
    delivery.interrupted = interruptedBy(task, record, delivery, event, isHandled);
    // The first handler ends the interruption: the next one interrupts that handler.
    if (isHandled || record.fatal) task.interrupted = null;
    if (!isHandled) return;
    if (task.handlers.length >= MAX_NESTED) task.handlers.shift();
    task.handlers.push(record);
  }

  /** By event name: the return of handlers, and the calls that nobody else follows. */
  events(interruptible: readonly string[]): readonly (readonly [string, EventHandler])[] {
    return [
      [
        'sys_enter_rt_sigreturn',
        (event) => {
          this.#returned(event);
        },
      ],
      ...interruptible.map((name): [string, EventHandler] => [
        `sys_exit_${name}`,
        (event) => {
          const task = this.#table.find(event.pid);
          const ret = exactNumber(fieldOf(event, 'ret'));
          if (task && ret !== null) task.interrupted = interruptionOf(name, ret, event.ts);
        },
      ]),
    ];
  }

  #returned(event: TraceEvent): void {
    const task = this.#table.meet(event);
    const record = task?.handlers.pop();
    const delivery = record?.delivered;
    if (!task || !record || !delivery) return;
    delivery.handlerTime = secondsBetween(delivery.ts, event.ts);
    const { interrupted } = delivery;
    const rest =
      interrupted === null || interrupted === undefined ? '' : `, ${interruptionText(interrupted)}`;
    const text = `${task.process.title} caught ${record.signal}: its handler ran ${spanText(delivery.handlerTime)}${rest}`;
    this.#stages.add('signal-returned', event.ts, task.process, text, record);
  }
}

function interruptedBy(
  { interrupted }: Task,
  record: SignalRecord,
  delivery: Delivery,
  event: TraceEvent,
  isHandled: boolean,
): NonNullable<Delivery['interrupted']> | null {
  if (!interrupted) return null;
  const { call, ret, ts } = interrupted;
  // Sent after the call returned: it came while the program ran, and something else had interrupted the call.
  const isOfThis = record.generated ? record.generated.ts <= ts : delivery.ts - ts <= RETURN_TO_DELIVERY;
  if (!isOfThis && delivery.ts - ts > RETURN_TO_DELIVERY) return null;
  if (record.fatal) return { call, restarted: false };
  return { call, restarted: isRestarted(ret, isHandled ? (int32(fieldOf(event, 'sa_flags')) ?? 0) : null) };
}
