/**
 * Fields as the model needs them. Readers give a number, or a string in hex beyond 2^53; the kernel records
 * every syscall argument as an unsigned 64-bit value, so that AT_FDCWD is 4294967196 or 0xffffffffffffff9c.
 */
import type { FieldValue } from '../trace-event';

const HEX = /^-?0x[0-9a-f]{1,16}$/i;

/** The low 32 bits, signed: file descriptors, pids, signal numbers. Null where the field is no integer. */
export function int32(value: FieldValue | undefined): number | null {
  // `| 0` is ToInt32: exact for every double that holds an integer.
  if (typeof value === 'number') return Number.isFinite(value) ? value | 0 : null;
  if (typeof value === 'string' && HEX.test(value)) return Number(BigInt.asIntN(32, BigInt(value)));
  return null;
}

/** The value, where a number holds it exactly; null otherwise. */
export function exactNumber(value: FieldValue | undefined): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

/** Whether the bits of `flag`, at most 32 bits wide, are set; null where the field is no integer. */
export function hasBits(value: FieldValue | undefined, flag: number): boolean | null {
  const bits = int32(value);
  return bits === null ? null : (bits & flag) === (flag | 0);
}

export function textOf(value: FieldValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
