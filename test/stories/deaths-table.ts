/** docs/deaths.md: its table. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Alert } from '../../src/model/report';
import type { Case } from './case';
import { raised } from './judge';
import type { Answer } from './scene';

const FILE = path.join(process.cwd(), 'docs/deaths.md');
const BEGIN = '<!-- The table is written by `node dist/test/stories/write-deaths.js`. -->';

export interface Row {
  readonly program: string;
  readonly did: string;
  readonly firstLine: string;
  readonly alert: string;
}

const RANK = ['critical', 'error', 'warning', 'notice', 'info'];

function worst(alerts: readonly Alert[]): Alert | undefined {
  return [...alerts].sort(
    (one, other) => RANK.indexOf(one.severity) - RANK.indexOf(other.severity) || one.first - other.first,
  )[0];
}

export function rowOf({ program, did }: Pick<Case, 'program' | 'did'>, answer: Answer): Row {
  const alert = worst(raised(answer));
  return {
    program,
    did,
    firstLine: answer.firstLine,
    alert: alert === undefined ? 'none' : `${alert.severity}: ${alert.text}`,
  };
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function lineOf({ program, did, firstLine, alert }: Row): string {
  return `| ${[`${program}: ${did}`, firstLine, alert].map(cell).join(' | ')} |`;
}

/** The rows of the page, by their first cell. */
export function readTable(): Map<string, string> {
  const [, table] = readFileSync(FILE, 'utf8').split(BEGIN);
  return new Map(
    (table ?? '')
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(2)
      .map((line) => [line.slice(2, line.search(/(?<!\\) \| /)), line]),
  );
}

export function titleOf({ program, did }: Pick<Case, 'program' | 'did'>): string {
  return cell(`${program}: ${did}`);
}

/** @param rows those that were played; the others stay as they are */
export function writeTable(cases: readonly Case[], rows: ReadonlyMap<string, Row>): void {
  const [head] = readFileSync(FILE, 'utf8').split(BEGIN);
  const before = readTable();
  const lines = cases.flatMap((each) => {
    const title = titleOf(each);
    const row = rows.get(title);
    const line = row === undefined ? before.get(title) : lineOf(row);
    return line === undefined ? [] : [line];
  });
  const top = ['| What happened | What it says | Alert |', '| --- | --- | --- |'];
  writeFileSync(FILE, `${head ?? ''}${BEGIN}\n\n${[...top, ...lines].join('\n')}\n`);
}
