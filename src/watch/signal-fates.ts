/**
 * What becomes of the signals that watched processes get. A signal is put into its process's queue when it is sent, and
 * leaves it by its delivery, by the process's end, or when it has waited too long to be waited for.
 *
 * What `signal_deliver` says and does not say: src/model/signal-pairing.ts.
 */
import {
  CLD_DUMPED,
  CLD_KILLED,
  SIGCHLD,
  SIGKILL,
  endsByDefault,
  signalCodeName,
  signalName,
} from '../kernel/signals';
import { int32 } from '../model/field-values';
import type { SignalRecord, Sender } from '../model/report';
import { causeOfSignal } from '../model/signal-cause';
import { findOrigin, framesOf, withoutMachinery } from '../model/signal-origin';
import { handlerOf, interruptContext } from '../model/signal-pairing';
import { RESULTS } from '../model/signal-records';
import { SignalQueue } from '../model/signal-queue';
import { secondsBetween } from '../model/wall-clock';
import type { RingEvent } from '../readers/pages/ring-event';
import { processName } from '../words/process-name';
import type { HostProcess } from './host-process';

/** Seconds that a signal may wait for its delivery before it is reported as pending: it is blocked, or taken by sigwait. */
const WAITS = 10;
/** Signals whose outcome is open; of more, the oldest is reported as unknown. */
const MAX_PENDING = 10_000;

interface Waiting {
  readonly record: SignalRecord;
  readonly process: HostProcess;
}

export interface FateSink {
  /** It is known what became of it. */
  readonly settled: (record: SignalRecord, process: HostProcess, ts: number) => void;
}

export class SignalFates {
  leftOut = 0;
  /** In the order in which they were sent. */
  readonly #waiting = new Map<SignalRecord, Waiting>();
  /** Sent since the last `takeNew`. */
  #new: Waiting[] = [];
  readonly #sink: FateSink;

  constructor(sink: FateSink) {
    this.#sink = sink;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Those that were sent since the last call and still wait, each once. */
  takeNew(): Waiting[] {
    const waiting = this.#new.filter(({ record }) => this.#waiting.has(record));
    this.#new = [];
    return waiting;
  }

  /** A record of signal_generate to a watched process. */
  sent(record: SignalRecord, process: HostProcess, toGroup: boolean): void {
    process.queue ??= new SignalQueue();
    for (const removed of process.queue.flush(record.number)) this.#settle(removed, process, record.ts);
    if (record.result !== 'pending' && record.result !== 'info-lost') {
      this.#sink.settled(record, process, record.ts);
      return;
    }
    for (const gone of process.queue.add({ record, toGroup })) {
      gone.result = 'unknown';
      this.#settle(gone, process, record.ts);
    }
    if (this.#waiting.size >= MAX_PENDING) this.#giveUpOldest(record.ts);
    const waiting = { record, process };
    this.#waiting.set(record, waiting);
    this.#new.push(waiting);
  }

  /** signal_deliver, in the context of the thread that gets it. */
  delivered(event: RingEvent, process: HostProcess): void {
    const number = int32(event.field('sig'));
    const { queue } = process;
    if (number === null || queue === null) return;
    const queued =
      number === SIGKILL ? queue.findFatal(event.pid, process.fatal !== null) : queue.find(number, event.pid);
    // A thread that ends with its process gets a 9 that nobody sent.
    if (queued === null) return;
    queue.remove(queued);
    const { record } = queued;
    const handler = handlerOf(event.field('sa_handler'));
    record.delivered = {
      ts: event.ts,
      tid: event.pid,
      handler,
      stack: [],
      handlerTime: null,
      interrupted: null,
    };
    if (record.result === 'pending') record.result = 'delivered';
    record.latency = record.generated && secondsBetween(record.generated.ts, event.ts);
    record.fatal = handler === 'default' && endsByDefault(record.number);
    if (!record.fatal) this.#settle(record, process, event.ts);
    else if (process.fatal === null) {
      // Reported with the end: only then it is known whether it left a core dump.
      process.fatal = record;
      this.#waiting.delete(record);
    }
  }

  /** SIGCHLD of a process that a signal ended. */
  static isNewsOfDeath(number: number, code: number | null): code is number {
    return number === SIGCHLD && (code === CLD_KILLED || code === CLD_DUMPED);
  }

  /**
   * The process is gone: what ended it is settled last, before it what it has not got.
   * @returns the signal that ended it; null where none did
   */
  ended(process: HostProcess, ts: number): SignalRecord | null {
    const { queue, childCode, exitTs } = process;
    const bySignal = childCode !== null || process.oomVictim;
    let fatal = process.fatal;
    if (fatal === null && bySignal) {
      const queued = queue?.findFatal(process.pid, false) ?? null;
      if (queued !== null) queue?.remove(queued);
      fatal = queued?.record ?? unsent(process, exitTs ?? ts);
      this.#waiting.delete(fatal);
    }
    for (const record of queue?.drain() ?? []) this.#settle(record, process, ts);
    if (fatal === null) return null;
    fatal.fatal = true;
    if (fatal.result === 'pending') fatal.result = 'delivered';
    fatal.coreDumped = childCode === null ? null : childCode === CLD_DUMPED;
    this.#sink.settled(fatal, process, exitTs ?? ts);
    return fatal;
  }

  /** What waits too long is reported as pending. @param now how far the trace is */
  pass(now: number): void {
    for (const { record, process } of this.#waiting.values()) {
      if (record.ts > now - WAITS) break;
      const queued = process.queue?.find(record.number, record.target.pid);
      if (queued?.record === record) process.queue?.remove(queued);
      this.#settle(record, process, now);
    }
  }

  /** Events were lost, or the watch ends: what waits may have been delivered. */
  forget(ts: number): void {
    for (const { record, process } of [...this.#waiting.values()]) {
      process.queue?.drain();
      record.result = 'unknown';
      this.#settle(record, process, ts);
    }
  }

  #giveUpOldest(ts: number): void {
    const [oldest] = this.#waiting.values();
    if (oldest === undefined) return;
    this.leftOut++;
    oldest.record.result = 'unknown';
    const queued = oldest.process.queue?.find(oldest.record.number, oldest.record.target.pid);
    if (queued?.record === oldest.record) oldest.process.queue?.remove(queued);
    this.#settle(oldest.record, oldest.process, ts);
  }

  #settle(record: SignalRecord, process: HostProcess, ts: number): void {
    this.#waiting.delete(record);
    this.#sink.settled(record, process, ts);
  }
}

/** Who sent a signal, and who gets it, as far as the table knows. */
export interface SignalParties {
  readonly sender: Sender;
  readonly senderProcess: HostProcess | null;
  readonly process: HostProcess;
  readonly time: string | null;
}

/** The record of a signal_generate. */
export function signalRecord(event: RingEvent, parties: SignalParties): SignalRecord {
  const { fields } = event;
  const { sender, senderProcess, process, time } = parties;
  const number = int32(fields['sig']) ?? 0;
  const code = int32(fields['code']);
  const stack = withoutMachinery(event.stack);
  const toItself = senderProcess === process;
  const { origin } = findOrigin({
    number,
    code,
    stack,
    senderCall: null,
    inInterrupt: sender.irq === true,
    toItself,
    oomVictim: process.oomVictim,
  });
  const isNobody =
    sender.irq === true || framesOf(stack).some((frame) => /^(?:kthread|worker_thread)$/.test(frame));
  return {
    ts: event.ts,
    time,
    signal: signalName(number),
    number,
    code: code === null ? null : signalCodeName(number, code),
    result: RESULTS[int32(fields['result'] ?? fields['res']) ?? 0] ?? 'unknown',
    origin,
    cause: causeOfSignal({
      number,
      code,
      origin,
      stack,
      sender: isNobody ? null : processName(sender.comm, sender.tgid ?? sender.pid),
      toItself,
    }),
    fatal: false,
    control: false,
    sender,
    target: { pid: int32(fields['pid']) ?? process.pid, tgid: process.pid, comm: process.known.comm },
    generated: { ts: event.ts, stack },
    delivered: null,
    latency: null,
    group: int32(fields['group']) !== 0,
  };
}

/** Whether an event is in the context of an interrupt, whose task did nothing. */
export function isInterrupt(event: RingEvent): boolean | null {
  return interruptContext(event.flags);
}

/**
 * SIGCHLD reports a death by a signal of which nobody saw the sending: it was muted, or is from before the watch. Which it
 * was, is not known: fatal signals are delivered as 9.
 */
function unsent({ pid, known, oomVictim }: HostProcess, ts: number): SignalRecord {
  return {
    ts,
    time: null,
    signal: 'SIGKILL',
    number: SIGKILL,
    code: null,
    result: 'delivered',
    origin: oomVictim ? 'oom' : 'unknown',
    cause: null,
    fatal: true,
    control: false,
    sender: null,
    target: { pid, tgid: pid, comm: known.comm },
    generated: null,
    delivered: null,
    latency: null,
  };
}
