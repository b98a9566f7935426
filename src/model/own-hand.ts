/**
 * Signals that the session itself sent or ordered, from the `control` notes of a trace: nobody is to look for who sent
 * them. A note holds for one signal number, sender and target, and for the time in which it was sent.
 */
import type { Tid, TraceNote } from '../trace-event';
import type { SignalRecord } from './report';

type ControlNote = Extract<TraceNote, { kind: 'control' }>;

/** Of more, the first are forgotten: a tree that does not end is sent SIGKILL again and again. */
const MAX_KEPT = 10_000;
/** Seconds: text has microseconds, notes have all digits. */
const ROUNDING = 1e-6;

export class OwnHand {
  readonly #bySender = new Map<Tid, ControlNote[]>();
  #kept = 0;

  applyNote(note: ControlNote): void {
    if (this.#kept >= MAX_KEPT) this.#forgetOldest();
    this.#kept++;
    const notes = this.#bySender.get(note.sender);
    if (notes === undefined) this.#bySender.set(note.sender, [note]);
    else notes.push(note);
  }

  #forgetOldest(): void {
    for (const [sender, notes] of this.#bySender) {
      notes.shift();
      this.#kept--;
      if (notes.length === 0) this.#bySender.delete(sender);
      return;
    }
  }

  /** Why the session sent this signal; null for everybody else's. */
  reasonOf({ sender, signal, target, ts }: SignalRecord): string | null {
    if (sender === null || sender.irq === true) return null;
    const notes = this.#bySender.get(sender.tgid ?? sender.pid) ?? this.#bySender.get(sender.pid);
    const note = notes?.findLast(
      (candidate) =>
        candidate.signal === signal &&
        candidate.from <= ts + ROUNDING &&
        (candidate.until === null || ts <= candidate.until + ROUNDING) &&
        (candidate.target === null || candidate.target === target.pid || candidate.target === target.tgid),
    );
    return note?.reason ?? null;
  }
}

/** How a death by the session's own signal is put: "ended by its time limit of 5 s". */
export function endedBySession(reason: string): string {
  if (reason.startsWith('time limit')) return `ended by its ${reason}`;
  switch (reason) {
    case 'disarm':
      return 'ended because its session was disarmed';
    case 'stop of the run':
      return 'ended because its run was stopped';
    case 'asked by the flow':
      return 'ended because the flow asked for it';
    case 'sweep of an abandoned session':
      return 'ended because its session was abandoned';
    default:
      return `ended by its session (${reason})`;
  }
}
