/**
 * Events that the kernel dropped. A gap is open from the last event of its CPU on: what was open before it is not
 * paired with what comes after it, and every process that lived through it says so in `incomplete`.
 */
import type { EventBatch, Loss } from '../trace-event';
import type { Process } from './process';
import type { ProcessTable } from './process-table';
import type { StageLog } from './stage-log';

/** A process that lives through many gaps names the first ones. */
const MAX_LOSS_REASONS = 3;

/** What a gap asks of signals. */
export interface LossySignals {
  /** What is queued may have been delivered in the gap. */
  forget(process: Process, ts: number): void;
}

export class Losses {
  readonly #table: ProcessTable;
  readonly #stages: StageLog;
  readonly #signals: LossySignals;

  constructor(table: ProcessTable, stages: StageLog, signals: LossySignals) {
    this.#table = table;
    this.#stages = stages;
    this.#signals = signals;
  }

  /** One side of a gap: its start only forgets what is open, its end is reported. */
  cross({ loss, ends }: GapSide, ts: number): void {
    this.#forgetOpen(ts);
    if (ends) this.#report(loss, ts);
  }

  /** Writes into a record which gaps its process lived through. */
  complete(process: Process): void {
    const { losses, record } = process;
    for (const reason of losses.firstReasons) process.note(reason);
    if (losses.gaps > MAX_LOSS_REASONS)
      process.note(`${losses.gaps - MAX_LOSS_REASONS} more gaps while it lived`);
    if (losses.last !== null && record.state === 'running' && process.lastSeen < losses.last)
      record.state = 'unknown';
  }

  /** Nothing that was open before a gap is paired with what comes after it: the partner may be another. */
  #forgetOpen(ts: number): void {
    for (const task of this.#table.tasks()) {
      task.call = null;
      task.interrupted = null;
      task.handlers = [];
      task.looseName = null;
      task.process.argvToCome = null;
      task.unnamedOpen = null;
      task.execSeen = false;
    }
    this.#table.forking.clear();
    for (const process of this.#table.living()) {
      if (process.ending.settled) continue;
      process.recent.clear();
      process.files.forget();
      this.#signals.forget(process, ts);
    }
  }

  #report(loss: Loss, ts: number): void {
    const count = loss.count === null ? 'an unknown number of' : String(loss.count);
    const where = loss.cpu < 0 ? '' : ` on CPU ${loss.cpu}`;
    const reason = `${count} events lost${where} before ${ts.toFixed(6)}`;
    let processes = 0;
    for (const process of this.#table.living()) {
      if (process.ending.settled) continue;
      if (process.record.role !== 'parent') processes++;
      process.losses.gaps++;
      process.losses.last = ts;
      if (process.losses.firstReasons.length < MAX_LOSS_REASONS) process.losses.firstReasons.push(reason);
    }
    this.#stages.addLoss(ts, reason, { ...loss, processes });
  }
}

export interface GapSide {
  readonly loss: Loss;
  /** The index of the first event after it. */
  readonly at: number;
  readonly ends: boolean;
}

/**
 * Where each gap lies among the events: it is open from the last event of its CPU on, and ends before the event
 * whose time the loss has. Both sides count, as other CPUs go on in between.
 */
export function gapsIn(batch: EventBatch): GapSide[] {
  const sides: GapSide[] = [];
  for (const loss of batch.lost) {
    let end = batch.length;
    if (loss.ts !== null) {
      end = 0;
      while (end < batch.length && batch.at(end).ts < loss.ts) end++;
    }
    let start = end;
    while (start > 0 && batch.at(start - 1).cpu !== loss.cpu) start--;
    if (start < end) sides.push({ loss, at: start, ends: false });
    sides.push({ loss, at: end, ends: true });
  }
  return sides.sort((one, other) => one.at - other.at);
}
