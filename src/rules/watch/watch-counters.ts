/** What a watch has found, counted: nothing that it passes over is passed over silently. */
export interface WatchCounters {
  /** Signals that were judged. */
  signals: number;
  /** Of these (and of zombies and losses), what was expected or below the least severity. */
  expected: number;
  /** Alerts, each by what it stands for; those that are held back too. */
  alerts: number;
  /** What was awaited when the trace ended, before its time had passed. */
  undecidedAtEnd: number;
  /** What was awaited while events were lost: it may have come. */
  undecidedByLoss: number;
  /** What a rule with `requires: complete` passed over. */
  incomplete: number;
  /** What could not be followed for want of room, and may have matched a rule. */
  leftOut: number;
}

export function noTallies(): WatchCounters {
  return {
    signals: 0,
    expected: 0,
    alerts: 0,
    undecidedAtEnd: 0,
    undecidedByLoss: 0,
    incomplete: 0,
    leftOut: 0,
  };
}

/** Sentences about what stayed undecided; none where all was decided. */
export function undecidedRemarks(tallies: Readonly<WatchCounters>): string[] {
  const { undecidedAtEnd, undecidedByLoss, incomplete, leftOut } = tallies;
  return [
    ...(undecidedAtEnd > 0
      ? [`${undecidedAtEnd} undecided: the trace ended before their time had passed`]
      : []),
    ...(undecidedByLoss > 0 ? [`${undecidedByLoss} undecided: events were lost meanwhile`] : []),
    ...(incomplete > 0 ? [`${incomplete} passed over by rules that require complete evidence`] : []),
    ...(leftOut > 0 ? [`${leftOut} could not be followed: too many at once`] : []),
  ];
}
