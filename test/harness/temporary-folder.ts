import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const folders = new Set<string>();

process.once('exit', () => {
  if (process.env.FTRACE_LIFE_KEEP === '1') return;
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A new folder under /tmp that is gone when the tests end; FTRACE_LIFE_KEEP=1 keeps it for a look. */
export function temporaryFolder(purpose: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `ftrace-life-${purpose}-`));
  folders.add(folder);
  return folder;
}
