/** What a byte may be part of, for loops that look at each byte of a text once. */

/** `0` to `9` */
export const DIGIT = 1;
/** `0` to `9`, `a` to `f`: as the kernel prints hexadecimal numbers. */
export const HEX = 2;
/** What an identifier consists of. */
export const WORD = 4;
/** What an identifier may start with. */
export const FIRST = 8;
/** The column of flags: digits, letters and dots. */
export const FLAG = 16;

function classOf(byte: number): number {
  const text = String.fromCharCode(byte);
  return (
    (/[0-9]/.test(text) ? DIGIT : 0) |
    (/[0-9a-f]/.test(text) ? HEX : 0) |
    (/[A-Za-z0-9_]/.test(text) ? WORD : 0) |
    (/[A-Za-z_]/.test(text) ? FIRST : 0) |
    (/[A-Za-z0-9.]/.test(text) ? FLAG : 0)
  );
}

/** By byte, the classes that it belongs to. */
export const BYTE_CLASS: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => classOf(byte));
