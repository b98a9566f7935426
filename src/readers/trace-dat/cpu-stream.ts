/** The pages of one CPU on their way into the ring reader. */
import type { Damage } from '../../trace-event';
import type { PageLayout } from '../pages/page-layout';
import type { RingReader } from '../pages/ring-reader';
import type { ClockChange, TraceTime } from '../pages/trace-time';
import { PieceReader, type OpenDat } from './piece-reader';
import type { CpuData } from './dat-contents';
import { cutPage } from './cut-page';

export class CpuStream {
  isAtEnd = false;
  /** All events of this CPU before it are read. Null as long as there was none. */
  mark: TraceTime | null = null;
  readonly #stream: number;
  readonly #pieces: PieceReader;
  /** The start of a page whose rest is in the next piece. */
  #rest: Buffer = Buffer.alloc(0);
  /** Where it is in the file. */
  #restAt = 0;

  readonly #data: CpuData;
  readonly #layout: PageLayout;
  readonly #ring: RingReader;

  /**
   * @param layout with the size of this buffer's pages
   * @param change null where the pages have the times as they are
   */
  constructor(
    dat: OpenDat,
    data: CpuData,
    layout: PageLayout,
    change: ClockChange | null,
    ring: RingReader,
    instance: number,
  ) {
    this.#data = data;
    this.#layout = layout;
    this.#ring = ring;

    this.#stream = ring.addStream(data.cpu, instance, change);
    this.#pieces = new PieceReader(dat, data);
  }

  /**
   * Reads on by about so many pages.
   * @param damage takes what could not be read
   * @returns how many bytes came
   */
  async readOn(pages: number, damage: Damage[]): Promise<number> {
    const { pageBytes } = this.#layout;
    const piece = await this.#pieces.next(pages * pageBytes);
    if (piece === null) {
      this.isAtEnd = true;
      if (this.#pieces.damage !== null) damage.push(this.#pieces.damage);
      if (this.#rest.length > 0)
        this.#ring.push(this.#stream, cutPage(this.#rest, this.#layout), this.#restAt);
      return 0;
    }
    const bytes = this.#rest.length === 0 ? piece.bytes : Buffer.concat([this.#rest, piece.bytes]);
    let at = 0;
    for (; at + pageBytes <= bytes.length; at += pageBytes) {
      this.#ring.push(this.#stream, bytes.subarray(at, at + pageBytes), this.#placeOf(piece.atByte, at));
    }
    this.#rest = bytes.subarray(at);
    this.#restAt = this.#placeOf(piece.atByte, at);
    const last = this.#ring.lastTime(this.#stream);
    // A damaged page may have an early time; what was passed on by then is not taken back.
    if (last !== null && (this.mark === null || isLater(last, this.mark))) this.mark = last;
    return piece.bytes.length;
  }

  /** Inside compressed data there are no places: all pages of a piece are where the piece is. */
  #placeOf(pieceAt: number, at: number): number {
    return this.#data.isCompressed ? pieceAt : pieceAt + at;
  }
}

export function isLater(a: Readonly<TraceTime>, b: Readonly<TraceTime>): boolean {
  return a.sec > b.sec || (a.sec === b.sec && a.nsec > b.nsec);
}
