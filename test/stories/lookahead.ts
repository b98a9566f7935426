/** Plays cases before their tests come: most of their time is waiting. */
import type { Case } from './case';
import type { Answer } from './scene';

export class Lookahead {
  readonly #cases: readonly Case[];
  readonly #depth: number;
  readonly #plays = new Map<Case, Promise<Answer>>();

  /** @param depth so many play at a time */
  constructor(cases: readonly Case[], depth: number) {
    this.#cases = cases;
    this.#depth = depth;
  }

  answer(wanted: Case): Promise<Answer> {
    const at = this.#cases.indexOf(wanted);
    for (const each of this.#cases.slice(at, at + this.#depth)) {
      if (this.#plays.has(each)) continue;
      const play = each.play();
      // Whoever asks for it hears of it.
      play.catch(() => undefined);
      this.#plays.set(each, play);
    }
    return this.#plays.get(wanted)!;
  }

  /** The last of them may have been begun for nobody. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#plays.values());
  }
}
