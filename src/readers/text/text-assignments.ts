/**
 * `name=value name="text" ...`: the arguments of a probe, the option `fields`, and most TRACE_EVENTs that have
 * no layout of their own.
 *
 * The kernel prints strings without escaping (trace_probe.c, PRINT_TYPE_FUNC_NAME(string)), so a string ends
 * at the quote after which the next `name=` or the end of the line is. A string that imitates this is
 * cut there: in text the two cannot be distinguished, in raw pages they can.
 */
import type { FieldValue } from '../../trace-event';
import { fromDecimal, fromHex } from '../../kernel/integers';

export interface Assignments {
  readonly fields: Record<string, FieldValue>;
  /** The last string has no closing quote: it contains a newline and goes on in the next line. */
  readonly open: boolean;
  /**
   * A string can be read in two ways: a quote is in a value that has none of its own, or a name comes twice.
   * Without strings nothing is ambiguous.
   */
  readonly isAmbiguous: boolean;
}

/** Where a payload is not made of assignments, what is before the first. */
export const UNASSIGNED = '__text';

const NAME = /[A-Za-z_][A-Za-z0-9_.-]*=/y;
const FIELDS_INTEGER = /^0x([0-9a-f]{1,16}) \((-?[0-9]{1,20})\)$/;
const FIELDS_POINTER = /^\(0x([0-9a-f]{1,16})\)$/;
const FIELDS_SYMBOL = /^(\S+\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[\S+\])?) \(-?[0-9]{1,20}\)$/;

/** The end of an assignment's name that starts at `at`, after its `=`; -1 where there is none. */
function nameEnd(text: string, at: number): number {
  NAME.lastIndex = at;
  return NAME.test(text) ? NAME.lastIndex : -1;
}

function isNameField(name: string): boolean {
  return name.endsWith('comm') || name === 'filename' || name === 'interp';
}

/**
 * The option `fields` prints `0xfffffffffffffffe (-2)` (print_fields() in trace_output.c). The decimal has the
 * sign, but an address is cut to 32 bits there.
 */
function readPrintedTwice(name: string, hex: string, decimal: string): FieldValue | undefined {
  const isSigned =
    !name.startsWith('__probe_') && BigInt.asUintN(hex.length * 4, BigInt(decimal)) === BigInt(`0x${hex}`);
  return isSigned ? fromDecimal(decimal) : fromHex(hex);
}

function readScalar(name: string, text: string): FieldValue {
  // The option `fields` prints a system call's `const char *` so.
  const pointer = text.startsWith('(0x') ? FIELDS_POINTER.exec(text)?.[1] : undefined;
  if (pointer !== undefined) return fromHex(pointer) ?? text;
  if (isNameField(name)) return text;
  const first = text.charCodeAt(0);
  if ((first >= 0x30 && first <= 0x39) || first === 0x2d) {
    const integer = text.startsWith('0x') ? fromHex(text.slice(2)) : fromDecimal(text);
    if (integer !== undefined) return integer;
    const printedTwice = FIELDS_INTEGER.exec(text);
    return (printedTwice ? readPrintedTwice(name, printedTwice[1]!, printedTwice[2]!) : undefined) ?? text;
  }
  if (text === 'true') return true;
  if (text === 'false') return false;
  return FIELDS_SYMBOL.exec(text)?.[1] ?? text;
}

/** What a probe prints instead of memory that it could not read. */
const FAULT = '(fault)';
/** What one event prints is at most one trace_seq. */
const MAX_LIST = 1 << 13;

interface List {
  readonly elements: readonly (number | string)[];
  readonly hasString: boolean;
  /** After its brace. */
  readonly end: number;
}

/** A probe's array, `{1,2,3}` or `{"a","b, c"}`; null where its end cannot be found. */
function readList(text: string, start: number): List | null {
  const elements: (number | string)[] = [];
  let at = start + 1;
  if (text[at] === '}' && isValueEnd(text, at + 1)) return { elements, hasString: false, end: at + 1 };
  let hasString = false;
  for (;;) {
    const isString = text[at] === '"';
    const end = isString ? stringElementEnd(text, at) : listElementEnd(text, at);
    if (end < 0 || end - start > MAX_LIST) return null;
    elements.push(isString ? text.slice(at + 1, end - 1) : readElement(text.slice(at, end)));
    hasString ||= isString;
    at = end + 1;
    if (text[end] === '}') return { elements, hasString, end: at };
  }
}

/** Whether a value may end before this place: another assignment follows, or nothing. */
function isValueEnd(text: string, at: number): boolean {
  return at === text.length || (text[at] === ' ' && nameEnd(text, at + 1) >= 0);
}

/** Where `"text"` ends, before the comma or brace that follows; -1 where it does not. */
function stringElementEnd(text: string, at: number): number {
  for (let quote = text.indexOf('"', at + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    if (quote - at > MAX_LIST) return -1;
    if (text.startsWith(',"', quote + 1) || text.startsWith(`,${FAULT}`, quote + 1)) return quote + 1;
    if (text[quote + 1] === '}' && isValueEnd(text, quote + 2)) return quote + 1;
  }
  return -1;
}

function listElementEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== ',' && text[at] !== '}' && text[at] !== '"') at++;
  return at > from && (text[at] === ',' || (text[at] === '}' && isValueEnd(text, at + 1))) ? at : -1;
}

function readElement(text: string): number | string {
  return (text.startsWith('0x') ? fromHex(text.slice(2)) : fromDecimal(text)) ?? text;
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    if (at + 1 === text.length || (text[at + 1] === ' ' && nameEnd(text, at + 2) >= 0)) return at;
  }
  return -1;
}

/** Whether a string that began in a line before ends in this one. */
export function closesString(text: string): boolean {
  return !readAssignments(`_="${text}`).open;
}

/** Where an unquoted value ends: before the blank that precedes the next name, or at the end. */
function valueEnd(text: string, from: number): number {
  for (let at = text.indexOf(' ', from); at >= 0; at = text.indexOf(' ', at + 1)) {
    if (nameEnd(text, at + 1) >= 0) return at;
  }
  return text.length;
}

export function readAssignments(text: string, from = 0): Assignments {
  const fields: Record<string, FieldValue> = {};
  let hasString = false;
  let isAmbiguous = false;
  let at = from;
  while (at < text.length && text[at] === ' ') at++;
  if (at < text.length && nameEnd(text, at) < 0) {
    const end = valueEnd(text, at);
    fields[UNASSIGNED] = text.slice(at, end);
    at = end + 1;
  }
  while (at < text.length) {
    const start = nameEnd(text, at);
    const name = text.slice(at, start - 1);
    if (Object.hasOwn(fields, name)) isAmbiguous = true;
    if (text[start] === '"') {
      hasString = true;
      const close = closingQuote(text, start + 1);
      if (close < 0) {
        fields[name] = text.slice(start + 1);
        return { fields, open: true, isAmbiguous };
      }
      fields[name] = text.slice(start + 1, close);
      at = close + 2;
      continue;
    }
    const list = text[start] === '{' ? readList(text, start) : null;
    if (list !== null) {
      fields[name] = list.elements;
      hasString ||= list.hasString;
      at = list.end + 1;
      continue;
    }
    const end = valueEnd(text, start);
    const value = text.slice(start, end);
    if (hasString && value.includes('"')) isAmbiguous = true;
    if (value.length === 3 && value.startsWith("'") && value.endsWith("'")) {
      // A probe's `char` type: the field is the number.
      fields[name] = value.charCodeAt(1);
    } else {
      fields[name] = readScalar(name, value);
    }
    at = end + 1;
  }
  return { fields, open: false, isAmbiguous: isAmbiguous && hasString };
}

/**
 * A probe's payload: `(do_sys_open+0x0/0x260) arg1="/etc/hosts"`, with its place under the names of the
 * probe's `format` file (FIELD_STRING_IP and others in kernel/trace/trace_probe.h).
 *
 * kprobe and fprobe `(symbol)`, kretprobe `(return address <- function)`, uprobe `(0x46b0a4)`, eprobe
 * `(system.event)`: the last has no field in its `format`, so it is kept as `__probe_event`.
 */
export function readProbe(payload: string): Assignments | undefined {
  const inner = payload.indexOf(') ');
  const close = inner < 0 && payload.endsWith(')') ? payload.length - 1 : inner;
  if (!payload.startsWith('(') || close < 0) return undefined;
  const place = payload.slice(1, close);
  const arguments_ = readAssignments(payload, close + 1);
  const arrow = place.indexOf(' <- ');
  const address = (text: string): FieldValue =>
    (text.startsWith('0x') ? fromHex(text.slice(2)) : undefined) ?? text;
  const where: Record<string, FieldValue> =
    arrow >= 0
      ? { __probe_func: address(place.slice(arrow + 4)), __probe_ret_ip: address(place.slice(0, arrow)) }
      : /^[A-Za-z_]\w*\.[A-Za-z_]\w*$/.test(place)
        ? { __probe_event: place }
        : { __probe_ip: address(place) };
  return { ...arguments_, fields: { ...where, ...arguments_.fields } };
}
