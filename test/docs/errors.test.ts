import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { REASONS } from '../../src/trace-error';
import { codesIn, rowsOf, sectionsOf } from './markdown';

function rowsUnder(title: string): string[][] {
  return rowsOf(sectionsOf('docs/errors.md').find((section) => section.title === title)!);
}

function codesUnder(title: string): string[] {
  return rowsUnder(title).map(([first = '']) => codesIn(first)[0]!);
}

/** Each string literal of a file that looks like a code: `PAGE_LENGTH`. */
function codesOfSource(file: string): string[] {
  const codes: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) && /^[A-Z]+(_[A-Z]+)+$/.test(node.text)) codes.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true));
  return codes;
}

describe('docs/errors.md', () => {
  it('explains each error code, and none that is not there', () => {
    assert.deepEqual(codesUnder('Errors').sort(), Object.keys(REASONS).sort());
  });

  it('says what happened in the words of the error itself', () => {
    const told = rowsUnder('Errors').map(([code = '', what = '']) => [codesIn(code)[0], what]);
    assert.deepEqual(Object.fromEntries(told), { ...REASONS });
  });

  it('explains each damage code that a reader gives, and none that is not there', () => {
    const files = globSync('src/{readers,model,session}/**/*.ts');
    const inSource = new Set(files.flatMap(codesOfSource).filter((code) => !(code in REASONS)));
    const damage = [...inSource].filter((code) => !/^(SIG|CLD|SI|AT|O|PROT|MAP|CLONE|EXIT)_/.test(code));
    assert.ok(damage.length >= 10);
    assert.deepEqual(codesUnder('Damage').sort(), damage.sort());
  });

  it('says what to do with each', () => {
    for (const title of ['Errors', 'Damage']) {
      for (const [code, , todo = ''] of rowsUnder(title)) assert.ok(todo.length > 10, code);
    }
  });
});
