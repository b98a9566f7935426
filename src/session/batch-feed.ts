/**
 * The way of a session's events to its readers: what the reading thread delivers is filtered to the tree, gets its notes,
 * and goes to every reader in batches. Events and losses are counted here.
 */
import { ringBatch, type RingBatch } from '../readers/pages/ring-batch';
import type { RingContext } from '../readers/pages/ring-event';
import { RowFilter } from '../readers/pages/row-filter';
import type { EventBatch, Loss, TraceNote } from '../trace-event';
import { BatchQueue } from './batch-queue';
import type { LiveReader } from './live-reader';
import { nextTurn, sleep } from './pauses';
import type { TreeMembers } from './tree-members';

/** A flow's second reader comes a moment after its first; both get everything. */
const GATHERING_MS = 50;
/** What was recorded waits this long in the kernel for a reader after the run. */
const UNREAD_MS = 10_000;

export class BatchFeed {
  /** Events passed on so far, and events that the kernel lost (null: a gap without a number). */
  events = 0;
  lost: number | null = 0;
  readonly #queues = new Set<BatchQueue>();
  #notes: TraceNote[] = [];
  #goOn!: () => void;
  /** There is a reader, or nobody waits for one any more. */
  readonly #mayBegin = new Promise<void>((resolve) => (this.#goOn = resolve));
  #pumping: Promise<void> | null = null;
  #roomAgain: (() => void) | null = null;
  #isClosed = false;

  readonly #reader: LiveReader;
  readonly #context: RingContext;
  readonly #members: TreeMembers;

  constructor(reader: LiveReader, context: RingContext, members: TreeMembers) {
    this.#reader = reader;
    this.#context = context;
    this.#members = members;
  }

  /** Goes with the next batch. */
  note(note: TraceNote): void {
    this.#notes.push(note);
  }

  /** Batches from now on, in order of time, until the feed is closed. Several readers get the same ones. */
  batches(): AsyncIterableIterator<EventBatch> {
    const queue = new BatchQueue((reader) => {
      if (reader.isEnded) this.#queues.delete(reader);
      this.#roomAgain?.();
    });
    if (this.#isClosed) {
      queue.end();
      return queue;
    }
    this.#queues.add(queue);
    this.#goOn();
    return queue;
  }

  /**
   * Passes on what the reading thread reads, until the recording has ended and the pipes are empty.
   * @param failed nobody sees what is recorded from then on
   */
  start(failed: (error: unknown) => void): void {
    this.#pumping = this.#pump().catch(failed);
  }

  async #pump(): Promise<void> {
    await this.#mayBegin;
    await sleep(GATHERING_MS);
    const filter = new RowFilter(this.#context, this.#members);
    for await (const merged of this.#reader.read()) {
      this.#members.lost(merged.lost);
      this.#passOn(ringBatch(merged, filter, []));
      // Between two parts others get their turn.
      await nextTurn();
      await this.#readersKeepUp();
    }
  }

  #passOn(batch: RingBatch): void {
    const notes = [...this.#notes, ...this.#members.takeNotes()];
    this.#notes = [];
    if (batch.length === 0 && batch.lost.length === 0 && batch.damage.length === 0 && notes.length === 0)
      return;
    this.events += batch.length;
    for (const loss of batch.lost) this.#count(loss);
    const noted = batch.withNotes(notes);
    for (const queue of this.#queues) queue.put(noted);
  }

  #count(loss: Loss): void {
    this.lost = this.lost === null || loss.count === null ? null : this.lost + loss.count;
  }

  async #readersKeepUp(): Promise<void> {
    while ([...this.#queues].some((queue) => queue.isBehind)) {
      await new Promise<void>((resolve) => (this.#roomAgain = resolve));
      this.#roomAgain = null;
    }
  }

  /** A reader that may still come is not waited for. */
  expectNoReader(): void {
    this.#goOn();
  }

  /** Drops the readers that do not read. Returns whether there were any. */
  dropSlowReaders(): boolean {
    const slow = [...this.#queues].filter((queue) => queue.isBehind);
    for (const queue of slow) void queue.return();
    return slow.length > 0;
  }

  /** The reader has finished: resolves when all that it read is passed on. */
  async drain(): Promise<void> {
    if (this.#pumping === null) return;
    const unread = setTimeout(this.#goOn, this.#queues.size === 0 ? UNREAD_MS : 0);
    await this.#pumping;
    clearTimeout(unread);
  }

  /** Nothing more comes; what readers have not taken yet can still be taken. */
  close(): void {
    this.#isClosed = true;
    for (const queue of this.#queues) queue.end();
  }
}
