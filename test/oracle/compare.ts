/** Holds two tellings of the same workload against each other, and says why they differ where they may. */
import { EXPLANATIONS, type Difference } from './explanations';
import { named, type Life, type NamedLife, type Order } from './life';

export interface Comparison {
  /** Differences that nobody can explain: ours, or strace's, is wrong. */
  readonly unexplained: readonly Difference[];
  /** How often each explanation was needed. */
  readonly explained: ReadonlyMap<string, number>;
  /** Facts that both reported. */
  readonly agreed: number;
}

export function compareLives(strace: Life, ours: Life, order: Order): Comparison {
  const inStrace = new Map(named(strace, order).map((life) => [life.name, life]));
  const inReport = new Map(named(ours, order).map((life) => [life.name, life]));
  const unexplained: Difference[] = [];
  const explained = new Map<string, number>();
  let agreed = 0;
  for (const name of new Set([...inStrace.keys(), ...inReport.keys()])) {
    const said = inStrace.get(name);
    const told = inReport.get(name);
    const { differences, same } = differencesOf(name, said, told);
    agreed += same;
    for (const difference of differences) {
      const found = EXPLANATIONS.find((explanation) => explanation.explains(difference));
      if (found === undefined) unexplained.push(difference);
      else explained.set(found.name, (explained.get(found.name) ?? 0) + 1);
    }
  }
  return { unexplained, explained, agreed };
}

/** Facts are compared as they are, each as often as it was reported; those of their order that matter are in `factsOf`. */
function differencesOf(
  process: string,
  strace: NamedLife | undefined,
  ours: NamedLife | undefined,
): { differences: Difference[]; same: number } {
  const left = [...(ours?.facts ?? [])];
  const differences: Difference[] = [];
  let same = 0;
  for (const fact of strace?.facts ?? []) {
    const at = left.indexOf(fact);
    if (at >= 0) {
      left.splice(at, 1);
      same++;
    } else differences.push({ process, fact, toldBy: 'strace', strace, ours });
  }
  for (const fact of left) differences.push({ process, fact, toldBy: 'ours', strace, ours });
  return { differences, same };
}

export function tell(differences: readonly Difference[]): string {
  return differences.map(({ process, fact, toldBy }) => `${process} ${fact} -- only ${toldBy}`).join('\n');
}
