/** The settings of trace-source, as the editor saved them. */
import { InvalidValue } from '../../src/trace-error';
import { RECORDED_EXAMPLE } from '../adapter/recorded-example';
import { savedTypedInput, type TypedInput } from '../adapter/typed-input';
import { readOutputForm, type OutputFormName } from './output-form';

export interface SourceDef {
  source?: unknown;
  path?: unknown;
  pathType?: unknown;
  form?: unknown;
  speed?: unknown;
  factor?: unknown;
  flowControl?: unknown;
}

export interface SourceSettings {
  /** Null: live events of the session that the message names. */
  readonly file: TypedInput | null;
  readonly form: OutputFormName;
  /** 1 as recorded, 2 twice as fast; 0 at once. */
  readonly speed: number;
  /** Each payload but a stream's first waits for a `msg.tick`. */
  readonly waitsForTicks: boolean;
}

/** @throws TraceError CONFIG_INVALID */
export function readDef(def: SourceDef): SourceSettings {
  return {
    file: readFile(def),
    form: readOutputForm(def.form),
    speed: readSpeed(def.speed, def.factor),
    waitsForTicks: def.flowControl === true,
  };
}

function readSpeed(speed: unknown, factor: unknown): number {
  if (speed === 'recorded') return 1;
  if (speed !== 'factor') return 0;
  const number = Number(factor);
  if (Number.isFinite(number) && number > 0) return number;
  throw new InvalidValue('factor', 'a number above 0 (2 is twice as fast as recorded)', factor);
}

function readFile(def: SourceDef): TypedInput | null {
  if (def.source === 'example') return { value: RECORDED_EXAMPLE, type: 'str' };
  if (def.source === 'file') return savedTypedInput(def.path, def.pathType);
  return null;
}
