/** Values as a person lists them in one field: `SIGTERM, @fatal`, and in quotes what has a comma in it. */

/** `a, "b,c"` as `a` and `b,c`. An empty text is one empty value, which a reader refuses with its place. */
export function splitValues(text: string): string[] {
  const found = [...text.matchAll(/\s*("(?:[^"\\]|\\.)*"(?=\s*(?:,|$))|[^,]*)(?:,|$)/g)];
  const written = found.map(([, value = '']) => value.trim());
  // After the last comma nothing is written yet.
  while (written.length > 1 && written.at(-1) === '') written.pop();
  return written.map(unquoted);
}

export function joinValues(values: readonly string[]): string {
  return values.map((value) => (needsQuotes(value) ? JSON.stringify(value) : value)).join(', ');
}

function needsQuotes(value: string): boolean {
  return value.includes(',') || value.startsWith('"') || value !== value.trim() || value === '';
}

function unquoted(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value;
  }
}

/** What is being written at the end of the list, and what is before it: for completing it. */
export function lastValue(text: string): { readonly before: string; readonly last: string } {
  const comma = text.lastIndexOf(',');
  const before = text.slice(0, comma + 1);
  return { before: before === '' ? '' : `${before} `, last: text.slice(comma + 1).trim() };
}
