/** A service that something else started: a supervisor that runs a program of its own name again and again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { compiled } from '../live/compiled';

/** It waits to be killed, dies by its own fault, or ends well. SIGTERM is handled, and it ends with 0. */
const PROGRAM = `#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void end(int number) { (void)number; _exit(0); }
int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "wait";
  if (strcmp(mode, "crash") == 0) *(volatile int *)0 = 1;
  if (strcmp(mode, "end") == 0) return 0;
  if (strcmp(mode, "fork") == 0 && fork() == 0) for (;;) pause();
  if (strcmp(mode, "term") == 0) signal(SIGTERM, end);
  for (;;) pause();
}
`;

/** Reads a mode for each run. No core dumps: where they go is the machine's business. */
const SCRIPT = 'ulimit -c 0; while read -r mode; do "$1" "$mode"; done';

export type Mode = 'wait' | 'crash' | 'end' | 'fork' | 'term';

export interface Supervisor {
  readonly pid: number;
  readonly program: string;
  /** Runs the program once more, when the one before has ended. */
  run(mode: Mode): void;
  end(): Promise<void>;
}

export function programNamed(name: string): string {
  return compiled(name, PROGRAM);
}

/** @param cgroup a directory of one, in which it runs */
export function supervise(program: string, cgroup: string | null = null): Supervisor {
  const child = spawn('sh', ['-c', `read -r go; ${SCRIPT}`, 'supervisor', program], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const gone = once(child, 'exit');
  if (cgroup !== null) writeFileSync(path.join(cgroup, 'cgroup.procs'), String(child.pid));
  child.stdin.write('go\n');
  return {
    pid: child.pid!,
    program,
    run: (mode) => {
      child.stdin.write(`${mode}\n`);
    },
    end: async () => {
      child.stdin.end();
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** Where cgroups of version 2 are mounted; null where they are not, or where none can be made. */
export function makeCgroup(...names: string[]): { readonly directory: string; remove(): void } | null {
  const mount = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8'))?.[1];
  if (mount === undefined) return null;
  const folders = names.map((_, index) => path.join(mount, ...names.slice(0, index + 1)));
  try {
    for (const folder of folders) mkdirSync(folder);
  } catch {
    return null;
  }
  return {
    directory: folders.at(-1)!,
    remove: () => {
      for (const folder of folders.reverse()) rmdirSync(folder);
    },
  };
}
