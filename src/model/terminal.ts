/**
 * Which terminal a process has: no event says it, but the files that it has open may. What it has as its standard input,
 * output and error counts before anything else that it opened.
 */
import type { Process } from './process';

/** `/dev/pts/3`, `/dev/tty1`, `/dev/ttyS0`, `/dev/console`; /dev/tty is any process's own. */
const TERMINAL = /^\/dev\/(pts\/\d+|tty[A-Za-z]*\d+|console)$/;

/** `pts/3`; null where the trace does not name it, or names several. */
export function terminalOf({ files }: Process): string | null {
  for (const fd of [0, 1, 2]) {
    const terminal = TERMINAL.exec(files.get(fd)?.path ?? '')?.[1];
    if (terminal !== undefined) return terminal;
  }
  const others = new Set<string>();
  for (const path of files.paths()) {
    const terminal = TERMINAL.exec(path)?.[1];
    if (terminal !== undefined) others.add(terminal);
  }
  const [only] = others;
  return others.size === 1 ? (only ?? null) : null;
}
