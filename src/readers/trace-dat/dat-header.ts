/**
 * The first bytes of a trace.dat.
 *
 * Format: trace-cmd.dat.v6(5) and trace-cmd.dat.v7(5), "Initial format".
 */
import { TraceError } from '../../trace-error';
import { ByteCursor } from './byte-cursor';
import type { DatBytes } from './dat-bytes';

/** 0x17 0x08 0x44, then "tracing". */
export const TRACE_DAT_MAGIC = '\x17\x08\x44tracing';

export interface DatHeader {
  readonly version: 6 | 7;
  readonly littleEndian: boolean;
  /** Of a `long` in the traced machine's user space: the kernel's may be another, and is in `header_page`. */
  readonly userLongBytes: number;
  readonly pageBytes: number;
  /** 'none', 'zlib' or 'zstd'. */
  readonly compressor: string;
  /** v6: where the tables begin, in bytes. v7: where the first section of options is. */
  readonly tablesAt: number;
}

/** @throws TraceError TRACE_FORMAT where it is no trace.dat, or one of a version that is not read */
export function readDatHeader(bytes: DatBytes, file: string): DatHeader {
  if (bytes.read(0, TRACE_DAT_MAGIC.length).toString('latin1') !== TRACE_DAT_MAGIC)
    throw new TraceError('TRACE_FORMAT', `${file} is no trace.dat`);
  const start = new ByteCursor(bytes, true, TRACE_DAT_MAGIC.length);
  const version = start.name();
  if (version !== '6' && version !== '7') {
    throw new TraceError(
      'TRACE_FORMAT',
      `${file} is a trace.dat of version ${JSON.stringify(version.slice(0, 20))}; versions 6 and 7 are read`,
    );
  }
  const cursor = new ByteCursor(bytes, start.u8() === 0, start.at);
  const userLongBytes = cursor.u8();
  const pageBytes = cursor.u32();
  let compressor = 'none';
  let tablesAt = cursor.at;
  if (version === '7') {
    compressor = cursor.name();
    cursor.name();
    tablesAt = cursor.u64();
  }
  if (cursor.isCut()) throw new TraceError('TRACE_FORMAT', `${file} ends within the header of a trace.dat`);
  return {
    version: version === '6' ? 6 : 7,
    littleEndian: cursor.littleEndian,
    userLongBytes,
    pageBytes,
    compressor,
    tablesAt,
  };
}
