/**
 * What short byte strings stand for, so that a name that comes in each line is decoded once. A fixed number of
 * places, each holding the last that hashed there: memory stays flat whatever the names are.
 */
const PLACES = 4096;

export class ByteCache<Meaning> {
  private readonly keys: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(PLACES).fill(
    undefined,
  );
  private readonly meanings: (Meaning | undefined)[] = new Array<Meaning | undefined>(PLACES).fill(undefined);

  /** @param make called with the bytes decoded as UTF-8, when they were not here before */
  constructor(private readonly make: (text: string) => Meaning) {}

  get(bytes: Buffer, start: number, end: number): Meaning {
    let hash = 0x811c9dc5;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    const key = this.keys[place];
    if (key?.length === end - start) {
      let index = 0;
      while (index < key.length && key[index] === bytes[start + index]) index++;
      if (index === key.length) return this.meanings[place] as Meaning;
    }
    const meaning = this.make(bytes.toString('utf8', start, end));
    this.keys[place] = Uint8Array.prototype.slice.call(bytes, start, end);
    this.meanings[place] = meaning;
    return meaning;
  }
}
