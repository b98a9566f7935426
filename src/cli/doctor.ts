import { styleText } from 'node:util';
import { inspectTracing, type Finding } from '../index';
import { noFile, readArguments } from './arguments';
import type { Output } from './output';

const MARK = { ok: ['green', '✓'], limit: ['yellow', '!'], missing: ['red', '✗'] } as const;

export const DOCTOR_OPTIONS = { json: { type: 'boolean' } } as const;

/** `ftrace-life doctor`: exit status 0 where tracing is possible, else 1. */
export async function doctor(args: string[], out: Output): Promise<number> {
  const { values, positionals } = readArguments(args, DOCTOR_OPTIONS);
  noFile('doctor', positionals);
  const found = inspectTracing();
  if (values.json === true) {
    await out.write(`${JSON.stringify(found, null, 2)}\n`);
    return found.canTrace ? 0 : 1;
  }
  const width = Math.max(...found.findings.map((finding) => finding.subject.length));
  const line = (finding: Finding): string => {
    const [color, mark] = MARK[finding.level];
    const fix = finding.fix === null ? '' : `\n  ${' '.repeat(width)}  → ${finding.fix}`;
    const shownMark = out.hasColors ? styleText(color, mark, { validateStream: false }) : mark;
    return `${shownMark} ${finding.subject.padEnd(width)}  ${finding.found}${fix}\n`;
  };
  await out.write(found.findings.map(line).join(''));
  const verdict = found.canTrace
    ? 'This machine can trace.'
    : 'This machine cannot trace; recorded traces can be read.';
  await out.write(`\n${verdict} (Linux ${found.kernel}, ${found.arch}, ${found.cpus} CPUs)\n`);
  return found.canTrace ? 0 : 1;
}
