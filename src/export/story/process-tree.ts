import type { ProcessRecord, Report } from '../../model/report';
import { groupBy } from '../group-by';
import type { StoryClock } from './clock';
import { burialOf, outcomeOf } from './outcome';
import { nameAndPid, type StoryNames } from './names';

/** Leaves that differ only in their pid are one line from this number on. */
const FOLD_FROM = 3;
const MAX_LINES = 120;
const MAX_DEPTH = 40;

export interface TreeLine {
  /** With the branches before it: `└─ a.out (5441)`. */
  readonly name: string;
  readonly fate: string;
}

/** Who forked whom, in the order of birth. Alike leaves are folded, and what does not fit is counted. */
export function processTree(report: Report, names: StoryNames, clock: StoryClock): TreeLine[] {
  const ids = new Set(report.processes.map((process) => process.id));
  const children = groupBy(report.processes, ({ parent }) =>
    parent !== null && ids.has(parent) ? parent : null,
  );
  const lines: TreeLine[] = [];
  let shown = 0;

  function add(siblings: readonly ProcessRecord[], branches: string, depth: number): void {
    const groups = foldAlike(siblings, (process) => children.has(process.id));
    for (const [index, group] of groups.entries()) {
      if (lines.length >= MAX_LINES || depth > MAX_DEPTH) return;
      const isLast = index === groups.length - 1;
      const first = group[0]!;
      shown += group.length;
      lines.push({
        name: `${branches}${depth === 0 ? '' : isLast ? '└─ ' : '├─ '}${groupName(group)}`,
        fate: group.length > 1 ? outcomeOf(first) : fateOf(first, names, clock),
      });
      if (group.length === 1) {
        add(
          children.get(first.id) ?? [],
          depth === 0 ? '' : `${branches}${isLast ? '   ' : '│  '}`,
          depth + 1,
        );
      }
    }
  }

  add(children.get(null) ?? [], '', 0);
  const rest = report.processes.length - shown;
  if (rest > 0) lines.push({ name: `… and ${rest} more`, fate: '' });
  return lines;
}

function foldAlike(
  siblings: readonly ProcessRecord[],
  hasChildren: (process: ProcessRecord) => boolean,
): ProcessRecord[][] {
  const alike = groupBy(siblings, (process) =>
    hasChildren(process) ? process.id : `${process.comm} ${outcomeOf(process)} ${process.state}`,
  );
  return [...alike.values()].flatMap((group) =>
    group.length < FOLD_FROM ? group.map((process) => [process]) : [group],
  );
}

function groupName(group: readonly ProcessRecord[]): string {
  const first = group[0]!;
  if (group.length === 1) return nameAndPid(first.comm, first.pid);
  return `${group.length} × ${nameAndPid(first.comm, first.pid).replace(/\)$/, ` … ${group.at(-1)!.pid})`)}`;
}

function fateOf(process: ProcessRecord, names: StoryNames, clock: StoryClock): string {
  const burial = burialOf(process, names, clock);
  return burial === '' ? outcomeOf(process) : `${outcomeOf(process)}, ${burial}`;
}
