/** The same numbers for the same seed: xorshift32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds begin far apart, and none at 0, where xorshift stays.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
    for (let turn = 0; turn < 4; turn++) this.u32();
  }

  u32(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return state >>> 0;
  }

  /** 0 to `limit` - 1. */
  below(limit: number): number {
    return this.u32() % limit;
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<Choice>(choices: readonly Choice[]): Choice {
    return choices[this.below(choices.length)]!;
  }
}
