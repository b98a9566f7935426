/**
 * ftrace text inside the HTML that systrace, Chrome and Perfetto write: between `<script class="trace-data"
 * type="application/text">` and `</script>`, or, in old ones, in a JavaScript string whose lines end with `\n\`.
 * All else in the page is its viewer's, and no trace.
 */

const NEWLINE_ESCAPE = '\\n\\';
const DOCTYPE = /^\s*<(?:!doctype html|html|!--)/i;
const SCRIPT = /<script\b[^>]*\bclass="?trace-data\b[^>]*>/;
const SCRIPT_END = '</script>';
const STRING = /= *"\\\s*$/;
const STRING_END = /(?:\\n)?";?\s*$/;
/** What else such pages carry in scripts of the same class: a list of processes, traces in JSON. */
const OTHER_DATA = /^\s*(?:PROCESS DUMP|\{|\[\{)/;

type Where = 'page' | 'script start' | 'script' | 'other script' | 'string';

/** Which part of a line is trace. */
export interface TracePart {
  readonly start: number;
  readonly end: number;
}

export class SystraceHtml {
  #where: Where = 'page';

  /** Whether a file that starts with this line is such a page. */
  static begins(bytes: Buffer, start: number, end: number): boolean {
    return DOCTYPE.test(bytes.toString('latin1', start, Math.min(end, start + 64)));
  }

  /** Lines are as they would be without the HTML around them, until one comes that may be its end. */
  get isPlain(): boolean {
    return this.#where === 'script';
  }

  /** Null for what belongs to the page. */
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
        if (text.endsWith(NEWLINE_ESCAPE)) return { start, end: end - NEWLINE_ESCAPE.length };
        this.#where = 'page';
        const last = STRING_END.exec(text);
        return last === null || last.index === 0 ? null : { start, end: start + last.index };
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
    return isTrace ? { start, end: start + end } : null;
  }
}
