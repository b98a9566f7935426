/** Programs that once showed a difference, made small. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readProgram, type Program } from './program';

/** Lives are races. */
const TIMES = 20;

export interface KnownFind {
  readonly name: string;
  readonly programs: readonly Program[];
}

export function knownFinds(): KnownFind[] {
  return globSync('test/fuzz-lives/finds/*.lives')
    .sort()
    .map((file) => {
      const text = readFileSync(file, 'utf8');
      const programs = Array.from({ length: TIMES }, (_, time) => readProgram(text, time));
      return { name: path.basename(file, '.lives').replaceAll('-', ' '), programs };
    });
}
