/**
 * A kernel log with a dump of the ftrace buffer in it, as `ftrace_dump_on_oops`, SysRq-z and a panic print it: each
 * line of ftrace text after the log's own prefix, between `Dumping ftrace buffer:` and a line of dashes. All else in
 * the log is no trace.
 *
 * Format: ftrace_dump_one() in kernel/trace/trace.c, print_prefix() in kernel/printk/printk.c; and what dmesg,
 * journalctl and syslog put before a line instead.
 */
import type { TextWrapping, TracePart } from './text-wrapping';

/** `<4>[   37.345690][    T1] `; dmesg puts a blank between the two. */
const PRINTK = String.raw`(?:<[0-9]{1,3}>)?\[ *[0-9]{1,10}\.[0-9]{6}\](?: ?\[ *[TC][0-9]{1,10}\])? ?`;
/** `[Sat Nov 28 10:40:03 2026] `, of `dmesg -T`. */
const CALENDAR = String.raw`\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [0-9]{4}\] `;
/** `2026-11-28T10:40:03,123456+00:00 `, of `dmesg --time-format iso` and of rsyslog. */
const ISO = String.raw`[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2}) `;
/** `Nov 28 10:40:03 `, of journalctl and syslog. */
const SYSLOG = String.raw`[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} `;
const HOST = String.raw`\S{1,255} kernel: `;
const PREFIX = new RegExp(`^(?:${CALENDAR}|(?:${ISO}|${SYSLOG})${HOST}(?:${PRINTK})?|${ISO}|${PRINTK})`);
const MAX_PREFIX = 400;

const DUMP = /^Dumping ftrace (?:instance \S+ )?buffer:\s*$/;
const RULE = /^-{20,}\s*$/;
const EMPTY = /^ *\(ftrace buffer empty\)\s*$/;

type Where = 'log' | 'before the dump' | 'dump';

function prefixLength(text: string): number {
  return PREFIX.exec(text.slice(0, MAX_PREFIX))?.[0].length ?? 0;
}

export class KernelLog implements TextWrapping {
  #where: Where = 'log';
  /** Of the last line that had one: dmesg indents the further lines of a message by that. */
  #prefixLength = 0;

  readonly isPlain = false;
  readonly emptyCode = 'LOG_EMPTY';
  hasTrace = false;

  /** Whether a text that starts with this line is a kernel log. */
  static begins(text: string): boolean {
    return prefixLength(text) > 0;
  }

  /** Whether a dump begins with this line, whatever came before it. */
  static beginsDump(text: string): boolean {
    return DUMP.test(text.slice(prefixLength(text)));
  }

  read(bytes: Buffer, start: number, end: number): TracePart | null {
    // Bytes as characters: places in the text are places in the bytes.
    const text = bytes.toString('latin1', start, end);
    let length = prefixLength(text);
    if (length > 0) this.#prefixLength = length;
    else if (text.slice(0, this.#prefixLength).trim() === '')
      length = Math.min(this.#prefixLength, text.length);
    const line = text.slice(length);
    if (DUMP.test(line)) {
      this.#where = 'before the dump';
      this.hasTrace = true;
      return null;
    }
    if (this.#where === 'log') return null;
    if (RULE.test(line) || EMPTY.test(line)) {
      this.#where = this.#where === 'before the dump' && RULE.test(line) ? 'dump' : 'log';
      return null;
    }
    return this.#where === 'dump' ? { start: start + length, end } : null;
  }
}
