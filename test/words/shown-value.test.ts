import assert from 'node:assert/strict';
import { shownValue } from '../../src/words/shown-value';

describe('a refused value', () => {
  const circular: unknown[] = [];
  circular.push(circular);
  for (const [value, shown] of [
    ['x', '"x"'],
    ['', 'an empty string'],
    ['a\nb', '"a\\nb"'],
    [undefined, 'nothing'],
    [null, 'null'],
    [NaN, 'NaN'],
    [7n, '7'],
    [[], '[]'],
    [{ a: 1 }, '{"a":1}'],
    [() => 1, 'a function'],
    [circular, 'something that cannot be shown'],
    ['x'.repeat(100), `"${'x'.repeat(60)}…"`],
  ] as [unknown, string][]) {
    it(`is shown as ${shown}`, () => {
      assert.equal(shownValue(value), shown);
    });
  }
});
