/**
 * ftrace text inside the HTML that systrace, Chrome and Perfetto write: between `<script class="trace-data"
 * type="application/text">` and `</script>`, or, in old ones, in a JavaScript string whose lines end with `\n\`.
 * All else in the page is its viewer's, and no trace.
 */

import type { TextWrapping, TracePart } from './text-wrapping';

const NEWLINE_ESCAPE = '\\n\\';
const DOCTYPE = /^\s*<(?:!doctype html|html|!--)/i;
const SCRIPT = /<script\b[^>]*\bclass="?trace-data\b[^>]*>/;
const SCRIPT_END = '</script>';
const STRING = /= *"\\\s*$/;
/** The quote that ends the string, alone or after its last line; a line of a probe may end with a quote, too. */
const STRING_END = /(?:\\n";?|^\s*";?|";)\s*$/;
/** What else such pages carry in scripts of the same class: a list of processes, traces in JSON. */
const OTHER_DATA = /^\s*(?:PROCESS DUMP|\{|\[\{)/;

type Where = 'page' | 'script start' | 'script' | 'other script' | 'string';

export class SystraceHtml implements TextWrapping {
  #where: Where = 'page';

  readonly emptyCode = 'HTML_EMPTY';
  hasTrace = false;

  /** Whether a file that starts with this line is such a page. */
  static begins(bytes: Buffer, start: number, end: number): boolean {
    return DOCTYPE.test(bytes.toString('latin1', start, Math.min(end, start + 64)));
  }

  get isPlain(): boolean {
    return this.#where === 'script';
  }

  read(bytes: Buffer, start: number, end: number): TracePart | null {
    const text = bytes.toString('latin1', start, end);
    switch (this.#where) {
      case 'page': {
        const script = SCRIPT.exec(text);
        if (script !== null) {
          this.#where = 'script start';
          const from = script.index + script[0].length;
          return from < text.length ? this.#readScript(text.slice(from), start + from) : null;
        }
        if (STRING.test(text)) this.#where = 'string';
        return null;
      }
      case 'string': {
        this.hasTrace = true;
        if (text.endsWith(NEWLINE_ESCAPE)) return { start, end: end - NEWLINE_ESCAPE.length };
        const last = text.includes(SCRIPT_END) ? { index: 0 } : STRING_END.exec(text);
        // Lost escapes, as after copying what a browser shows: a line is a line.
        if (last === null) return { start, end };
        this.#where = 'page';
        return last.index === 0 ? null : { start, end: start + last.index };
      }
      default:
        return this.#readScript(text, start);
    }
  }

  #readScript(text: string, start: number): TracePart | null {
    const close = text.indexOf(SCRIPT_END);
    const end = close < 0 ? text.length : close;
    if (this.#where === 'script start' && text.slice(0, end).trim() !== '') {
      this.#where = OTHER_DATA.test(text) ? 'other script' : 'script';
    }
    const isTrace = this.#where === 'script' && (close < 0 || text.slice(0, end).trim() !== '');
    if (close >= 0) this.#where = 'page';
    this.hasTrace ||= isTrace;
    return isTrace ? { start, end: start + end } : null;
  }
}
