/**
 * Regular expressions of rules. They come from a flow and run on names that strangers choose, so they are matched in time
 * that grows with the text's length only: RE2's syntax (https://github.com/google/re2/wiki/Syntax), which has no
 * backreferences and no lookaround. JavaScript's own needs exponential time for `(a+)+$`.
 */
type RE2 = typeof import('re2js').RE2JS;

let loaded: RE2 | undefined;

/** Most rules have none: its tables of characters are made when the first one is compiled. */
function re2(): RE2 {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would make them at start
  loaded ??= (require('re2js') as { RE2JS: RE2 }).RE2JS;
  return loaded;
}

/**
 * Whether a part of a text matches, like JavaScript's `regex.test(text)`.
 * @throws Error with the place in the expression where it is no regular expression of RE2's syntax
 */
export function compileRegex(source: string): (text: string) => boolean {
  const RE2JS = re2();
  const regex = RE2JS.compile(RE2JS.translateRegExp(source));
  return (text) => regex.test(text);
}
