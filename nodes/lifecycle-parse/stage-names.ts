import type { StageName } from '../../src/index';
import { InvalidValue } from '../../src/trace-error';

/** In the order of a life. Record, so that the compiler asks for a stage that is new. */
const STAGE_NAMES: Readonly<Record<StageName, true>> = {
  fork: true,
  exec: true,
  'exec-failed': true,
  library: true,
  maps: true,
  thread: true,
  'thread-exit': true,
  rename: true,
  'signal-generated': true,
  'signal-delivered': true,
  'signal-returned': true,
  signal: true,
  exit: true,
  zombie: true,
  reap: true,
  gone: true,
  lost: true,
};

/**
 * @param given `fork,exec,reap` as the editor's field saves it; undefined for all
 * @throws TraceError CONFIG_INVALID
 */
export function readStageNames(given: unknown): ReadonlySet<StageName> {
  const known = Object.keys(STAGE_NAMES) as StageName[];
  if (given === undefined) return new Set(known);
  const names = typeof given === 'string' ? given.split(',').filter((name) => name !== '') : [];
  return new Set(
    names.map((name) => {
      const stage = known.find((candidate) => candidate === name);
      if (stage !== undefined) return stage;
      throw new InvalidValue('stages', `names among ${known.join(', ')}`, name, { names: known });
    }),
  );
}
