/**
 * The `format` file of one event: which field is where in its record.
 *
 * Grammar: `f_show()` in kernel/trace/trace_events.c. One file for each event at events/SYSTEM/NAME/format; ids
 * and offsets differ between kernels, so they are always read, never assumed. Kernels before 2.6.32 say no `signed:`,
 * and formats of the ftrace system had `field special:` and names with a `.` in them (libtraceevent,
 * `event_read_fields()`).
 */

export interface FormatField {
  readonly name: string;
  /** As declared, without the array brackets: `unsigned long`, `__data_loc char[]`, `pid_t`. */
  readonly type: string;
  /** Bytes from the start of the record (which begins with `common_type`). */
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  /** Whether it was declared with brackets, be it `[1]`, or has no size of its own. */
  readonly isArray: boolean;
  /** Elements; 1 for a plain field, 0 for "the rest of the record". */
  readonly elements: number;
  /** Of one element; of what `__data_loc` and `__rel_loc` lead to, there; 1 where the type does not tell. */
  readonly elementBytes: number;
}

export interface EventFormat {
  readonly name: string;
  readonly id: number;
  /** `common_type`, `common_flags`, `common_preempt_count`, `common_pid`, ... */
  readonly common: readonly FormatField[];
  readonly fields: readonly FormatField[];
}

/** `common_type` is a u16. */
const LARGEST_ID = 0xffff;
/** The kernel makes no such declaration; a longer one is not looked at. */
const MAX_LINE = 4096;

/** Bytes of one value of a C type on a kernel whose `long` has so many bytes; undefined where the type does not tell. */
export function bytesOfType(type: string, longBytes: 4 | 8): number | undefined {
  if (type.includes('*')) return longBytes;
  if (/\bstruct\b|\bunion\b/.test(type)) return undefined;
  if (/\b(?:char|bool|_Bool)\b/.test(type)) return 1;
  if (/\bshort\b/.test(type)) return 2;
  const stated = /\b(?:__)?(?:u|s|u?int|le|be)(8|16|32|64)(?:_t)?\b/.exec(type);
  if (stated !== null) return Number(stated[1]) / 8;
  if (/\blong long\b/.test(type)) return 8;
  if (/\bu?long\b|\bs?size_t\b|\buintptr_t\b/.test(type)) return longBytes;
  if (/\bint\b|\bunsigned\b|\benum\b|\bpid_t\b/.test(type)) return 4;
  return undefined;
}

function elementCount(brackets: string, size: number, typeBytes: number | undefined): number {
  const stated = Number(brackets.trim());
  // Elements of no whole number of bytes are none; so is `[1e9]` in a file that somebody made up.
  if (Number.isInteger(stated) && stated > 0 && size % stated === 0) return stated;
  // An expression such as `[sizeof(x)]` is not evaluated: the size says it all.
  return Math.max(1, Math.floor(size / (typeBytes ?? 1)));
}

/** Where the last pair of brackets of a declaration opens; -1 where it does not end with one. */
function openingBracket(declaration: string): number {
  if (!declaration.endsWith(']')) return -1;
  let depth = 0;
  for (let at = declaration.length - 1; at >= 0; at--) {
    const char = declaration[at];
    if (char === ']') depth++;
    else if (char === '[' && --depth === 0) return at;
  }
  return -1;
}

/** `unsigned long args[6]`, `__data_loc char[] name`, `char [16] name`, `const char __user *const __user * argv`. */
function readDeclaration(
  declared: string,
): { type: string; name: string; brackets: string | undefined } | null {
  const opening = openingBracket(declared);
  const named = opening < 0 ? declared : declared.slice(0, opening).trimEnd();
  let start = named.length;
  while (start > 0 && /[\w.]/.test(named[start - 1]!)) start--;
  const name = named.slice(start);
  const type = named.slice(0, start).trim();
  // A field of this name would be no property of the object that holds the fields.
  if (name === '' || type === '' || name === '__proto__') return null;
  if (opening >= 0) return { type, name, brackets: declared.slice(opening + 1, -1) };
  const inType = isLocated(type) ? -1 : openingBracket(type);
  if (inType < 0) return { type, name, brackets: undefined };
  return { type: type.slice(0, inType).trimEnd(), name, brackets: type.slice(inType + 1, -1) };
}

/** Whether the field says where its value is, instead of being it. */
export function isLocated(type: string): boolean {
  return type.startsWith('__data_loc') || type.startsWith('__rel_loc');
}

const FIELD =
  /^\s*field\s*(?:special\s*)?:\s*([^;]+);\s*offset:\s*(\d+);\s*size:\s*(\d+);(?:\s*signed:\s*(\d+);)?/;

function readField(line: string, longBytes: 4 | 8): FormatField | null {
  if (line.length > MAX_LINE) return null;
  const field = FIELD.exec(line);
  if (field === null) return null;
  const declared = readDeclaration(field[1]!.trim());
  if (declared === null) return null;
  const { type, name, brackets } = declared;
  const size = Number(field[3]);
  const typeBytes = bytesOfType(type, longBytes);
  // Old kernels declare the rest of the record as `char buf`, without brackets.
  const isArray = brackets !== undefined || size === 0;
  const elements = size === 0 ? 0 : brackets === undefined ? 1 : elementCount(brackets, size, typeBytes);
  return {
    name,
    type,
    offset: Number(field[2]),
    size,
    // Kernels before 2.6.32 do not say; a plain `int` or `long` is signed.
    signed: field[4] === undefined ? !/unsigned|\bu\d+|\*|char/.test(type) : field[4] !== '0',
    isArray,
    elements,
    elementBytes: elements === 0 || isLocated(type) ? (typeBytes ?? 1) : size / elements,
  };
}

/** Name and id alone, which is all that is needed until a record of the event comes. Null as for `parseFormat`. */
export function readFormatHead(text: string): { readonly name: string; readonly id: number } | null {
  const name = lineAfter(text, 'name: ');
  const digits = lineAfter(text, 'ID: ');
  if (name === '' || !/^\d{1,5}$/.test(digits)) return null;
  const id = Number(digits);
  return id > LARGEST_ID ? null : { name, id };
}

/** The rest of the first line that begins so; '' where none does. */
function lineAfter(text: string, key: string): string {
  const found = text.startsWith(key) ? 0 : text.indexOf(`\n${key}`) + 1;
  if (found === 0 && !text.startsWith(key)) return '';
  const start = found + key.length;
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? undefined : end).trim();
}

/**
 * Null where the text is not a `format` file, or of an id that no record can have. Unknown lines are passed over, as
 * libtraceevent does.
 *
 * @param longBytes of the traced kernel's `long`; its pages tell (`PageLayout.commitBytes`)
 */
export function parseFormat(text: string, longBytes: 4 | 8 = 8): EventFormat | null {
  const head = readFormatHead(text);
  if (head === null) return null;
  const common: FormatField[] = [];
  const fields: FormatField[] = [];
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    if (text.startsWith('print fmt:', start)) break;
    const field = readField(text.slice(start, end), longBytes);
    if (field !== null) (field.name.startsWith('common_') ? common : fields).push(field);
    start = end + 1;
  }
  return { ...head, common, fields };
}
