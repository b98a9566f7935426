/**
 * Whether `text` matches `pattern`, where `*` stands for any run of characters, `/` included, and `?` for one.
 * Linear in text times pattern: a pattern from a flow can not stall the runtime as a regular expression could.
 */
export function globMatches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let retry = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      // The last star takes one character more.
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** The same as a function built once: most patterns are a plain text, or a star at one end. */
export function compileGlob(pattern: string): (text: string) => boolean {
  const inner = pattern.replace(/^\*+|\*+$/g, '');
  if (/[*?]/.test(inner)) return (text) => globMatches(pattern, text);
  const open = { start: pattern.startsWith('*'), end: pattern.endsWith('*') };
  if (open.start && open.end) return (text) => text.includes(inner);
  if (open.start) return (text) => text.endsWith(inner);
  if (open.end) return (text) => text.startsWith(inner);
  return (text) => text === pattern;
}
