/**
 * The compressors that a trace.dat v7 names in its header.
 *
 * Sources: trace-cmd.dat.v7(5); lib/trace-cmd/trace-compress-zlib.c (`compress2()`, a zlib stream) and
 * trace-compress-zstd.c (one zstd frame, which does not say how long its content is).
 */
import zlib from 'node:zlib';
import { TraceError } from '../../trace-error';

/** Of one piece, decompressed: trace-cmd cuts trace data into pieces of ten pages, and tables have some megabytes. */
const LARGEST_PIECE = 1 << 28;

/** The content of one piece; null where it is not what was compressed, or not as long as stated. */
export type Decompress = (piece: Buffer, statedBytes: number) => Buffer | null;

interface ZlibOptions {
  readonly maxOutputLength: number;
}

/** What we use of `node:zlib`; zstd came with Node 22.15. */
export interface Engines {
  readonly inflateSync: (piece: Buffer, options: ZlibOptions) => Buffer;
  readonly zstdDecompressSync?: (piece: Buffer, options: ZlibOptions) => Buffer;
}

/**
 * @param name as the file's header has it; 'none' for a file without compression
 * @throws TraceError TRACE_FORMAT for a compressor that this Node does not have
 */
export function decompressorOf(name: string, file: string, engines: Engines = zlib): Decompress {
  const engine =
    name === 'zlib' ? engines.inflateSync : name === 'zstd' ? engines.zstdDecompressSync : undefined;
  if (engine === undefined && name !== 'none') {
    const need = name === 'zstd' ? 'which needs Node 22.15 or later' : 'which is not known here';
    const way = `trace-cmd convert --file-version 7 --compression none -i ${file} -o plain.dat`;
    throw new TraceError('TRACE_FORMAT', `${file} is compressed with ${name}, ${need}; or: ${way}`);
  }
  return (piece, statedBytes) => {
    if (engine === undefined || statedBytes > LARGEST_PIECE) return null;
    try {
      const content = engine(piece, { maxOutputLength: Math.max(1, statedBytes) });
      return content.length === statedBytes ? content : null;
    } catch {
      return null;
    }
  };
}
