/** The settings of lifecycle-parse, as the editor saved them. */
import type { StageName } from '../../src/index';
import { readStageNames } from './stage-names';

export interface ParseDef {
  stages?: unknown;
  stagesType?: unknown;
  arrays?: unknown;
}

export interface ParseSettings {
  readonly stages: ReadonlySet<StageName>;
  readonly asArrays: boolean;
}

/** @throws TraceError CONFIG_INVALID */
export function readDef(def: ParseDef): ParseSettings {
  return {
    stages: readStageNames(def.stagesType === 'chosen' ? def.stages : undefined),
    asArrays: def.arrays === true,
  };
}
