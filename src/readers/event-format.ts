/**
 * The `format` file of one event: which field stands where in its record.
 *
 * Grammar: `f_show()` in kernel/trace/trace_events.c. One file for each event at events/SYSTEM/NAME/format; ids
 * and offsets differ between kernels, so they are always read, never assumed.
 */

export interface FormatField {
  readonly name: string;
  /** As declared, without the array brackets: `unsigned long`, `__data_loc char[]`, `pid_t`. */
  readonly type: string;
  /** Bytes from the start of the record (which begins with `common_type`). */
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  /** Elements; 1 for a plain field, 0 for "the rest of the record". */
  readonly elements: number;
}

export interface EventFormat {
  readonly name: string;
  readonly id: number;
  /** `common_type`, `common_flags`, `common_preempt_count`, `common_pid`, ... */
  readonly common: readonly FormatField[];
  readonly fields: readonly FormatField[];
}

// The declaration may hold spaces, `*`, attributes and brackets, so it ends at the first `;`.
const FIELD = /^\s*field:\s*([^;]+);\s*offset:\s*(\d+);\s*size:\s*(\d+);(?:\s*signed:\s*(\d+);)?/;
// `char comm[16]`, `unsigned long args[6]`, `__u8 mac[(6)]`; a dynamic array has its brackets in the type.
const DECLARATION = /^(.*?[\s*\]])([\w.]+)\s*(?:\[([^\]]*)\])?$/;

function readField(line: string): FormatField | null {
  const field = FIELD.exec(line);
  if (field === null) return null;
  const declared = DECLARATION.exec(field[1]!.trim());
  if (declared === null) return null;
  const type = declared[1]!.trim();
  const size = Number(field[3]);
  const brackets = declared[3];
  return {
    name: declared[2]!,
    type,
    offset: Number(field[2]),
    size,
    // Kernels before 2.6.32 do not say; a plain `int` or `long` is signed.
    signed: field[4] === undefined ? !/unsigned|\bu\d+|\*|char/.test(type) : field[4] !== '0',
    // Old kernels declare the rest of the record as `char buf`, without brackets.
    elements: size === 0 ? 0 : brackets === undefined ? 1 : elementCount(brackets, type, size),
  };
}

function elementCount(brackets: string, type: string, size: number): number {
  const stated = Number(brackets.trim());
  // Elements of no whole number of bytes are none; so is `[1e9]` in a file that somebody made up.
  if (Number.isInteger(stated) && stated > 0 && size % stated === 0) return stated;
  // An expression such as `[sizeof(x)]` is not evaluated: the size says it all.
  return Math.max(1, Math.floor(size / elementBytes(type)));
}

/** By its C type, of a 64-bit kernel. */
export function elementBytes(type: string): number {
  if (/\bchar\b|\b[us]8\b|__u8|uint8_t|bool/.test(type)) return 1;
  if (/short|\b[us]16\b|__u16|uint16_t/.test(type)) return 2;
  if (/long|\b[us]64\b|__u64|uint64_t|\*|size_t/.test(type)) return 8;
  return 4;
}

/** Null where the text is not a `format` file. Unknown lines are passed over, as libtraceevent does. */
export function parseFormat(text: string): EventFormat | null {
  let name = '';
  let id = -1;
  const common: FormatField[] = [];
  const fields: FormatField[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('name: ')) name = line.slice(6).trim();
    else if (line.startsWith('ID: ')) id = Number(line.slice(4));
    else if (line.startsWith('print fmt:')) break;
    else {
      const field = readField(line);
      if (field !== null) (field.name.startsWith('common_') ? common : fields).push(field);
    }
  }
  return name === '' || !Number.isInteger(id) || id < 0 ? null : { name, id, common, fields };
}
