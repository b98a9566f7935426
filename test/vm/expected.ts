/**
 * What each scenario gives on each kernel, as the table of docs/kernels.md says: it is what the project promises, so a
 * cell that gets worse than it is a failure, and one that is better a reason to change the table.
 */
import { rowsOf, sectionsOf } from '../docs/markdown';
import type { Cell, Outcome } from './cells';

/** By kernel series and scenario. */
export type ExpectedTable = ReadonlyMap<string, ReadonlyMap<string, Outcome>>;

const BEST_FIRST: readonly Outcome[] = ['ok', 'incomplete', 'not run', 'WRONG'];

function outcomeOf(cell: string): Outcome {
  const outcome = cell.replace(/ \(\d+\)$/, '') as Outcome;
  if (!BEST_FIRST.includes(outcome)) throw new Error(`not an outcome: ${cell}`);
  return outcome;
}

/** @throws where the table has something else than outcomes in its cells */
export function readExpectedTable(file = 'docs/kernels.md'): ExpectedTable {
  const section = sectionsOf(file).find(({ title }) => title === 'The table');
  const heading = section?.lines.find((line) => line.startsWith('| Scenario |'));
  if (section === undefined || heading === undefined) throw new Error(`${file} has no table of scenarios`);
  const series = heading.split('|').slice(3, -1);
  const table = new Map(series.map((each) => [each.trim(), new Map<string, Outcome>()]));
  for (const [id = '', , ...cells] of rowsOf(section)) {
    [...table.values()].forEach((column, at) => column.set(id, outcomeOf(cells[at] ?? '')));
  }
  return table;
}

/** A line for each cell that is worse than the table says; a scenario that is not in it is expected to be `ok`. */
export function worseThanExpected(
  table: ExpectedTable,
  series: string,
  cells: Iterable<Pick<Cell, 'id' | 'outcome' | 'reason'>>,
): string[] {
  const worse: string[] = [];
  for (const { id, outcome, reason } of cells) {
    const expected = table.get(series)?.get(id) ?? 'ok';
    if (BEST_FIRST.indexOf(outcome) > BEST_FIRST.indexOf(expected))
      worse.push(`${series} ${id}: ${outcome}, expected ${expected}: ${reason.split('\n')[0] ?? ''}`);
  }
  return worse;
}
