/**
 * What an administrator lets flows do, in settings.js, which no flow can change:
 * `ftraceLife: { allowedCommands: ['/usr/bin/sleep'], mayKill: 'none' }`.
 */
import { isAbsolute } from 'node:path';
import { InvalidValue, oneOf } from '../../src/trace-error';
import type { NodeSurface } from '../adapter/node-controller';

export type AdministratorSettings = Pick<NodeSurface<never>, 'administratorSetting'>;

/** Whom `msg.kill` with `msg.process` may signal: nobody, what is run or traced here, or any process. */
export type MayKill = 'none' | 'own' | 'any';
const MAY_KILL: readonly MayKill[] = ['none', 'own', 'any'];

/**
 * Absolute paths of the programs that may be run; null where the setting is absent: any program.
 * @throws TraceError CONFIG_INVALID for an invalid list; nothing runs until it is fixed
 */
export function allowedCommands(settings: AdministratorSettings): readonly string[] | null {
  const list = settings.administratorSetting('allowedCommands');
  if (list === undefined) return null;
  if (Array.isArray(list) && list.every((path) => typeof path === 'string' && isAbsolute(path)))
    return list as string[];
  throw new InvalidValue('ftraceLife.allowedCommands in settings.js', 'a list of absolute paths', list);
}

/** @throws TraceError CONFIG_INVALID for any other value; nothing is signalled until it is fixed */
export function mayKill(settings: AdministratorSettings): MayKill {
  const given = settings.administratorSetting('mayKill') ?? 'own';
  return oneOf('ftraceLife.mayKill in settings.js', given, MAY_KILL);
}
