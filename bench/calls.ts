import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

const SOURCE = `#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv) {
  for (long calls = atol(argv[argc - 1]); calls > 0; calls--) syscall(SYS_getppid);
  return 0;
}
`;

/** Compiles a program that makes as many system calls as its last argument says, flat out; each is two events. */
export function compileCalls(folder: string): string {
  const program = path.join(folder, 'calls');
  writeFileSync(`${program}.c`, SOURCE);
  execFileSync('gcc', ['-O1', '-o', program, `${program}.c`]);
  return program;
}
