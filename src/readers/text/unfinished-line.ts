/** The beginning of a line whose end has not come yet, however small the pieces in which it comes. */
export class UnfinishedLine {
  #bytes: Buffer = Buffer.alloc(0);
  length = 0;

  readonly #limit: number;

  /** @param limit how many bytes are kept at most */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A copy: the caller may use its buffer again. False where that is more than the limit; then nothing is kept. */
  add(piece: Buffer): boolean {
    const length = this.length + piece.length;
    if (length > this.#limit) return false;
    if (length > this.#bytes.length) {
      const wider = Buffer.allocUnsafeSlow(Math.min(this.#limit, Math.max(256, 2 * length)));
      this.#bytes.copy(wider, 0, 0, this.length);
      this.#bytes = wider;
    }
    piece.copy(this.#bytes, this.length);
    this.length = length;
    return true;
  }

  /** What was kept and what follows it, as a buffer of their own. Nothing is kept then. */
  completedWith(bytes: Buffer): Buffer {
    const whole = Buffer.allocUnsafeSlow(this.length + bytes.length);
    this.#bytes.copy(whole, 0, 0, this.length);
    bytes.copy(whole, this.length);
    this.length = 0;
    return whole;
  }
}
