/** The paper of a story: lines that are wrapped at its width, and painted where it has colours. */
import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

export class StoryPage {
  readonly lines: string[] = [];
  readonly #width: number;
  readonly #color: boolean;

  /** @param width in columns; less than 60 is 60 */
  constructor(width: number, color: boolean) {
    this.#width = Math.max(60, width);
    this.#color = color;
  }

  ink(style: Style, text: string): string {
    // The caller decides about colour: whether stdout is a terminal is not asked again.
    return this.#color ? styleText(style, text, { validateStream: false }) : text;
  }

  /** As it is, without wrapping. */
  line(text: string): void {
    this.lines.push(text);
  }

  paragraph(text: string, style: Style): void {
    for (const line of wrap(text, this.#width)) this.lines.push(this.ink(style, line));
  }

  /** `  trace       31 events, 2 CPUs`. */
  field(name: string, text: string, style: Style = 'none'): void {
    this.wrapped(`  ${name.padEnd(12)}`, text, style);
  }

  /** An empty line, then a name in bold and what belongs to it. */
  heading(name: string, facts: string): void {
    this.lines.push('');
    this.wrapped(`${name}  `, facts, 'none', `${this.ink('bold', name)}  `);
  }

  /** `text` after `column`, its further lines under its beginning. `painted` is the column with its colours. */
  wrapped(column: string, text: string, style: Style, painted = column): void {
    const indent = ' '.repeat(column.length);
    for (const [index, line] of wrap(text, this.#width - column.length).entries()) {
      this.lines.push(`${index === 0 ? painted : indent}${this.ink(style, line)}`);
    }
  }
}

/** `1 event`, `12 345 events`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${String(count).replace(/\B(?=(\d{3})+$)/g, ' ')} ${count === 1 ? one : many}`;
}

/** Breaks at spaces; a word that is longer than the line stays whole, so that a path can be copied. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<= )(?! )/)) {
    if (line !== '' && line.length + word.trimEnd().length > width) {
      lines.push(line);
      line = '';
    }
    line += word;
  }
  return [...lines, line];
}
