import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../harness/temporary-folder';

/** The walk-through's program. */
export const SPIN = 'int main(void) { while (1); return 0; }\n';

/** Compiles a program of one file; `name` is what its process will be called. */
export function compiled(name: string, source: string): string {
  const folder = temporaryFolder('program');
  const file = path.join(folder, name);
  writeFileSync(`${file}.c`, source);
  execFileSync('gcc', ['-O1', '-o', file, `${file}.c`, '-lpthread']);
  return file;
}
