const MAX_LENGTH = 60;

function cut(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

/** A refused value as a message shows it, never longer than a person reads: `"x"`, `7`, `nothing`. */
export function shownValue(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'an empty string' : JSON.stringify(cut(value));
  if (value === undefined) return 'nothing';
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  // JSON writes null for NaN and Infinity.
  if (typeof value === 'number') return String(value);
  try {
    return cut(JSON.stringify(value));
  } catch {
    // It refers to itself, is a bigint, has no JSON, or is so deep that it exhausts the stack.
    return typeof value === 'bigint' ? String(value) : 'something that cannot be shown';
  }
}
