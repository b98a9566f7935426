/** How the command ended, from the events that pass: a shell's `$?` is ambiguous, and its shell may be gone. */
import { CLD_DUMPED, CLD_EXITED, signalName } from '../kernel/signals';

export class CommandEnd {
  /** 0 until it is forked. */
  pid = 0;
  /** Whether it exited or was ended by a signal, as its SIGCHLD says, whoever is its parent then. */
  endedByExit: boolean | null = null;
  /** What it gave to exit_group; null where that is not traced. */
  exitArgument: number | null = null;
  #lastSignal: number | null = null;

  /** A SIGCHLD about it, by its code. Above CLD_DUMPED are stops and continuations. */
  reported(code: number): void {
    if (code <= CLD_DUMPED) this.endedByExit = code === CLD_EXITED;
  }

  /** Another signal was sent to it. */
  signalled(signal: number): void {
    if (this.endedByExit === null) this.#lastSignal = signal;
  }

  /** Exactly one of both; both null where the trace does not say. */
  get end(): { code: number | null; signal: string | null } {
    if (this.endedByExit === true)
      return { code: this.exitArgument === null ? null : this.exitArgument & 0xff, signal: null };
    if (this.endedByExit === false && this.#lastSignal !== null)
      return { code: null, signal: signalName(this.#lastSignal) };
    return { code: null, signal: null };
  }
}
