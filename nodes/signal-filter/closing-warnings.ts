/** What the log has of a closed filter: where all nodes close at once, the nodes after it may be gone already. */

/** Texts of alerts that are logged in full. */
const MAX_TEXTS = 20;

/** @param held how many alerts were held back; @param texts those that were sent with the closing */
export function heldWarning(held: number, texts: readonly string[]): string {
  const more = texts.length > MAX_TEXTS ? [`and ${texts.length - MAX_TEXTS} more`] : [];
  const what = held === 1 ? '1 alert was held back and is' : `${held} alerts were held back and are`;
  return [`closed: ${what} sent now:`, ...texts.slice(0, MAX_TEXTS), ...more].join('\n  ');
}

export function unjudgedWarning(count: number): string {
  return `closed: ${count === 1 ? '1 stage or signal' : `${count} stages and signals`} had arrived but ${count === 1 ? 'was' : 'were'} not judged`;
}

export function evictedWarning(count: number): string {
  return `closed: ${count === 1 ? '1 trace was' : `${count} traces were`} ended early to make room for others`;
}
