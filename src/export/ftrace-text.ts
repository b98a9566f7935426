/**
 * Events as ftrace prints them, in the layout of 6.18: a saved trace that every tool for ftrace text reads, and
 * that `TextReader` reads back to equal events.
 *
 * Format: trace_print_context() in kernel/trace/trace_output.c (`%16s-%-7d [%03d] flags %5lu.%06lu: `),
 * trace_syscalls.c for system calls, TP_printk of each event (src/kernel/event-text.ts).
 *
 * Unlike the kernel, which prints names as they are, control characters become `.`: a name with a newline
 * would forge a line. In the other direction nothing is invented: what has no layout is printed as
 * `name: field=value`, with strings in quotes.
 */
import { EVENT_LAYOUTS, printLayout } from '../kernel/event-text';
import { fromDecimal, toHex } from '../kernel/integers';
import type { EventFields, FieldValue, Loss, TraceEvent, TraceNote } from '../trace-event';

export interface TextStyle {
  /** Nine digits of the second instead of the kernel's six: no two moments fall together. */
  readonly nanoseconds?: boolean;
}

export interface TextHeader {
  /** How many events follow, how many the kernel wrote (the difference was overwritten), on how many CPUs. */
  readonly entries?: { readonly inBuffer: number; readonly written: number; readonly cpus: number };
}

const COMM_COLUMNS = 16;
const PID_COLUMNS = 7;
const UNASSIGNED = '__text';
/** Below this the kernel prints an argument in decimal (print_syscall_enter(), 6.18). */
const FIRST_HEX_ARGUMENT = 10;

const encoder = new TextEncoder();

function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replaceAll(/[\u0000-\u001f\u007f]/g, '.');
}

/** `%16s` counts bytes. */
function padComm(comm: string): string {
  return ' '.repeat(Math.max(0, COMM_COLUMNS - encoder.encode(comm).length)) + comm;
}

function formatPrefix(event: TraceEvent, style: TextStyle): string {
  const comm = event.comm === null ? '<...>' : oneLine(event.comm);
  const pid = String(event.pid).padEnd(PID_COLUMNS);
  const tgid = event.tgid === null ? '' : `(${String(event.tgid).padStart(PID_COLUMNS)}) `;
  const cpu = String(event.cpu).padStart(3, '0');
  const flags = event.flags === '' ? '' : `${event.flags} `;
  const time = style.nanoseconds ? event.ts.toFixed(9).padStart(15) : event.ts.toFixed(6).padStart(12);
  return `${padComm(comm)}-${pid} ${tgid}[${cpu}] ${flags}${time}: `;
}

/** What the record carries for the kernel's own use, and no `print fmt` shows. */
function isPrinted(name: string): boolean {
  return !name.startsWith('common_') && name !== '__syscall_nr';
}

function printedFields(fields: EventFields): EventFields {
  const names = Object.keys(fields);
  if (names.every(isPrinted)) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => isPrinted(name)));
}

function hexOf(value: FieldValue): string | undefined {
  const digits = toHex(value);
  return digits === undefined ? undefined : `0x${digits}`;
}

function formatArgument(value: FieldValue): string {
  if (typeof value === 'number' && value >= 0 && value < FIRST_HEX_ARGUMENT) return String(value);
  return hexOf(value) ?? oneLine(String(value));
}

/** The kernel's two ways: ` "text"`, and for what is no plain text ` (68:69:0a) "hi."`, exact in its bytes. */
function formatCarried(text: string): string {
  const shown = oneLine(text);
  if (shown === text && !text.includes('"')) return ` "${text}"`;
  const bytes = Array.from(encoder.encode(text), (byte) => byte.toString(16).padStart(2, '0'));
  return ` (${bytes.join(':')}) "${shown}"`;
}

/** `sys_openat(dfd: 0xffffff9c, filename: 0x55.. "/etc/hosts", flags: 0, mode: 0)` */
function formatSyscallEnter(call: string, fields: EventFields): string {
  const printed = Object.entries(fields)
    .filter(([name]) => !/^__.*_val$/.test(name))
    .map(([name, value]) => {
      const carried = fields[`__${name}_val`];
      return `${name}: ${formatArgument(value)}${typeof carried === 'string' ? formatCarried(carried) : ''}`;
    });
  return `sys_${call}(${printed.join(', ')})`;
}

function formatElement(value: number | string): string {
  return typeof value === 'number' || hexOf(value) !== undefined ? String(value) : `"${oneLine(value)}"`;
}

/** Bare only where it cannot be read as anything else. */
function formatText(name: string, value: string): string {
  const text = oneLine(value);
  const isPlain = /^[A-Za-z_/.][^\s"=]*$/.test(text) && text !== 'true' && text !== 'false';
  return isPlain && !name.startsWith('__') ? text : `"${text}"`;
}

function formatValue(name: string, value: FieldValue, quoted: boolean): string {
  if (Array.isArray(value))
    return `{${(value as readonly (number | string)[]).map(formatElement).join(',')}}`;
  if (typeof value !== 'string') return String(value);
  if (hexOf(value) !== undefined && fromDecimal(value) === undefined) return value;
  return quoted ? `"${oneLine(value)}"` : formatText(name, value);
}

function formatAssignments(fields: EventFields, names: readonly string[], quoted: boolean): string {
  return names.map((name) => `${name}=${formatValue(name, fields[name]!, quoted)}`).join(' ');
}

const PLACES = ['__probe_ip', '__probe_ret_ip', '__probe_func', '__probe_event'];

/** `(do_sys_open+0x0/0x260) arg1="/etc/hosts"`; undefined for what is no probe's event. */
function formatProbe(fields: EventFields): string | undefined {
  const place = (name: string): string | undefined => {
    const value = fields[name];
    return typeof value === 'string' ? oneLine(value) : value === undefined ? undefined : hexOf(value);
  };
  const returned = place('__probe_ret_ip');
  const where =
    returned === undefined
      ? (place('__probe_ip') ?? place('__probe_event'))
      : `${returned} <- ${place('__probe_func') ?? '0x0'}`;
  if (where === undefined) return undefined;
  const names = Object.keys(fields).filter((name) => !PLACES.includes(name));
  return `(${where})${names.length > 0 ? ' ' : ''}${formatAssignments(fields, names, true)}`;
}

function formatPayload(name: string, fields: EventFields): string {
  for (const layout of EVENT_LAYOUTS.get(name) ?? []) {
    const payload = printLayout(layout, fields);
    if (payload !== undefined) return oneLine(payload);
  }
  const probe = formatProbe(fields);
  if (probe !== undefined) return probe;
  const unassigned = fields[UNASSIGNED];
  const names = Object.keys(fields).filter((field) => field !== UNASSIGNED);
  const assignments = formatAssignments(fields, names, false);
  if (typeof unassigned !== 'string') return assignments;
  return oneLine(unassigned) + (assignments && ` ${assignments}`);
}

/** Programs' own text: `tracing_mark_write: hello`; trace-cmd report names the other two first. */
const PRINTS: ReadonlySet<string> = new Set(['print', 'bprint', 'bputs']);

function formatBody(name: string, fields: EventFields): string {
  if (name.startsWith('sys_enter_')) return formatSyscallEnter(name.slice('sys_enter_'.length), fields);
  if (name.startsWith('sys_exit_')) {
    return `sys_${name.slice('sys_exit_'.length)} -> ${hexOf(fields['ret'] ?? 0) ?? '0x0'}`;
  }
  const { ip, buf } = fields;
  if (PRINTS.has(name) && typeof ip === 'string' && typeof buf === 'string') {
    // Its own newlines are the program's: the kernel prints them too, and readers join the lines.
    return `${name === 'print' ? '' : `${name}: `}${oneLine(ip)}: ${buf}`;
  }
  if (name === 'function') {
    const parent = fields['parent_ip'];
    return oneLine(parent === undefined ? String(ip) : `${String(ip)} <-${String(parent)}`);
  }
  if (name === 'raw_data' && Array.isArray(fields['buf'])) {
    const bytes = (fields['buf'] as readonly (number | string)[]).map((byte) =>
      Number(byte).toString(16).padStart(2, '0'),
    );
    return `# ${toHex(fields['id']) ?? '0'} buf: ${bytes.join(' ')}`;
  }
  return `${name}: ${formatPayload(name, fields)}`;
}

function formatFrames(frames: readonly unknown[]): string {
  return frames.map((frame) => `\n => ${oneLine(String(frame))}`).join('');
}

/** One event, in one line and, with a call trace, a line for each frame. No newline at the end. */
export function formatEvent(event: TraceEvent, style: TextStyle = {}): string {
  const prefix = formatPrefix(event, style);
  const fields = printedFields(event.fields);
  if (event.name === 'kernel_stack' || event.name === 'user_stack') {
    const caller = Array.isArray(fields['caller']) ? (fields['caller'] as readonly unknown[]) : [];
    return `${prefix}<${event.name === 'user_stack' ? 'user ' : ''}stack trace>${formatFrames(caller)}`;
  }
  const line = prefix + formatBody(event.name, fields);
  return event.stack === undefined ? line : `${line}\n${prefix}<stack trace>${formatFrames(event.stack)}`;
}

/** The lines before the first event, as `trace` has them. Ends with a newline. */
export function formatHeader(header: TextHeader = {}): string {
  const { entries } = header;
  const counts = entries
    ? `# entries-in-buffer/entries-written: ${entries.inBuffer}/${entries.written}   #P:${entries.cpus}\n#\n`
    : '';
  return `# tracer: nop
#
${counts}#                                _-----=> irqs-off/BH-disabled
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| / _-=> migrate-disable
#                              |||| /     delay
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
`;
}

/** Before the next event of that CPU, as `trace_pipe` has it. No newline at the end. */
export function formatLoss(loss: Loss): string {
  return `CPU:${loss.cpu} [LOST ${loss.count === null ? '' : `${loss.count} `}EVENTS]`;
}

/** A comment to every other tool. No newline at the end. */
export function formatNote(note: TraceNote): string {
  return `# ftrace-life: ${JSON.stringify(note)}`;
}
