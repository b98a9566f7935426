/** The settings of signal-filter, as the editor saved them. */
import { SEVERITIES, readRuleSet, type RuleSet, type Severity } from '../../src/index';
import { InvalidValue, oneOf, TraceError } from '../../src/trace-error';

export interface FilterDef {
  rules?: unknown;
  intervalSeconds?: unknown;
  minSeverity?: unknown;
  form?: unknown;
  learn?: unknown;
}

/** What an alert's payload is: ours, or in the words of the Elastic Common Schema or of OpenTelemetry's logs. */
export type AlertForm = 'alert' | 'ecs' | 'otel';
const FORMS: readonly AlertForm[] = ['alert', 'ecs', 'otel'];

export interface FilterConfig {
  readonly rules: RuleSet;
  readonly intervalSeconds: number;
  readonly minSeverity: Severity;
  readonly form: AlertForm;
  /** Whether it learns from the start. */
  readonly learns: boolean;
}

/** @throws TraceError CONFIG_INVALID with the place */
export function readRulesField(given: unknown): RuleSet {
  if (typeof given !== 'string') return readRuleSet(given ?? []);
  if (given.trim() === '') return readRuleSet([]);
  let rules: unknown;
  try {
    rules = JSON.parse(given);
  } catch (error) {
    const why = error instanceof Error ? error.message : '';
    throw new TraceError('CONFIG_INVALID', `rules: ${why}`);
  }
  return readRuleSet(rules);
}

/** Seconds. A field that is left empty means the default, not that nothing is held back; NaN for what is no number. */
function readInterval(given: unknown): number {
  if (given === undefined || given === null) return 60;
  if (typeof given === 'string') return given.trim() === '' ? 60 : Number(given);
  return typeof given === 'number' ? given : NaN;
}

/** @throws TraceError CONFIG_INVALID */
export function readDef(def: FilterDef): FilterConfig {
  const intervalSeconds = readInterval(def.intervalSeconds);
  if (!Number.isFinite(intervalSeconds) || intervalSeconds < 0) {
    throw new InvalidValue('intervalSeconds', 'a number of seconds from 0', def.intervalSeconds);
  }
  return {
    rules: readRulesField(def.rules),
    intervalSeconds,
    minSeverity: oneOf('minSeverity', def.minSeverity ?? 'info', SEVERITIES),
    form: oneOf('form', def.form ?? 'alert', FORMS),
    learns: def.learn === true,
  };
}
