/**
 * Text from a trace as it may be shown. Names of processes and files are bytes of somebody's choice: an escape
 * sequence in one would write to the reader's terminal, and a newline would forge a line of the story.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, (char) => NAMED[char] ?? `\\u{${char.codePointAt(0)!.toString(16)}}`);
}

/** A space at which the story does not break a line; it is shown as a space. */
export const KEEP = '\u00a0';

/** Other spaces than the usual one, control characters, line and paragraph separators, and the invisible ones that turn the direction of text. */
const UNSAFE = /(?! )[\p{Zs}\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' };
