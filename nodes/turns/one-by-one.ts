/** Work that takes several turns of the event loop: for each key one after the other, in the order it came. */
export class OneByOne {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Whether work of this key is going on, or waits for its turn. */
  has(key: string): boolean {
    return this.#last.has(key);
  }

  /** @returns what the work returns; what it throws does not keep the next from beginning */
  add<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key);
    const result = before === undefined ? work() : before.then(work);
    const settled = result
      .catch(() => undefined)
      .then(() => {
        if (this.#last.get(key) === settled) this.#last.delete(key);
      });
    this.#last.set(key, settled);
    return result;
  }
}
