/** The table kernel by scenario, for a terminal and for docs/kernels.md. */
import { styleText } from 'node:util';
import type { Cell, GuestKernel } from './cells';

export interface KernelColumn {
  /** `6.12` */
  readonly series: string;
  readonly kernel: GuestKernel | null;
  /** Why nothing or not all was run. */
  readonly failure: string | null;
  readonly cells: ReadonlyMap<string, Cell>;
}

export interface TableRow {
  readonly id: string;
  readonly name: string;
}

const COLOR = { ok: 'green', incomplete: 'yellow', WRONG: 'red', 'not run': 'gray' } as const;

function cellIn(column: KernelColumn, id: string): Cell {
  return (
    column.cells.get(id) ?? {
      id,
      outcome: 'not run',
      reason: column.failure ?? 'the guest did not say',
      seconds: 0,
    }
  );
}

/** The cells that are not `ok`, each reason once, with where it holds. */
function reasons(rows: readonly TableRow[], columns: readonly KernelColumn[]): Map<string, string[]> {
  const places = new Map<string, string[]>();
  for (const { id } of rows) {
    for (const column of columns) {
      const { outcome, reason } = cellIn(column, id);
      if (outcome === 'ok') continue;
      const text = `${outcome}: ${outcome === 'WRONG' ? reason : (reason.split('\n')[0] ?? '')}`;
      places.set(text, [...(places.get(text) ?? []), `${column.series} ${id}`]);
    }
  }
  return places;
}

export function tableForTerminal(rows: readonly TableRow[], columns: readonly KernelColumn[]): string {
  const width = Math.max(...rows.map(({ id }) => id.length)) + 2;
  const cellWidth = 12;
  const lines = [`${' '.repeat(width)}${columns.map(({ series }) => series.padEnd(cellWidth)).join('')}`];
  for (const { id } of rows) {
    const cells = columns.map((column) => {
      const { outcome } = cellIn(column, id);
      return styleText(COLOR[outcome], outcome.padEnd(cellWidth));
    });
    lines.push(`${id.padEnd(width)}${cells.join('')}`.trimEnd());
  }
  lines.push('');
  for (const { series, kernel, failure, cells } of columns) {
    const seconds = [...cells.values()].reduce((sum, cell) => sum + cell.seconds, 0);
    const names = kernel === null ? '' : `, ${kernel.release}, file names from: ${kernel.fileNames}`;
    lines.push(`${series}${names}, ${seconds.toFixed(0)} s${failure === null ? '' : `; ${failure}`}`);
  }
  for (const [reason, places] of reasons(rows, columns)) lines.push('', reason, `  ${places.join(', ')}`);
  return `${lines.join('\n')}\n`;
}

export function tableForMarkdown(rows: readonly TableRow[], columns: readonly KernelColumn[]): string {
  const notes: string[] = [];
  const noteOf = ({ outcome, reason }: Cell): string => {
    if (outcome === 'ok') return 'ok';
    const text = reason.split('\n')[0] ?? '';
    if (!notes.includes(text)) notes.push(text);
    return `${outcome} (${notes.indexOf(text) + 1})`;
  };
  const lines = [
    `| Scenario | What it is | ${columns.map(({ series }) => series).join(' | ')} |`,
    `|---|---|${columns.map(() => '---|').join('')}`,
    ...rows.map(
      ({ id, name }) =>
        `| ${id} | ${name.replaceAll('|', '\\|')} | ${columns.map((column) => noteOf(cellIn(column, id))).join(' | ')} |`,
    ),
    '',
    ...notes.map((note, at) => `${at + 1}. ${note}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Is there a cell that tells an untruth, or a kernel that did not come to its end? */
export function hasWrong(columns: readonly KernelColumn[]): boolean {
  return columns.some(({ cells }) => [...cells.values()].some(({ outcome }) => outcome === 'WRONG'));
}
