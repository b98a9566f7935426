/**
 * Files of other projects, which are read where they are and never copied into this repository: `../shared/traces/peers`
 * beside the checkout. A plain clone does not have them.
 */
import fs from 'node:fs';
import path from 'node:path';
import { skipLoudly } from '../harness/requirements';

const SHARED = path.join(process.cwd(), '../shared');

/**
 * The path of one of them. Without it the test is skipped with a message, on a plain clone also where skipping is
 * forbidden: nothing that could be installed would help.
 */
export function peerFile(context: Mocha.Context, name: string): string {
  const file = path.join(SHARED, 'traces/peers', name);
  if (fs.existsSync(file)) return file;
  if (fs.existsSync(SHARED)) skipLoudly(context, file);
  console.error(`SKIPPED: needs ${file}: files of other projects, which a clone does not have`);
  return context.skip();
}
