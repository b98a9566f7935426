import { isAbsolute } from 'node:path';
import type { NodeAPI } from 'node-red';
import { TraceError } from '../../src/trace-error';

/**
 * What the administrator lets flows run: `ftraceLife: { allowedCommands: ['/usr/bin/sleep'] }` in settings.js,
 * which no flow can change. Null where nothing is said: any program.
 *
 * @throws TraceError CONFIG_INVALID for a list that cannot be meant; nothing runs until it is mended
 */
export function allowedCommands(RED: NodeAPI): readonly string[] | null {
  const settings = RED.settings as unknown as Readonly<Record<string, unknown>>;
  const own = settings['ftraceLife'];
  if (own === undefined) return null;
  const list: unknown =
    typeof own === 'object' && own !== null && 'allowedCommands' in own ? own.allowedCommands : undefined;
  if (list === undefined) return null;
  if (Array.isArray(list) && list.every((path) => typeof path === 'string' && isAbsolute(path)))
    return list as string[];
  throw new TraceError(
    'CONFIG_INVALID',
    'ftraceLife.allowedCommands in settings.js is a list of absolute paths',
  );
}
