/**
 * How the kernel prints the events whose text does not follow from their fields: other names (`grp` for
 * `group`), hexadecimal without `0x`, a device as `major:minor`. Reading and writing use the same table.
 *
 * Source: the `print fmt` of each event's `format` file, that is TP_printk in include/trace/events/. One event
 * has several layouts where kernels differ, the newest first.
 *
 * A layout is the printed text with `{field}` or `{field:kind}` in place of the values.
 */
import type { EventFields, FieldValue } from '../trace-event';
import { fromDecimal, fromHex, toHex } from './integers';

type Kind =
  | 'dec'
  /** Hexadecimal without `0x`. */
  | 'hex'
  /** Hexadecimal with `0x`. */
  | '0x'
  | 'text'
  | 'bool'
  /** Three digits: `%03d`. */
  | 'cpu'
  /** `major:minor` in decimal; the field is the kernel's dev_t, major << 20 | minor. */
  | 'dev'
  /** Printed in bytes, recorded in pages of 4096. */
  | 'page'
  /** The last byte of a page. */
  | 'lastPage'
  /** `S`, `R+`, `D|Z`: the task state of sched_switch. */
  | 'state'
  /** `4d8, 9, 0` */
  | 'hexList';

interface LayoutField {
  readonly name: string;
  readonly kind: Kind;
}

export interface TextLayout {
  /** One more than there are fields: what is before, between and after them. */
  readonly literals: readonly string[];
  readonly fields: readonly LayoutField[];
}

const TASK = 'comm={comm:text} pid={pid} prio={prio}';
const WAKEUP = [
  `${TASK} target_cpu={target_cpu:cpu}`,
  `${TASK} success={success} target_cpu={target_cpu:cpu}`,
];
const FILE_PAGES = 'dev={s_dev:dev} ino={i_ino:hex} ofs={index:page}-{last_index:lastPage}';

const LAYOUT_TEXTS: Readonly<Record<string, readonly string[]>> = {
  signal_generate: [
    'sig={sig} errno={errno} code={code} comm={comm:text} pid={pid} grp={group} res={result}',
    'sig={sig} errno={errno} code={code} comm={comm:text} pid={pid}',
  ],
  signal_deliver: ['sig={sig} errno={errno} code={code} sa_handler={sa_handler:hex} sa_flags={sa_flags:hex}'],
  task_newtask: ['pid={pid} comm={comm:text} clone_flags={clone_flags:hex} oom_score_adj={oom_score_adj}'],
  task_rename: [
    'pid={pid} oldcomm={oldcomm:text} newcomm={newcomm:text} oom_score_adj={oom_score_adj}',
    'oldcomm={oldcomm:text} newcomm={newcomm:text} oom_score_adj={oom_score_adj}',
  ],
  sched_process_fork: [
    'comm={parent_comm:text} pid={parent_pid} child_comm={child_comm:text} child_pid={child_pid}',
  ],
  sched_process_exec: ['filename={filename:text} pid={pid} old_pid={old_pid}'],
  sched_prepare_exec: ['interp={interp:text} filename={filename:text} pid={pid} comm={comm:text}'],
  sched_process_exit: [`${TASK} group_dead={group_dead:bool}`, TASK],
  sched_process_free: [TASK],
  sched_process_wait: [TASK],
  sched_wait_task: [TASK],
  sched_process_hang: ['comm={comm:text} pid={pid}'],
  sched_switch: [
    'prev_comm={prev_comm:text} prev_pid={prev_pid} prev_prio={prev_prio} prev_state={prev_state:state}' +
      ' ==> next_comm={next_comm:text} next_pid={next_pid} next_prio={next_prio}',
    // trace-cmd report: as its sched plugin prints, and with -R.
    '{prev_comm:text}:{prev_pid} [{prev_prio}] {prev_state:state}' +
      ' ==> {next_comm:text}:{next_pid} [{next_prio}]',
    'prev_comm={prev_comm:text} prev_pid={prev_pid} prev_prio={prev_prio} prev_state={prev_state}' +
      ' next_comm={next_comm:text} next_pid={next_pid} next_prio={next_prio}',
  ],
  sched_wakeup: [...WAKEUP, '{comm:text}:{pid} [{prio}] CPU:{target_cpu:cpu}'],
  sched_wakeup_new: [...WAKEUP, '{comm:text}:{pid} [{prio}] CPU:{target_cpu:cpu}'],
  sched_waking: [...WAKEUP, '{comm:text}:{pid} [{prio}] CPU:{target_cpu:cpu}'],
  sched_migrate_task: [`${TASK} orig_cpu={orig_cpu} dest_cpu={dest_cpu}`],
  sched_stat_runtime: [
    'comm={comm:text} pid={pid} runtime={runtime} [ns]',
    'comm={comm:text} pid={pid} runtime={runtime} [ns] vruntime={vruntime} [ns]',
  ],
  sched_stat_wait: ['comm={comm:text} pid={pid} delay={delay} [ns]'],
  sched_stat_sleep: ['comm={comm:text} pid={pid} delay={delay} [ns]'],
  sched_stat_iowait: ['comm={comm:text} pid={pid} delay={delay} [ns]'],
  sched_stat_blocked: ['comm={comm:text} pid={pid} delay={delay} [ns]'],
  mark_victim: [
    'pid={pid} comm={comm:text} total-vm={total_vm}kB anon-rss={anon_rss}kB file-rss:{file_rss}kB' +
      ' shmem-rss:{shmem_rss}kB uid={uid} pgtables={pgtables}kB oom_score_adj={oom_score_adj}',
    'pid={pid}',
  ],
  mm_filemap_get_pages: [FILE_PAGES],
  mm_filemap_map_pages: [FILE_PAGES],
  mm_filemap_fault: ['dev={s_dev:dev} ino={i_ino:hex} ofs={index:page}'],
  mm_filemap_add_to_page_cache: [
    'dev {s_dev:dev} ino {i_ino:hex} pfn={pfn:0x} ofs={index:page} order={order}',
    'dev {s_dev:dev} ino {i_ino:hex} page={page:text} pfn={pfn:0x} ofs={index:page} order={order}',
  ],
  mm_filemap_delete_from_page_cache: [
    'dev {s_dev:dev} ino {i_ino:hex} pfn={pfn:0x} ofs={index:page} order={order}',
    'dev {s_dev:dev} ino {i_ino:hex} page={page:text} pfn={pfn:0x} ofs={index:page} order={order}',
  ],
  sys_enter: ['NR {id} ({args:hexList})'],
  sys_exit: ['NR {id} = {ret}'],
};

function compileLayout(text: string): TextLayout {
  const parts = text.split(/[{}]/);
  const literals = parts.filter((_, index) => index % 2 === 0);
  const fields = parts
    .filter((_, index) => index % 2 === 1)
    .map((part) => {
      const [name = '', kind = 'dec'] = part.split(':');
      return { name, kind: kind as Kind };
    });
  return { literals, fields };
}

export const EVENT_LAYOUTS: ReadonlyMap<string, readonly TextLayout[]> = new Map(
  Object.entries(LAYOUT_TEXTS).map(([event, texts]) => [event, texts.map(compileLayout)]),
);

/** include/linux/sched.h TASK_*, as sched_switch records them since 4.14; bit 8 says it was preempted. */
const STATE_LETTERS = 'SDTtXZPI';
const PREEMPTED = 0x100;

function readState(text: string): FieldValue | undefined {
  const preempted = text.endsWith('+');
  const letters = preempted ? text.slice(0, -1) : text;
  let state = preempted ? PREEMPTED : 0;
  if (letters === 'R') return state;
  for (const letter of letters.split('|')) {
    const bit = letter.length === 1 ? STATE_LETTERS.indexOf(letter) : -1;
    // Kernels before 4.14 had more letters on other bits: kept as text rather than guessed.
    if (bit < 0) return /^[A-Za-z](?:\|[A-Za-z])*$/.test(letters) ? text : undefined;
    state |= 1 << bit;
  }
  return state;
}

function printState(value: FieldValue): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') return undefined;
  const letters = STATE_LETTERS.split('')
    .filter((_, bit) => value & (1 << bit))
    .join('|');
  return (letters || 'R') + (value & PREEMPTED ? '+' : '');
}

function readDevice(text: string): number | undefined {
  const match = /^([0-9]{1,4}):([0-9]{1,7})$/.exec(text);
  return match ? Number(match[1]) * 2 ** 20 + Number(match[2]) : undefined;
}

function readPage(text: string, add: number): number | undefined {
  const bytes = fromDecimal(text);
  return typeof bytes === 'number' && (bytes + add) % 4096 === 0 ? (bytes + add) / 4096 : undefined;
}

function readValue(kind: Kind, text: string): FieldValue | undefined {
  switch (kind) {
    case 'dec':
    case 'cpu':
      return fromDecimal(text);
    case 'hex':
      return fromHex(text);
    case '0x':
      return text.startsWith('0x') ? fromHex(text.slice(2)) : undefined;
    case 'text':
      return text;
    case 'bool':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'dev':
      return readDevice(text);
    case 'page':
      return readPage(text, 0);
    case 'lastPage': {
      const page = readPage(text, 1);
      return page === undefined ? undefined : page - 1;
    }
    case 'state':
      return readState(text);
    case 'hexList': {
      const values = text.split(', ').map(fromHex);
      return values.includes(undefined) ? undefined : (values as (number | string)[]);
    }
  }
}

function printDecimal(value: FieldValue): string | undefined {
  if (typeof value === 'number') return String(value);
  return toHex(value) === undefined ? undefined : BigInt(value as string).toString();
}

function printValue(kind: Kind, value: FieldValue): string | undefined {
  switch (kind) {
    case 'dec':
      return printDecimal(value);
    case 'cpu':
      return printDecimal(value)?.padStart(3, '0');
    case 'hex':
      return toHex(value);
    case '0x': {
      const digits = toHex(value);
      return digits === undefined ? undefined : `0x${digits}`;
    }
    case 'text':
      return typeof value === 'string' ? value : undefined;
    case 'bool':
      return typeof value === 'boolean' ? String(value) : undefined;
    case 'dev':
      return typeof value === 'number' ? `${Math.floor(value / 2 ** 20)}:${value % 2 ** 20}` : undefined;
    case 'page':
      return typeof value === 'number' ? String(value * 4096) : undefined;
    case 'lastPage':
      return typeof value === 'number' ? String((value + 1) * 4096 - 1) : undefined;
    case 'state':
      return printState(value);
    case 'hexList': {
      if (!Array.isArray(value)) return undefined;
      const digits = value.map(toHex);
      return digits.includes(undefined) ? undefined : digits.join(', ');
    }
  }
}

/**
 * The fields of one printed payload; undefined where it is not in this layout.
 *
 * From right to left: names are printed unescaped, so a name that imitates the text after it
 * (`filename=/tmp/a pid=1`) would win from the left.
 */
export function readLayout(layout: TextLayout, payload: string): EventFields | undefined {
  const { literals, fields } = layout;
  const tail = literals[fields.length]!;
  if (!payload.startsWith(literals[0]!) || !payload.endsWith(tail)) return undefined;
  const values: FieldValue[] = [];
  let end = payload.length - tail.length;
  for (let index = fields.length - 1; index >= 0; index--) {
    const literal = literals[index]!;
    const at = index === 0 ? 0 : payload.lastIndexOf(literal, end - literal.length);
    const start = at + literal.length;
    if (at < 0 || start > end) return undefined;
    const value = readValue(fields[index]!.kind, payload.slice(start, end));
    if (value === undefined) return undefined;
    values[index] = value;
    end = at;
  }
  const read: Record<string, FieldValue> = {};
  for (let index = 0; index < fields.length; index++) read[fields[index]!.name] = values[index]!;
  return read;
}

/** The payload in this layout; undefined where the event has a field less, or one more. */
export function printLayout(layout: TextLayout, fields: EventFields): string | undefined {
  if (Object.keys(fields).length !== layout.fields.length) return undefined;
  let payload = layout.literals[0]!;
  for (let index = 0; index < layout.fields.length; index++) {
    const { name, kind } = layout.fields[index]!;
    const value = fields[name];
    const printed = value === undefined ? undefined : printValue(kind, value);
    if (printed === undefined) return undefined;
    payload += printed + layout.literals[index + 1]!;
  }
  return payload;
}
