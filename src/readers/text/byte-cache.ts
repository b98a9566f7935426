/**
 * What short byte strings stand for, so that a name that comes in each line is decoded once. A fixed number of
 * places, each holding the last that hashed there: memory stays flat whatever the names are.
 */
const NOTHING: Uint8Array = new Uint8Array(0);

export class ByteCache<Meaning> {
  readonly #keys: Uint8Array[];
  readonly #meanings: (Meaning | undefined)[];
  readonly #mask: number;
  /** The key and the meaning of the call before: neighbouring lines are often of the same task. */
  #lastKey: Uint8Array = NOTHING;
  #lastMeaning: Meaning | undefined;

  readonly #make: (text: string) => Meaning;

  /**
   * @param make called with the bytes decoded as UTF-8, when they were not here before
   * @param places how many strings are kept at most: a power of two
   */
  constructor(make: (text: string) => Meaning, places = 1024) {
    this.#make = make;

    this.#keys = new Array<Uint8Array>(places).fill(NOTHING);
    this.#meanings = new Array<Meaning | undefined>(places).fill(undefined);
    this.#mask = places - 1;
  }

  get(bytes: Buffer, start: number, end: number): Meaning {
    if (start === end) return this.#make('');
    if (isAt(this.#lastKey, bytes, start, end)) return this.#lastMeaning as Meaning;
    let hash = 0x811c9dc5;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const place = (hash ^ (hash >>> 15)) & this.#mask;
    let key = this.#keys[place]!;
    if (!isAt(key, bytes, start, end)) {
      this.#meanings[place] = this.#make(bytes.toString('utf8', start, end));
      key = Uint8Array.prototype.slice.call(bytes, start, end);
      this.#keys[place] = key;
    }
    this.#lastKey = key;
    this.#lastMeaning = this.#meanings[place];
    return this.#lastMeaning as Meaning;
  }
}

function isAt(key: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const { length } = key;
  if (length !== end - start) return false;
  for (let index = 0; index < length; index++) if (key[index] !== bytes[start + index]) return false;
  return true;
}
