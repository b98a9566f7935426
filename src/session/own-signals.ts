/**
 * Signals that this process sends itself. Every session that records notes them with their reason, so that the trace
 * does not show an unknown killer: a session may follow what another one ends.
 */
import { signalNumber } from '../kernel/signals';

/** One that was sent just now. */
export interface OwnSignal {
  /** `SIGKILL`. */
  readonly signal: string;
  /** Null for a process group. */
  readonly target: number | null;
  readonly reason: string;
}

/** Called when it is about to be sent; returns what is to be called when it is sent. */
type Witness = () => (sent: OwnSignal) => void;

const witnesses = new Set<Witness>();

/** @returns the way to stop */
export function witnessOwnSignals(witness: Witness): () => void {
  witnesses.add(witness);
  return () => witnesses.delete(witness);
}

/**
 * kill(2), which every session notes.
 * @param pid a process, or a process group as its negative number
 * @param signal `SIGTERM`
 * @throws Error ESRCH, EPERM
 */
export function sendSignal(pid: number, signal: string, reason: string): void {
  const sent = [...witnesses].map((witness) => witness());
  process.kill(pid, signalNumber(signal) ?? 0);
  for (const tell of sent) tell({ signal, target: pid > 0 ? pid : null, reason });
}
