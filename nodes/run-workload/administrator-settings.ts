/**
 * What an administrator lets flows do, in settings.js, which no flow can change:
 * `ftraceLife: { allowedCommands: ['/usr/bin/sleep'], mayKill: 'none' }`.
 */
import { isAbsolute } from 'node:path';
import type { NodeAPI } from 'node-red';
import { TraceError } from '../../src/trace-error';

/** Whom `msg.kill` with `msg.process` may signal: nobody, what is run or traced here, or any process. */
export type MayKill = 'none' | 'own' | 'any';
const MAY_KILL: readonly MayKill[] = ['none', 'own', 'any'];

function setting(RED: NodeAPI, name: string): unknown {
  const own = (RED.settings as unknown as Readonly<Record<string, unknown>>)['ftraceLife'];
  return typeof own === 'object' && own !== null ? (own as Record<string, unknown>)[name] : undefined;
}

/**
 * Absolute paths of what may be run; null where nothing is said: any program.
 * @throws TraceError CONFIG_INVALID for a list that cannot be meant; nothing runs until it is mended
 */
export function allowedCommands(RED: NodeAPI): readonly string[] | null {
  const list = setting(RED, 'allowedCommands');
  if (list === undefined) return null;
  if (Array.isArray(list) && list.every((path) => typeof path === 'string' && isAbsolute(path)))
    return list as string[];
  throw new TraceError(
    'CONFIG_INVALID',
    'ftraceLife.allowedCommands in settings.js is a list of absolute paths',
  );
}

/** @throws TraceError CONFIG_INVALID for what is none of the three; nothing is signalled until it is mended */
export function mayKill(RED: NodeAPI): MayKill {
  const given = setting(RED, 'mayKill') ?? 'own';
  const known = MAY_KILL.find((each) => each === given);
  if (known !== undefined) return known;
  throw new TraceError(
    'CONFIG_INVALID',
    `ftraceLife.mayKill in settings.js is ${JSON.stringify(given)}; it is ${MAY_KILL.join(', ')}`,
  );
}
