/** Programs that end by their own fault, or by a limit that was set for them. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { temporaryFolder } from '../harness/temporary-folder';
import type { Case } from './case';
import { Scene, writeProgram, type Answer } from './scene';

const CRASHER = `
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
static int deep(int n) { volatile char page[4096]; page[0] = n; return deep(n + 1) + page[0]; }
int main(int argc, char **argv) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  volatile int zero = argc - 2;
  switch (argv[1][0]) {
    case 's': return deep(0);
    case 'z': return argc / zero;
    case 'i': __builtin_trap();
    case 'f': { char *p = malloc(64); p += 16 + zero; free(p); return 0; }
  }
  return 0;
}
`;

let crasher: string | null = null;

/** The program `crasher`, compiled once. */
function crash(how: string): Promise<Answer> {
  if (crasher === null) {
    const folder = temporaryFolder('crasher');
    const source = writeProgram(folder, 'crasher.c', CRASHER, 0o644);
    const file = path.join(folder, 'crasher');
    execFileSync('gcc', ['-O0', '-w', '-o', file, source], { stdio: 'pipe' });
    crasher = file;
  }
  return Scene.of([crasher, how]).answer();
}

const MAPPED = `
import mmap, os, resource
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
with open('data', 'wb') as f: f.truncate(8192)
f = open('data', 'r+b')
m = mmap.mmap(f.fileno(), 8192)
os.truncate('data', 0)
m[4096]
`;

export const CRASH_CASES: readonly Case[] = [
  {
    program: 'a C program',
    did: 'endless recursion: the stack is full',
    needs: ['gcc'],
    play: () => crash('stack'),
    firstLine: [/crasher/, /its own fault, SIGSEGV/],
    alerts: [{ severity: 'error', text: [/crasher/, /crashed \(SIGSEGV/] }],
  },
  {
    program: 'a C program',
    did: 'it divides by zero: exit code 136 in a shell',
    needs: ['gcc'],
    play: () => crash('zero'),
    firstLine: [/crasher/, /its own fault, SIGFPE \(FPE_INTDIV\)/],
    alerts: [{ severity: 'error', text: [/crasher/, /crashed \(SIGFPE, FPE_INTDIV\)/] }],
  },
  {
    program: 'a C program',
    did: 'an illegal instruction: exit code 132 in a shell',
    needs: ['gcc'],
    play: () => crash('illegal'),
    firstLine: [/crasher/, /its own fault, SIGILL/],
    alerts: [{ severity: 'error', text: [/crasher/, /crashed \(SIGILL/] }],
  },
  {
    program: 'a C program',
    did: '"free(): invalid pointer": exit code 134 in a shell',
    needs: ['gcc'],
    play: () => crash('free'),
    firstLine: [/crasher/, /SIGABRT: it called abort\(\)/],
    never: [/to itself|sent itself/],
    alerts: [{ severity: 'error', text: [/crasher/, /called abort\(\) \(SIGABRT\)/] }],
  },
  {
    program: 'python3',
    did: 'a file is cut while it is mapped: Bus error',
    needs: ['python3'],
    play: async () => {
      const folder = temporaryFolder('scene');
      return Scene.of(['python3', '-c', MAPPED], {}, folder).answer();
    },
    firstLine: [/python3/, /its own fault, SIGBUS \(BUS_ADRERR\)/],
    alerts: [{ severity: 'error', text: [/python3/, /crashed \(SIGBUS, BUS_ADRERR\)/] }],
  },
  {
    program: 'Node.js',
    did: '"JavaScript heap out of memory"',
    needs: ['node'],
    play: async () => {
      const fill = 'const all = []; for (;;) all.push(new Array(1e5).fill(1.5));';
      return Scene.of(['sh', '-c', `ulimit -c 0; exec node --max-old-space-size=20 -e '${fill}'`]).answer();
    },
    firstLine: [/node/, /SIGABRT: it called abort\(\)/],
    never: [/OOM killer/],
    alerts: [{ severity: 'error', text: [/node/, /called abort\(\) \(SIGABRT\)/] }],
  },
  {
    program: 'bash',
    did: '`ulimit -S -t 1`: it uses more processor time',
    needs: ['bash'],
    play: async () => Scene.of(['bash', '-c', 'ulimit -c 0; ulimit -S -t 1; while :; do :; done']).answer(),
    firstLine: [/bash/, /SIGXCPU: .*processor time/],
    never: [/to itself/],
    alerts: [{ severity: 'warning', text: [/bash/, /used more CPU time than its limit allows/] }],
  },
  {
    program: 'dd',
    did: '`ulimit -f 8`: it writes a longer file',
    needs: ['bash', 'dd'],
    play: async () =>
      Scene.of([
        'bash',
        '-c',
        'ulimit -c 0; ulimit -f 8; exec dd if=/dev/zero of=long bs=1k count=64',
      ]).answer(),
    firstLine: [/dd/, /SIGXFSZ: .*file size limit/],
    never: [/from itself/],
    alerts: [{ severity: 'warning', text: [/dd/, /wrote a file larger than its limit allows/] }],
  },
];
