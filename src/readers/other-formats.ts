/** Files that people take for traces, and what to do with each: recognised by their first bytes. */

interface OtherFormat {
  readonly begins: (head: string) => boolean;
  readonly advice: string;
}

/** A control character that no text has: also not in a terminal's escape sequences. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x01-\x08\x0e-\x1a\x1c-\x1f]/;

const OTHER_FORMATS: readonly OtherFormat[] = [
  { begins: startsWith('\x1f\x8b'), advice: 'is compressed with gzip; decompress it first: gunzip FILE' },
  { begins: startsWith('(\xb5/\xfd'), advice: 'is compressed with zstd; decompress it first: unzstd FILE' },
  { begins: startsWith('\xfd7zXZ\0'), advice: 'is compressed with xz; decompress it first: unxz FILE' },
  { begins: startsWith('PK\x03\x04'), advice: 'is a zip archive; unpack it first' },
  { begins: startsWith('PERFILE2'), advice: 'is a recording of perf, which only perf reads' },
  {
    begins: (head) => head.startsWith('\xff\xfe') || head.startsWith('\xfe\xff'),
    advice: 'is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8 FILE',
  },
  {
    // Without blanks before it: a line of ftrace starts with one, whatever its task is called.
    begins: (head) => /^(?:\{\s*["}]|\[\s*(?:\{\s*"|\]))/.test(head),
    advice: 'is JSON, not ftrace text; give the trace itself',
  },
  {
    begins: (head) => head.includes('\0') && CONTROL.test(head),
    advice:
      'is binary, and neither a capture of ftrace-life nor a trace.dat. Pages of trace_pipe_raw cannot be read' +
      ' without the format files of their kernel: record with ftrace-life record -o, or with trace-cmd',
  },
];

function startsWith(magic: string): (head: string) => boolean {
  return (head) => head.startsWith(magic);
}

/**
 * What a file is that we do not read, and the way out; null where it may be ftrace text.
 * @param head its first bytes, one character each
 */
export function adviceOnOtherFormat(head: string): string | null {
  return OTHER_FORMATS.find(({ begins }) => begins(head))?.advice ?? null;
}
