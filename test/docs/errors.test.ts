import assert from 'node:assert/strict';
import { DAMAGE, isDamageCode, isPassedOver, REASONS } from '../../src/trace-error';
import { codesIn, rowsOf, sectionsOf } from './markdown';

function rowsUnder(title: string): string[][] {
  return rowsOf(sectionsOf('docs/errors.md').find((section) => section.title === title)!);
}

function codesUnder(title: string): string[] {
  return rowsUnder(title).map(([first = '']) => codesIn(first)[0]!);
}

describe('docs/errors.md', () => {
  it('explains each error code, and none that is not there', () => {
    assert.deepEqual(codesUnder('Errors').sort(), Object.keys(REASONS).sort());
  });

  it('says what happened in the words of the error itself', () => {
    const told = rowsUnder('Errors').map(([code = '', what = '']) => [codesIn(code)[0], what]);
    assert.deepEqual(Object.fromEntries(told), { ...REASONS });
  });

  it('explains each damage code, in the words of the table that readers use', () => {
    const inDocs = rowsUnder('Damage').map(([code = '', input, text]) => [codesIn(code)[0], input, text]);
    const inTable = Object.entries(DAMAGE).map(([code, { input, text }]) => [
      code,
      isPassedOver(code) ? input : `${input}, delivered`,
      text,
    ]);
    assert.deepEqual(inDocs, inTable);
  });

  it('knows damage by its code alone', () => {
    assert.ok(isDamageCode('LINE_CUT'));
    assert.ok(!isDamageCode('toString') && !isDamageCode('LINE_OF_A_LATER_VERSION'));
    assert.ok(isPassedOver('LINE_CUT') && isPassedOver('LINE_OF_A_LATER_VERSION'));
    assert.ok(!isPassedOver('TIME_BACKWARDS'));
  });

  it('says what to do with each', () => {
    for (const title of ['Errors', 'Damage']) {
      for (const row of rowsUnder(title)) assert.ok(row.at(-1)!.length > 10, row[0]);
    }
  });
});
