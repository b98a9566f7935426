/**
 * The signals that are pending at one process (kernel/signal.c, `struct sigpending`): the process's own queue and those
 * of its threads in one list, in the order in which they were sent.
 */
import { SIGCONT, SIGKILL, defaultAction } from '../kernel/signals';
import type { Tid } from '../trace-event';
import type { SignalRecord } from './report';

/** Real-time signals that a program takes by signalfd leave the queue unseen. */
const MAX_QUEUED = 1_000;
const FIRST_REALTIME = 32;

/** A signal in a process's queue. */
export interface Queued {
  readonly record: SignalRecord;
  /** Sent to the whole process, not to one thread. */
  readonly toGroup: boolean;
}

export class SignalQueue {
  #pending: Queued[] = [];

  /** The one that a delivery of this number to this thread takes out of the queue. */
  find(number: number, tid: Tid): Queued | null {
    const matches = ({ record, toGroup }: Queued) =>
      record.number === number && (toGroup || record.target.pid === tid);
    return (
      this.#pending.find(matches) ?? this.#pending.find(({ record }) => record.number === number) ?? null
    );
  }

  /**
   * What a delivered 9 means where no SIGKILL is queued: the last that ends the process by default, as core-dumping
   * signals are delivered under their own number.
   */
  findTerminating(): Queued | null {
    return this.#pending.findLast(({ record }) => defaultAction(record.number) === 'terminate') ?? null;
  }

  /**
   * The signal that a delivered 9 stands for.
   *
   * @param isDying it has taken a fatal signal already, and takes no more than SIGKILL
   */
  findFatal(tid: Tid, isDying: boolean): Queued | null {
    return this.find(SIGKILL, tid) ?? (isDying ? null : this.findTerminating());
  }

  remove(queued: Queued): void {
    const at = this.#pending.indexOf(queued);
    if (at >= 0) this.#pending.splice(at, 1);
  }

  /**
   * Adds a signal that the kernel queued.
   *
   * @returns what must have left the queue unseen, by signalfd or sigwait: the kernel queues a standard signal only
   * once; and the oldest one where the queue is full
   */
  add(queued: Queued): SignalRecord[] {
    const { record, toGroup } = queued;
    const removed: SignalRecord[] = [];
    for (const earlier of [...this.#pending]) {
      const { number } = earlier.record;
      const sameQueue =
        earlier.toGroup === toGroup && (toGroup || earlier.record.target.pid === record.target.pid);
      const taken = number === record.number && number < FIRST_REALTIME && sameQueue;
      if (!taken && this.#pending.length < MAX_QUEUED) continue;
      this.remove(earlier);
      removed.push(earlier.record);
    }
    this.#pending.push(queued);
    return removed;
  }

  /**
   * Sending a stop signal removes SIGCONT from the queue, and the other way round, also where the kernel then ignores
   * what was sent (kernel/signal.c, prepare_signal).
   *
   * @returns the signals that it removed
   */
  flush(number: number): SignalRecord[] {
    const stops = defaultAction(number) === 'stop';
    if (this.#pending.length === 0 || (!stops && number !== SIGCONT)) return [];
    const removed: SignalRecord[] = [];
    for (const earlier of [...this.#pending]) {
      const { record } = earlier;
      if (stops ? record.number !== SIGCONT : defaultAction(record.number) !== 'stop') continue;
      this.remove(earlier);
      removed.push(record);
    }
    return removed;
  }

  /** Removes everything, and returns it. */
  drain(): SignalRecord[] {
    const records = this.#pending.map(({ record }) => record);
    this.#pending = [];
    return records;
  }
}

/** What a process has that takes signals out of its queue without an event. */
export interface TakesUnseen {
  readonly tracer: Tid | 'unknown' | null;
  readonly hasSignalfd: boolean;
}

/** Why signals may have left the queue of a process without any event; null where they cannot have. */
export function takenUnseen({ tracer, hasSignalfd }: TakesUnseen): string | null {
  if (tracer !== null)
    return 'it is traced by ptrace: which signals its tracer kept from it is not in the trace';
  if (hasSignalfd) return 'it has a signalfd: which signals it read from it is not in the trace';
  return null;
}
