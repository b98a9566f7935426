/**
 * What an event says in a line of ftrace text, after the time. The name decides how the rest is read, so each
 * name is looked at once and then found by its bytes.
 *
 * Bodies: `name: payload` (TRACE_EVENT, probes), `sys_name(arguments)`, `sys_name -> 0x0`,
 * `function <-caller`, `<stack trace>`, and text that programs wrote (`tracing_mark_write: ...`).
 */
import { EVENT_LAYOUTS, readLayout } from '../../kernel/event-text';
import { fromHex } from '../../kernel/integers';
import type { EventFields, FieldValue } from '../../trace-event';
import { ByteCache } from './byte-cache';
import { NameNumbers } from './name-numbers';
import { readAssignments, readProbe, UNASSIGNED } from './text-assignments';
import { RowKind } from './row-kind';
import { argumentAt, argumentsAt, readSyscallArguments, readSyscallReturn, returnAt } from './text-syscall';

export interface TextBody {
  readonly kind: 'event';
  readonly name: string;
  readonly fields: EventFields;
  /** The text may go on in lines without a prefix: a string with a newline, or a program's own text. */
  readonly open: 'string' | 'print' | null;
  /** A string in it can be read in two ways (text-assignments.ts). */
  readonly isAmbiguous: boolean;
}

export interface StackHeader {
  readonly kind: 'stack';
  readonly of: 'kernel_stack' | 'user_stack';
}

const KERNEL_STACK: StackHeader = { kind: 'stack', of: 'kernel_stack' };
const USER_STACK: StackHeader = { kind: 'stack', of: 'user_stack' };

const COLON = 0x3a;
const BLANK = 0x20;
const OPEN = 0x28;
const CLOSE = 0x29;
const LESS = 0x3c;
const HASH = 0x23;
const GREATER = 0x3e;
const DASH = 0x2d;

function event(
  name: string,
  fields: EventFields,
  open: TextBody['open'] = null,
  isAmbiguous = false,
): TextBody {
  return { kind: 'event', name, fields, open, isAmbiguous };
}

/** `name: payload` of one name. */
type PayloadReader = (payload: string) => TextBody | StackHeader | undefined;

interface PayloadForm {
  readonly name: string;
  readonly read: PayloadReader;
  /** Whatever the payload, it is one event under this name; only a string may go on after the line. */
  readonly takesOneLine: boolean;
}

const PRINTED = new Set(['tracing_mark_write', 'print', 'bprint', 'bputs']);
const NOT_ALWAYS_EVENTS = new Set(['kernel_stack', 'user_stack', 'type']);

function payloadForm(name: string): PayloadForm {
  const takesOneLine = isEventName(name) && !PRINTED.has(name) && !NOT_ALWAYS_EVENTS.has(name);
  return { name, read: payloadReader(name), takesOneLine };
}

function isEventName(name: string): boolean {
  return /^[A-Za-z_][\w.]*$/.test(name);
}

/** ftrace/print: programs' own text, which may have any form and several lines. */
function printReader(ip: string): PayloadReader {
  return (payload) => event('print', { ip, buf: payload }, 'print');
}

/** trace-cmd report names the record first: `bprint: do_idle: text`, and with -R `bprint: ip=.. fmt=..`. */
function reportedPrintReader(name: string): PayloadReader {
  return (text) => {
    const printed = /^\s*([^\s:=]*): ?([^]*)$/.exec(text);
    return printed ? event(name, { ip: printed[1]!, buf: printed[2]! }, 'print') : general(name, text);
  };
}

function payloadReader(name: string): PayloadReader {
  // trace_marker, and trace_printk and bpf_trace_printk from places that are no plain symbol.
  if (name === 'tracing_mark_write' || !isEventName(name)) return printReader(name);
  if (name === 'print' || name === 'bprint' || name === 'bputs') return reportedPrintReader(name);
  if (name === 'kernel_stack') {
    return (payload) =>
      payload.trimStart().startsWith('<stack trace') ? KERNEL_STACK : general(name, payload);
  }
  if (name === 'user_stack') return () => USER_STACK;
  // Options raw, hex and bin: the id of an event type, of which only the traced kernel knows the name.
  if (name === 'type') return (payload) => (/^[0-9]+$/.test(payload) ? undefined : general(name, payload));
  const layouts = EVENT_LAYOUTS.get(name) ?? [];
  if (name.startsWith('sys_enter_') || name.startsWith('sys_exit_')) return reportedSyscall(name);
  return (text) => {
    // trace-cmd report pads after the name.
    const payload = text.trimStart();
    for (const layout of layouts) {
      const fields = readLayout(layout, payload);
      if (fields) return event(name, fields);
    }
    return general(name, payload);
  };
}

function general(name: string, payload: string): TextBody {
  const read = (payload.startsWith('(') ? readProbe(payload) : undefined) ?? readAssignments(payload);
  return event(name, read.fields, read.open ? 'string' : null, read.isAmbiguous);
}

/** trace-cmd report prints the `print fmt` of system calls; the option `fields` prints assignments. */
function reportedSyscall(name: string): PayloadReader {
  return (text) => {
    const payload = text.trim();
    if (payload.startsWith('__syscall_nr=')) return general(name, payload);
    if (name.startsWith('sys_exit_')) {
      const fields = readSyscallReturn(payload);
      return fields ? event(name, fields) : general(name, payload);
    }
    const entry = readSyscallArguments(payload);
    return entry ? event(name, entry.fields, null, entry.isAmbiguous) : general(name, payload);
  };
}

interface SyscallName {
  readonly enter: string;
  readonly exit: string;
  /** Of these names. */
  readonly enterNumber: number;
  readonly exitNumber: number;
}

/** The function tracer: no event name, no colon. */
const FUNCTION = /^(\S+(?: \[\S+\])?) +<-(.+)$/;
const RAW_DATA = /^# ([0-9a-f]{1,8}) buf:((?: [0-9a-f]{2})*)/;
const SWITCH = /^\s*[0-9]+: *[0-9]+:\S+ +(==>|\+)/;
/** The option `fields` knows nothing of ftrace's own records (kernel/trace/trace_entries.h, trace.h). */
const UNKNOWN_TYPE = /^UNKNOWN TYPE (4|12)\s*$/;
const SYMBOL = /^\S+\+0x[0-9a-f]+\/0x[0-9a-f]+$/;

const RETURN_ARROW = ' -> ';

/** Where the name ends that a body starts with: before a colon, a blank or an opening parenthesis. */
export function nameEndOf(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== COLON && bytes[at] !== BLANK && bytes[at] !== OPEN) at++;
  return at;
}

export class BodyReader {
  readonly numbers = new NameNumbers();
  readonly #payloads = new ByteCache((name) => ({
    ...payloadForm(name),
    number: this.numbers.of(name),
  }));
  readonly #syscalls = new ByteCache((name): SyscallName | null => {
    if (!name.startsWith('sys_')) return null;
    const enter = `sys_enter_${name.slice(4)}`;
    const exit = `sys_exit_${name.slice(4)}`;
    return { enter, exit, enterNumber: this.numbers.of(enter), exitNumber: this.numbers.of(exit) };
  });
  readonly #argumentNames = new ByteCache((name) => name);
  readonly #argumentName = (bytes: Buffer, start: number, end: number): string =>
    this.#argumentNames.get(bytes, start, end);

  /** Whether `name: ` begins an event of that name, whatever follows. */
  takesOneLine(bytes: Buffer, start: number, nameEnd: number): boolean {
    return this.#payloads.get(bytes, start, nameEnd).takesOneLine;
  }

  /** The event's name, of a body that starts with it. */
  nameOf(kind: number, bytes: Buffer, start: number, nameEnd: number): string {
    if (kind === RowKind.NAMED) return this.#payloads.get(bytes, start, nameEnd).name;
    const syscall = this.#syscalls.get(bytes, start, nameEnd)!;
    return kind === RowKind.EXIT ? syscall.exit : syscall.enter;
  }

  /** The number of that name, without making it. */
  numberOf(kind: number, bytes: Buffer, start: number, nameEnd: number): number {
    if (kind === RowKind.NAMED) return this.#payloads.get(bytes, start, nameEnd).number;
    const syscall = this.#syscalls.get(bytes, start, nameEnd)!;
    return kind === RowKind.EXIT ? syscall.exitNumber : syscall.enterNumber;
  }

  /** All fields of `ENTER_HEX` and `EXIT`, whose form is known. */
  fieldsOf(kind: number, bytes: Buffer, nameEnd: number, end: number): EventFields {
    return kind === RowKind.EXIT
      ? { ret: returnAt(bytes, nameEnd + RETURN_ARROW.length, end)! }
      : argumentsAt(bytes, nameEnd + 1, end, this.#argumentName);
  }

  /** One field of `ENTER_HEX` and `EXIT`. */
  fieldOf(kind: number, bytes: Buffer, nameEnd: number, end: number, name: string): FieldValue | undefined {
    if (kind === RowKind.ENTER_HEX) return argumentAt(bytes, nameEnd + 1, end, name);
    return name === 'ret' ? returnAt(bytes, nameEnd + RETURN_ARROW.length, end) : undefined;
  }

  /** What kind of row a body is that was read from these bytes. */
  kindOf(body: TextBody, bytes: Buffer, start: number, nameEnd: number): number {
    if (bytes[nameEnd] === OPEN && body.name.startsWith('sys_enter_')) return RowKind.ENTER;
    const isNamed = bytes[nameEnd] === COLON && this.takesOneLine(bytes, start, nameEnd);
    return isNamed ? RowKind.NAMED : RowKind.OTHER;
  }

  /**
   * What is known of a body at the end of a text that has no newline there: `cut` where something of it is missing,
   * `unknown` where it ends with a pid, which may have had more digits, or where nothing says how many values it has.
   * Any other last value is taken as it is, since many a text loses its last newline alone.
   */
  endOf({ name }: TextBody, bytes: Buffer, start: number, end: number): 'whole' | 'cut' | 'unknown' {
    const nameEnd = nameEndOf(bytes, start, end);
    if (bytes[nameEnd] === OPEN && name.startsWith('sys_enter_'))
      return bytes[end - 1] === CLOSE ? 'whole' : 'cut';
    const layouts = EVENT_LAYOUTS.get(name);
    if (bytes[nameEnd] !== COLON || PRINTED.has(name)) return 'whole';
    const payload = bytes.toString('utf8', Math.min(nameEnd + 2, end), end).trimStart();
    if (layouts === undefined) return payload === '' ? 'cut' : 'unknown';
    const layout = layouts.find((each) => readLayout(each, payload) !== undefined);
    if (layout === undefined) return 'cut';
    return layout.literals.at(-1) === '' && layout.fields.at(-1)!.name.endsWith('pid') ? 'unknown' : 'whole';
  }

  /** Undefined where the line has no body that the kernel prints. */
  read(bytes: Buffer, start: number, end: number): TextBody | StackHeader | undefined {
    let from = start;
    while (from < end && bytes[from] === BLANK) from++;
    if (from === end) return undefined;
    if (bytes[from] === LESS)
      return this.#readStackHeader(bytes, from, end) ?? this.#readNamed(bytes, from, start, end);
    return this.#readNamed(bytes, from, start, end);
  }

  #readStackHeader(bytes: Buffer, from: number, end: number): StackHeader | undefined {
    const text = bytes.toString('latin1', from, end).trimEnd();
    if (text === '<stack trace>' || text === '<stack trace >') return KERNEL_STACK;
    return text === '<user stack trace>' ? USER_STACK : undefined;
  }

  #readNamed(bytes: Buffer, from: number, start: number, end: number): TextBody | StackHeader | undefined {
    const at = nameEndOf(bytes, from, end);
    if (bytes[at] === OPEN && at < end) {
      return this.#readSyscallEnter(bytes, from, at, end) ?? this.#readOther(bytes, start, end);
    }
    if (bytes[at] === BLANK && bytes[at + 1] === DASH && bytes[at + 2] === GREATER && at < end) {
      return this.#readSyscallExit(bytes, from, at, end) ?? this.#readOther(bytes, start, end);
    }
    if (at < end && bytes[at] === COLON && (at + 1 === end || bytes[at + 1] === BLANK)) {
      return this.#payloads.get(bytes, from, at).read(bytes.toString('utf8', Math.min(at + 2, end), end));
    }
    return this.#readOther(bytes, start, end);
  }

  #readSyscallEnter(bytes: Buffer, from: number, open: number, end: number): TextBody | undefined {
    const syscall = this.#syscalls.get(bytes, from, open);
    if (syscall === null) return undefined;
    if (open + 2 === end && bytes[open + 1] === CLOSE) return event(syscall.enter, {});
    const entry = readSyscallArguments(bytes.toString('utf8', open + 1, end));
    return entry && event(syscall.enter, entry.fields, null, entry.isAmbiguous);
  }

  #readSyscallExit(bytes: Buffer, from: number, blank: number, end: number): TextBody | undefined {
    const syscall = this.#syscalls.get(bytes, from, blank);
    const fields = syscall && readSyscallReturn(bytes.toString('latin1', blank + 4, end).trimEnd());
    return syscall && fields ? event(syscall.exit, fields) : undefined;
  }

  /** What has neither `name: ` nor the form of a system call. */
  #readOther(bytes: Buffer, start: number, end: number): TextBody | StackHeader | undefined {
    const text = bytes.toString('utf8', start, end);
    const traced = FUNCTION.exec(text);
    if (traced) return event('function', { ip: traced[1]!, parent_ip: traced[2]! });
    if (SYMBOL.test(text)) return event('function', { ip: text });
    if (bytes[start] === HASH) {
      const raw = RAW_DATA.exec(text);
      if (raw) {
        const buf = raw[2]
          ? raw[2]
              .trim()
              .split(' ')
              .map((byte) => Number.parseInt(byte, 16))
          : [];
        return event('raw_data', { id: fromHex(raw[1]!)!, buf });
      }
    }
    const unknown = UNKNOWN_TYPE.exec(text)?.[1];
    if (unknown) return unknown === '4' ? KERNEL_STACK : USER_STACK;
    const switched = SWITCH.exec(text)?.[1];
    if (switched)
      return event(switched === '==>' ? 'context_switch' : 'wakeup', { [UNASSIGNED]: text.trim() });
    return undefined;
  }
}

/** The event again with the lines that belong to it: `open` stays set while its string is not closed. */
export function continueBody(body: TextBody, lines: readonly string[]): TextBody {
  if (body.open === 'print') {
    const buf = [body.fields['buf'], ...lines].join('\n');
    return event(body.name, { ...body.fields, buf }, 'print');
  }
  const names = Object.keys(body.fields);
  const last = names[names.length - 1]!;
  // The last argument's text went on: quotes after it are read as if it had been in one line.
  const read = readAssignments(`${last}="${[body.fields[last], ...lines].join('\n')}`);
  const fields: Record<string, FieldValue> = { ...body.fields, ...read.fields };
  return event(body.name, fields, read.open ? 'string' : null, body.isAmbiguous || read.isAmbiguous);
}
