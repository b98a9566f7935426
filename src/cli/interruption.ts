import type { Workload } from '../index';
import { TraceError } from '../trace-error';

const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Stoppable = Pick<Workload, 'stop'>;

/** Ending a command that does not want to end takes a few seconds; until then nothing of it may be left behind. */
const ENDING_MS = 6000;

/**
 * Ctrl-C ends the command, not the account of it; before the command is there, it ends the session. Pressed again,
 * it is meant for us only when all should have ended long ago.
 */
export class Interruption {
  signal: NodeJS.Signals | null = null;
  #followed: Stoppable | null = null;
  #patience: NodeJS.Timeout | undefined;

  constructor() {
    for (const signal of INTERRUPTS) process.on(signal, this.#interrupt);
  }

  /** From now on there is a command to end, or processes to let go. */
  watch(followed: Stoppable): void {
    this.#followed = followed;
    if (this.signal !== null) void followed.stop();
  }

  /** @throws TraceError SESSION_ENDED where the run was cancelled */
  check(): void {
    if (this.signal !== null)
      throw new TraceError('SESSION_ENDED', `${this.signal} came before the command was run`);
  }

  restore(): void {
    clearTimeout(this.#patience);
    for (const signal of INTERRUPTS) process.off(signal, this.#interrupt);
  }

  readonly #interrupt = (signal: NodeJS.Signals): void => {
    if (this.signal !== null) return;
    this.signal = signal;
    void this.#followed?.stop();
    this.#patience = setTimeout(() => {
      this.restore();
    }, ENDING_MS);
  };
}
