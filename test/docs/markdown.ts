/** As much of Markdown as these documents use: sections, tables, code blocks, links. */
import { readFileSync } from 'node:fs';

export interface Section {
  readonly title: string;
  /** 1 for `#`, 2 for `##`, ... */
  readonly depth: number;
  /** The lines below the heading, up to the next heading. */
  readonly lines: readonly string[];
}

const FENCE = /^```/;

export function readLines(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n');
}

/** Headings inside code blocks are none. */
export function sectionsOf(file: string): Section[] {
  const sections: (Section & { lines: string[] })[] = [];
  let isCode = false;
  for (const line of readLines(file)) {
    if (FENCE.test(line)) isCode = !isCode;
    const heading = isCode ? null : /^(#+) (.*)$/.exec(line);
    if (heading !== null) sections.push({ title: heading[2]!, depth: heading[1]!.length, lines: [] });
    else sections.at(-1)?.lines.push(line);
  }
  return sections;
}

/** The cells of the tables' rows, without headings and rulers. */
export function rowsOf(section: Section): string[][] {
  const rows: string[][] = [];
  section.lines.forEach((line, i) => {
    const isHeading = section.lines[i + 1]?.startsWith('|---') === true;
    if (!line.startsWith('|') || line.startsWith('|---') || isHeading) return;
    rows.push(
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
  });
  return rows;
}

/** What is in backticks. */
export function codesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
}

/** The contents of the fenced blocks. */
export function codeBlocksOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);
}

/** The targets of all links that are not in code. */
export function linksOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
}
