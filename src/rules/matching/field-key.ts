import type { SignalRecord, SignalTarget } from '../../model/report';
import { conditionField, type FieldName } from '../language/condition-fields';

/** The values of these fields as one text; `?` for what the trace does not know. */
export function fieldKey(
  fields: readonly FieldName[],
  signal: SignalRecord | null,
  target: SignalTarget | null,
): string {
  return keyOf(
    fields.map((name) => {
      // By its name, as an alert says it; its number is what conditions compare.
      if (name === 'signal') return signal?.signal ?? null;
      const value = conditionField(name).read(signal, target);
      return Array.isArray(value) ? value.join(',') : value === null ? null : String(value);
    }),
  );
}

/** Joins texts so that different ones never give the same. */
export function keyOf(parts: readonly (string | null)[]): string {
  return parts.map((part) => (part ?? '?').replace(/[\\|]/g, '\\$&')).join('|');
}
