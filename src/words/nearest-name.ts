/** ` (did you mean "signal"?)`, or nothing where no name is near. */
export function didYouMean(written: unknown, names: readonly string[]): string {
  const nearest = typeof written === 'string' ? nearestName(written, names) : null;
  return nearest === null ? '' : ` (did you mean "${nearest}"?)`;
}

/** The name that was probably meant: at most a third of its letters are other ones. Null where none is near. */
export function nearestName(written: string, names: readonly string[]): string | null {
  // A text this long is no misspelt name, and comparing it would take time.
  if (written.length > 60) return null;
  let nearest: string | null = null;
  let least = Infinity;
  for (const name of names) {
    const distance = editDistance(written.toLowerCase(), name.toLowerCase());
    if (distance < least && distance <= Math.max(1, Math.floor(name.length / 3))) {
      nearest = name;
      least = distance;
    }
  }
  return nearest;
}

/** Letters to put in, take out, change or swap with their neighbour (the optimal string alignment distance). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let distance = Math.min(last[j]! + 1, row[j - 1]! + 1, change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, before[j - 2]! + 1);
      }
      row.push(distance);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
