import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** A longer line is passed on in pieces of this size, so that output without newlines cannot fill the memory. */
const LONGEST_LINE = 1_048_576;

/**
 * Calls `line` for each whole line of the stream, and for a last one without a newline. Neither a line nor a
 * character of several bytes is ever cut at the edge of a chunk.
 * @param stream null where it was handed on to somebody else
 * @returns when the stream ended; its errors end it
 */
export function eachLine(stream: Readable | null, line: (text: string) => void): Promise<void> {
  if (stream === null) return Promise.resolve();
  const decoder = new StringDecoder('utf8');
  let open = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (open + decoder.write(chunk)).split('\n');
    open = lines.pop() ?? '';
    for (const text of lines) line(text);
    while (open.length > LONGEST_LINE) {
      line(open.slice(0, LONGEST_LINE));
      open = open.slice(LONGEST_LINE);
    }
  });
  return new Promise((resolve) => {
    let done = false;
    const finish = (): void => {
      if (done) return;
      done = true;
      open += decoder.end();
      if (open !== '') line(open);
      resolve();
    };
    stream.on('end', finish);
    stream.on('error', finish);
    stream.on('close', finish);
  });
}
