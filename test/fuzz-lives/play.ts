/** Plays programs under one session, and compares. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../harness/temporary-folder';
import { underUs } from '../oracle/both';
import { comparePlay, Records } from './compare';
import { programText, type Program } from './program';
import { readTruth, type Line } from './truth';

/** `namespace`: each player is the first process of a pid namespace, and everybody in it may be killed. */
export type Stage = 'here' | 'namespace';

/** So many play at a time: they sleep more than they run. */
const PLAYERS = 3;
const BUFFER_KB = 16_384;

let compiled: string | null = null;

function player(): string {
  if (compiled === null) {
    compiled = path.join(temporaryFolder('fuzz-lives-player'), 'lives');
    const source = path.join(process.cwd(), 'test/fuzz-lives/src/lives.c');
    execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-o', compiled, source, '-pthread'], { stdio: 'pipe' });
  }
  return compiled;
}

export interface Find {
  readonly program: Program;
  readonly stage: Stage;
  readonly differences: readonly string[];
  /** What the players wrote. */
  readonly lines: readonly Line[];
}

/** @throws where events were lost: then nothing is known */
export async function play(programs: readonly Program[], stage: Stage): Promise<Find[]> {
  const folder = temporaryFolder('fuzz-lives');
  const script = path.join(folder, 'script');
  const log = path.join(folder, 'log');
  writeFileSync(script, programs.map(programText).join(''));
  const report = await underUs([player(), script, log, stage, String(PLAYERS)], folder, BUFFER_KB);
  if (report.trace.lost !== 0) throw new Error(`${report.trace.lost ?? 'some'} events were lost`);
  const truth = readTruth(readFileSync(log, 'utf8'));
  const records = new Records(report);
  if (process.env['FTRACE_LIFE_KEEP'] === '1')
    writeFileSync(path.join(folder, 'report.json'), JSON.stringify(report, null, 1));
  const finds: Find[] = [];
  for (const program of programs) {
    const lines = truth.get(program.id) ?? [];
    const differences = comparePlay(program, lines, records);
    if (differences.length > 0) finds.push({ program, stage, differences, lines });
  }
  return finds;
}
