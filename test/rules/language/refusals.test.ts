/**
 * What a person reads about a wrong rule: the exact text for each input of `REFUSED`, in a golden file, and proof that
 * every place in the reader that refuses is in it. GOLDEN=write writes the file again; its diff is read like code.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { readRuleSet } from '../../../src/rules/language/rule-set';
import { TraceError } from '../../../src/trace-error';
import { REFUSED } from '../rules-files';

const GOLDEN = 'test/fixtures/golden/rule-refusals.txt';

function refusalOf(input: unknown): TraceError {
  try {
    readRuleSet(input);
  } catch (error) {
    assert.ok(error instanceof TraceError);
    assert.equal(error.code, 'CONFIG_INVALID');
    return error;
  }
  return assert.fail('it was not refused');
}

/** `rule-set.ts:21` of each call of `refuse` in the reader. */
function placesThatRefuse(): string[] {
  return globSync('src/rules/language/*.ts').flatMap((file) => {
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    const places: string[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && node.expression.getText() === 'refuse') {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        places.push(`${path.basename(file)}:${line + 1}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return places;
  });
}

/** Where `refuse` was called, by the stack (source maps are on). */
function placeOf({ stack = '' }: Error): string {
  const frames = stack.split('\n').filter((line) => line.includes('src/rules/language/'));
  return /([\w-]+\.ts:\d+):\d+\)?$/.exec(frames[1] ?? '')?.[1] ?? stack;
}

describe('the refusals of wrong rules', () => {
  const refusals = REFUSED.map(([what, input]) => ({ what, error: refusalOf(input) }));

  it('say the place, what was found and what is allowed, as the golden file has them', () => {
    const text = refusals.map(({ what, error }) => `# ${what}\n${error.message}\n`).join('\n');
    if (process.env['GOLDEN'] === 'write') writeFileSync(GOLDEN, text);
    assert.equal(text, readFileSync(GOLDEN, 'utf8'));
  });

  it('are all that the reader can give', () => {
    const reached = new Set(refusals.map(({ error }) => placeOf(error)));
    const places = placesThatRefuse();
    assert.ok(places.length > 20, `only ${places.length}`);
    assert.deepEqual(
      places.filter((place) => !reached.has(place)),
      [],
    );
  });
});
