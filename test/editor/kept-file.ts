/** The files that a flow writes without sending a message. */
import { existsSync, readdirSync, readFileSync, watch } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { withDeadline } from '../harness/deadline';

const WRITE_MS = 20_000;

export interface KeptFile {
  readonly path: string;
  readonly text: string;
}

/** Looks at a folder now and after each change in it, until `look` finds something. */
async function whenChanged<T>(folder: string, look: () => T | undefined, awaited: string): Promise<T> {
  const giveUp = new AbortController();
  const watcher = watch(folder, { signal: giveUp.signal });
  const found = async (): Promise<T> => {
    for (;;) {
      const change = once(watcher, 'change', { signal: giveUp.signal });
      const value = look();
      if (value !== undefined) {
        change.catch(() => undefined);
        return value;
      }
      await change;
    }
  };
  try {
    return await withDeadline(found(), WRITE_MS, awaited, () => readdirSync(folder).join('\n'));
  } finally {
    giveUp.abort();
  }
}

/**
 * The file that the flow of the example writes for one run, as soon as it is whole.
 *
 * @param home of the user who runs Node-RED
 * @param suffix `.report.json`
 * @param isWhole decided by its text; also distinguishes the run that is meant from others
 */
export async function keptFile(
  home: string,
  suffix: string,
  isWhole: (text: string) => boolean,
): Promise<KeptFile> {
  const folder = path.join(home, 'ftrace-life');
  await whenChanged(home, () => (existsSync(folder) ? folder : undefined), folder);
  const look = (): KeptFile | undefined => {
    const files = readdirSync(folder).filter((name) => name.endsWith(suffix));
    const texts = files.map((name) => ({
      path: path.join(folder, name),
      text: readFileSync(path.join(folder, name), 'utf8'),
    }));
    return texts.find(({ text }) => isWhole(text));
  };
  return whenChanged(folder, look, `a whole ${suffix} in ${folder}`);
}
