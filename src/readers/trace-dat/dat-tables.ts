/**
 * The tables of the traced kernel. v6 has them one after the other, v7 each in a section, with the same bytes.
 *
 * Format: trace-cmd.dat.v6(5).
 */
import { ByteCursor } from './byte-cursor';
import type { DatContents } from './dat-contents';

/** A `format` file has some kilobytes. */
const MAX_FORMAT = 1 << 20;

/** `header_page` and `header_event`. False where they are something else. */
export function readHeaderInfo(cursor: ByteCursor, contents: DatContents): boolean {
  if (cursor.name() !== 'header_page') return false;
  contents.headerPage = cursor.text(cursor.u64());
  if (cursor.name() !== 'header_event') return false;
  cursor.skip(cursor.u64());
  return !cursor.isCut();
}

function readFormats(cursor: ByteCursor, contents: DatContents, system: string): void {
  const count = cursor.u32();
  for (let i = 0; i < count && !cursor.isCut(); i++) {
    const size = cursor.u64();
    if (size > MAX_FORMAT) cursor.skip(size);
    else contents.formats.push({ system, text: cursor.text(size) });
  }
}

/** The format files of the system `ftrace`: markers, call traces and what the tracers write. */
export function readFtraceFormats(cursor: ByteCursor, contents: DatContents): boolean {
  readFormats(cursor, contents, 'ftrace');
  return !cursor.isCut();
}

/** The format files of all other systems. */
export function readEventFormats(cursor: ByteCursor, contents: DatContents): boolean {
  const systems = cursor.u32();
  for (let i = 0; i < systems && !cursor.isCut(); i++) {
    readFormats(cursor, contents, cursor.name());
  }
  return !cursor.isCut();
}

/** `PID COMM` a line. */
export function readSavedCmdlines(cursor: ByteCursor, contents: DatContents): boolean {
  contents.savedCmdlines = cursor.text(cursor.u64());
  return !cursor.isCut();
}
