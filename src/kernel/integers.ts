/**
 * Integers as traces carry them: up to 64 bits, mostly hexadecimal. What a double holds exactly becomes a
 * number, anything beyond stays a string in hex, so that no value is ever rounded (src/trace-event.ts).
 */

const HEX = /^[0-9a-fA-F]{1,16}$/;
const DECIMAL = /^-?[0-9]{1,20}$/;
const OCTAL = /^[0-7]{1,22}$/;

function fromBigInt(value: bigint): number | string {
  if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER))
    return Number(value);
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}

/** Unsigned, from digits without `0x`; undefined for anything else. */
export function fromHex(digits: string): number | string | undefined {
  if (!HEX.test(digits)) return undefined;
  // 13 digits are 52 bits: always exact.
  return digits.length <= 13 ? Number.parseInt(digits, 16) : fromBigInt(BigInt(`0x${digits}`));
}

/** Two's complement of 64 bits: `fffffffffffffffe` is -2. From digits without `0x`. */
export function fromSignedHex(digits: string): number | string | undefined {
  if (!HEX.test(digits)) return undefined;
  return digits.length <= 13
    ? Number.parseInt(digits, 16)
    : fromBigInt(BigInt.asIntN(64, BigInt(`0x${digits}`)));
}

export function fromDecimal(digits: string): number | string | undefined {
  if (!DECIMAL.test(digits)) return undefined;
  return digits.length <= 15 ? Number(digits) + 0 : fromBigInt(BigInt(digits));
}

export function fromOctal(digits: string): number | string | undefined {
  if (!OCTAL.test(digits)) return undefined;
  return fromBigInt(BigInt(`0o${digits}`));
}

/** The hex digits of a field's value, without `0x`: -2 is `fffffffffffffffe`. Undefined where it is no integer. */
export function toHex(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) {
    return value >= 0 ? value.toString(16) : BigInt.asUintN(64, BigInt(value)).toString(16);
  }
  if (typeof value === 'string' && value.startsWith('0x') && HEX.test(value.slice(2))) return value.slice(2);
  return undefined;
}
