/**
 * What a person reads about a wrong rule: the exact text for each input of `REFUSED`, in a golden file, and proof that
 * every place in the reader that refuses is in it; the same in Chinese, for the dialog. GOLDEN=write writes the file again; its diff is read like code.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { readRuleSet } from '../../../src/rules/language/rule-set';
import { REFUSAL_TEXTS } from '../../../src/rules/language/refusal-texts';
import { RuleRefusal } from '../../../src/rules/language/rule-refusal';
import { WARNING_TEXTS } from '../../../src/rules/matching/rule-warnings';
import { REFUSED } from '../rules-files';
import { catalogueOf, sayIn } from './say-in';

const GOLDEN = 'test/fixtures/golden/rule-refusals.txt';
const CHINESE_GOLDEN = 'test/fixtures/golden/rule-refusals.zh-CN.txt';

function refusalOf(input: unknown): RuleRefusal {
  try {
    readRuleSet(input);
  } catch (error) {
    assert.ok(error instanceof RuleRefusal);
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
  const frames = stack
    .split('\n')
    .filter((line) => line.includes('src/rules/language/') && !/rule-refusal|at refuse /.test(line));
  return /([\w-]+\.ts:\d+):\d+\)?$/.exec(frames[0] ?? '')?.[1] ?? stack;
}

describe('the refusals of wrong rules', () => {
  const refusals = REFUSED.map(([what, input]) => ({ what, error: refusalOf(input) }));

  it('say the place, what was found and what is allowed, as the golden file has them', () => {
    const text = refusals.map(({ what, error }) => `# ${what}\n${error.message}\n`).join('\n');
    if (process.env['GOLDEN'] === 'write') writeFileSync(GOLDEN, text);
    assert.equal(text, readFileSync(GOLDEN, 'utf8'));
  });

  it('are in the language of the editor in the dialog', () => {
    const english = sayIn('en-US');
    for (const { what, error } of refusals) assert.equal(error.inWords(english), error.detail, what);
    assert.deepEqual(catalogueOf('en-US')['refusal'], REFUSAL_TEXTS);
    assert.deepEqual(catalogueOf('en-US')['ruleWarning'], WARNING_TEXTS);
    const chinese = sayIn('zh-CN');
    const text = refusals.map(({ what, error }) => `# ${what}\n${error.inWords(chinese)}\n`).join('\n');
    if (process.env['GOLDEN'] === 'write') writeFileSync(CHINESE_GOLDEN, text);
    assert.equal(text, readFileSync(CHINESE_GOLDEN, 'utf8'));
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
