/** More names than any trace has that nobody forged. */
const MAX_NAMES = 1 << 14;

/** Of a name that came when there were too many. */
export const NO_NUMBER = -1;

/** Small numbers for the names of events, for tables by number instead of by name. */
export class NameNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];

  of(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (this.#names.length === MAX_NAMES) return NO_NUMBER;
    const number = this.#names.push(name) - 1;
    this.#numbers.set(name, number);
    return number;
  }

  nameOf(number: number): string {
    return this.#names[number]!;
  }
}
