import { inspect } from 'node:util';

/** Whatever was thrown, as an Error, so that `code`, `stack` and `cause` reach a Catch node where there are any. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Error(typeof thrown === 'string' ? thrown : inspect(thrown));
}

/** `MESSAGE_INVALID`, `EACCES`; the error's class where it has no code. */
export function codeOf(thrown: unknown): string {
  const error = asError(thrown);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
