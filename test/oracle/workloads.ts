/** What is run under both. Each must do the same each time, apart from what `explanations.ts` names. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../harness/temporary-folder';
import type { Order } from './life';

const SOURCES = path.join(process.cwd(), 'test/oracle/src');

export interface Workload {
  readonly name: string;
  /** Programs it needs, beside a shell. */
  readonly programs: readonly string[];
  readonly order: Order;
  /** Puts what it needs into its own new folder, and gives the command to run there. */
  readonly prepare: (folder: string) => readonly string[];
}

function source(name: string): string {
  return path.join(SOURCES, name);
}

const compiledPrograms = new Map<string, string>();

function compiled(name: string): string {
  let program = compiledPrograms.get(name);
  if (program === undefined) {
    program = path.join(temporaryFolder('oracle-program'), name);
    execFileSync('gcc', ['-O1', '-Wall', '-o', program, source(`${name}.c`), '-pthread'], { stdio: 'pipe' });
    compiledPrograms.set(name, program);
  }
  return program;
}

function project(folder: string): void {
  const parts = ['one', 'two', 'three', 'four'];
  for (const part of parts)
    writeFileSync(path.join(folder, `${part}.c`), `int ${part}(void) { return ${part.length}; }\n`);
  const sum = parts.map((part) => `${part}()`).join(' + ');
  const declarations = parts.map((part) => `int ${part}(void);`).join(' ');
  writeFileSync(
    path.join(folder, 'main.c'),
    `${declarations}\nint main(void) { return ${sum} == 15 ? 0 : 1; }\n`,
  );
  const objects = [...parts, 'main'].map((part) => `${part}.o`).join(' ');
  const rules = [
    `all: program\n\t./program\n\t@echo checked | grep -q checked\n`,
    `program: ${objects}\n\tgcc -o $@ ${objects}\n`,
    `%.o: %.c\n\tgcc -c -o $@ $<\n`,
  ];
  writeFileSync(path.join(folder, 'Makefile'), rules.join('\n'));
  mkdirSync(path.join(folder, 'tmp'));
}

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'a pipeline of a shell',
    programs: ['sort', 'uniq', 'wc'],
    order: 'births',
    prepare: () => ['sh', source('pipeline.sh')],
  },
  {
    name: 'a script of exit codes, jobs, and signals of every kind',
    programs: ['mkfifo'],
    order: 'births',
    prepare: () => ['sh', source('signals.sh')],
  },
  {
    name: 'the same script in bash',
    programs: ['bash', 'mkfifo'],
    order: 'births',
    prepare: () => ['bash', source('signals.sh')],
  },
  {
    name: 'a program that forks in every way',
    programs: ['gcc'],
    order: 'births',
    prepare: () => [compiled('forks')],
  },
  {
    name: 'a program whose children end by faults, timers and blocked signals',
    programs: ['gcc'],
    order: 'births',
    prepare: () => [compiled('ends')],
  },
  {
    name: 'a Perl program with subprocesses',
    programs: ['perl'],
    order: 'births',
    prepare: () => ['perl', source('subprocesses.pl')],
  },
  {
    name: 'make -j2',
    programs: ['make', 'gcc', 'grep'],
    order: 'deeds',
    prepare: (folder) => {
      project(folder);
      return ['make', '-j2', '-s'];
    },
  },
  {
    name: 'a Node program with children and a worker',
    programs: ['node'],
    order: 'births',
    prepare: () => ['node', source('children.mjs')],
  },
  {
    name: 'npm --version',
    programs: ['npm'],
    order: 'births',
    prepare: () => ['npm', '--version'],
  },
];
