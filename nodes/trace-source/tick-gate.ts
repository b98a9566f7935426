/**
 * Flow control of one stream: one payload at the start, then one for each tick. Ticks that come early are counted.
 */
export class TickGate {
  #passes = 1;
  #open: (() => void) | null = null;

  tick(): void {
    this.#passes++;
    this.#open?.();
  }

  get isClosed(): boolean {
    return this.#passes === 0;
  }

  /** Resolves when there is a tick for the next payload, or when `abort` says so. */
  async pass(abort: AbortSignal): Promise<void> {
    if (this.isClosed && !abort.aborted) {
      await new Promise<void>((resolve) => {
        this.#open = () => {
          abort.removeEventListener('abort', this.#open!);
          this.#open = null;
          resolve();
        };
        abort.addEventListener('abort', this.#open);
      });
    }
    if (!abort.aborted) this.#passes--;
  }
}
