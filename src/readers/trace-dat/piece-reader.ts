/**
 * Trace data in the order of the file, in bounded pieces: as it is, or decompressed piece by piece.
 *
 * Format: trace-cmd.dat.v7(5), "Compression format of the trace data": a u32 that counts the pieces, then for each its
 * compressed size (u32), its size (u32), and its bytes.
 */
import type { FileHandle } from 'node:fs/promises';
import type { Damage } from '../../trace-event';
import type { Decompress } from './compression';

/** What one read of the file brings. */
const WINDOW_BYTES = 1 << 18;
/** trace-cmd compresses ten pages at a time, of 64 KB at most. A file that claims more is damaged. */
const LARGEST_PIECE = 1 << 26;
const COUNT_BYTES = 4;
const PIECE_HEADER_BYTES = 8;

export interface Place {
  readonly at: number;
  readonly size: number;
  readonly isCompressed: boolean;
}

/** A file that is read where one likes. */
export interface OpenDat {
  readonly handle: FileHandle;
  readonly size: number;
  readonly littleEndian: boolean;
  readonly decompress: Decompress;
}

export interface Piece {
  readonly bytes: Buffer;
  /** Where it is in the file; for what was compressed, where that begins. */
  readonly atByte: number;
}

export class PieceReader {
  #at: number;
  readonly #end: number;
  #piecesLeft: number | null = null;
  /** What is read of compressed data and not yet used. */
  #window: Buffer = Buffer.alloc(0);
  #damage: Damage | null = null;
  /** The bytes after those that were given, on their way while these are walked. */
  #ahead: Promise<Buffer> | null = null;

  readonly #dat: OpenDat;
  readonly #place: Place;

  constructor(dat: OpenDat, place: Place) {
    this.#dat = dat;
    this.#place = place;

    this.#at = place.at;
    // The stated size of compressed data does not count the number of pieces before them.
    const end = place.at + place.size + (place.isCompressed ? COUNT_BYTES : 0);
    this.#end = Math.min(end, dat.size);
    if (end > dat.size) this.#damage = { code: 'DAT_CUT', atByte: dat.size };
  }

  /** Why there is no more than `next` gave; null where everything was there. */
  get damage(): Damage | null {
    return this.#damage;
  }

  /**
   * The next bytes; null at the end.
   * @param bytes how many; of compressed data there may be more, since a piece comes whole
   */
  async next(bytes: number): Promise<Piece | null> {
    if (this.#place.isCompressed) return this.#nextCompressed();
    const read = await (this.#ahead ?? this.#read(Math.min(bytes, this.#end - this.#at)));
    const atByte = this.#at - read.length;
    this.#ahead = null;
    if (read.length === 0) return null;
    this.#ahead = this.#read(Math.min(bytes, this.#end - this.#at));
    // Who awaits it gets the error; nobody does where the reading of the trace is given up.
    this.#ahead.catch(() => undefined);
    return { bytes: read, atByte };
  }

  async #nextCompressed(): Promise<Piece | null> {
    if (this.#piecesLeft === null) {
      const count = await this.#take(COUNT_BYTES);
      this.#piecesLeft = count === null ? 0 : this.#u32(count, 0);
    }
    if (this.#piecesLeft === 0) return null;
    this.#piecesLeft--;
    const atByte = this.#at - this.#window.length;
    const header = await this.#take(PIECE_HEADER_BYTES);
    if (header === null) return this.#stop('DAT_CUT', atByte);
    const size = this.#u32(header, 0);
    const statedBytes = this.#u32(header, 4);
    if (size > LARGEST_PIECE || statedBytes > LARGEST_PIECE) return this.#stop('DAT_COMPRESSED', atByte);
    const compressed = await this.#take(size);
    if (compressed === null) return this.#stop('DAT_CUT', atByte);
    const content = this.#dat.decompress(compressed, statedBytes);
    return content === null ? this.#stop('DAT_COMPRESSED', atByte) : { bytes: content, atByte };
  }

  /** After a broken piece nothing says where the next begins. */
  #stop(code: 'DAT_CUT' | 'DAT_COMPRESSED', atByte: number): null {
    this.#damage ??= { code, atByte };
    this.#piecesLeft = 0;
    return null;
  }

  #u32(bytes: Buffer, at: number): number {
    return this.#dat.littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }

  /** Exactly so many bytes of compressed data; null where there are fewer. */
  async #take(bytes: number): Promise<Buffer | null> {
    if (this.#window.length < bytes) {
      const wanted = Math.min(Math.max(bytes, WINDOW_BYTES) - this.#window.length, this.#end - this.#at);
      this.#window = Buffer.concat([this.#window, await this.#read(wanted)]);
      if (this.#window.length < bytes) return null;
    }
    const taken = this.#window.subarray(0, bytes);
    this.#window = this.#window.subarray(bytes);
    return taken;
  }

  /** As many of the bytes as there are. */
  async #read(bytes: number): Promise<Buffer> {
    if (bytes <= 0) return Buffer.alloc(0);
    const buffer = Buffer.allocUnsafeSlow(bytes);
    let filled = 0;
    while (filled < bytes) {
      const { bytesRead } = await this.#dat.handle.read(buffer, filled, bytes - filled, this.#at + filled);
      if (bytesRead === 0) {
        // It became shorter while it was read.
        this.#damage ??= { code: 'DAT_CUT', atByte: this.#at + filled };
        break;
      }
      filled += bytesRead;
    }
    this.#at += filled;
    return buffer.subarray(0, filled);
  }
}
