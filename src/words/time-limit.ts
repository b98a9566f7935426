/** The time limit that timeout(1) was given: `60 s`, `5 min`. */

const UNITS: Readonly<Record<string, string>> = { '': 's', s: 's', m: 'min', h: 'h', d: 'days' };
/** Options whose value is the next argument. */
const WITH_VALUE = new Set(['-k', '-s', '--kill-after', '--signal']);

/** @returns null where the arguments are not those of timeout(1) */
export function timeLimitOf(argv: readonly string[]): string | null {
  if (argv[0]?.split('/').at(-1) !== 'timeout') return null;
  for (let at = 1; at < argv.length; at++) {
    const argument = argv[at]!;
    if (WITH_VALUE.has(argument)) at++;
    else if (!argument.startsWith('-')) {
      const [, number, unit] = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(argument) ?? [];
      return number === undefined ? null : `${number} ${UNITS[unit ?? '']}`;
    }
  }
  return null;
}
