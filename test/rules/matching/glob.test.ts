import assert from 'node:assert/strict';
import { compileGlob, globMatches } from '../../../src/rules/matching/glob';

describe('a glob', () => {
  const table: [pattern: string, text: string, matches: boolean][] = [
    ['', '', true],
    ['**', 'a', true],
    ['a*', 'ab', true],
    ['a*', 'ba', false],
    ['*b*', 'abc', true],
    ['*b*', 'ac', false],
    ['*b', 'ab', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', '/usr/bin/true', true],
    ['?', '', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['/usr/*/true', '/usr/local/bin/true', true],
    ['*.so', 'libc.so.6', false],
    ['*.so*', 'libc.so.6', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-b-b-', false],
    ['[ab]', 'a', false],
    ['[ab]', '[ab]', true],
    ['.', 'a', false],
  ];
  for (const [pattern, text, matches] of table) {
    it(`${matches ? 'matches' : 'does not match'}: '${pattern}' and '${text}'`, () => {
      assert.equal(globMatches(pattern, text), matches);
      assert.equal(compileGlob(pattern)(text), matches);
    });
  }

  it('answers at once where a regular expression would search for hours', () => {
    assert.equal(globMatches('*a'.repeat(50) + 'b', 'a'.repeat(5000)), false);
  }).timeout(1000);
});
