/**
 * The words of words-to-avoid.ts are nowhere: in no document, text or comment of the product, and in no comment, test name
 * or other text of the tests. Names in the tests' code are not looked at.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { WORDS_TO_AVOID } from './words-to-avoid';

/** All of their text counts. */
const PRODUCT = [
  '*.md',
  'docs/*.md',
  'docs/*.json',
  'package.json',
  'src/**/*.ts',
  'nodes/**/*.{ts,html,json}',
  'examples/**/*.{json,js}',
  'scripts/*',
  'test/fixtures/golden/*',
];
const TESTS = ['test/**/*.ts', 'bench/**/*.ts', 'eslint.config.mjs'];
const THIS = 'test/docs/words-to-avoid.ts';

interface Line {
  readonly place: string;
  readonly text: string;
}

/** A JSON text has its line breaks as `\n`. */
function linesOf(file: string): Line[] {
  return readFileSync(file, 'utf8')
    .split(/\n|\\n/)
    .map((text, index) => ({ place: `${file}:${index + 1}`, text }));
}

/** The comments and the strings of a file, line by line. */
function textsOf(file: string): Line[] {
  const code = readFileSync(file, 'utf8');
  const source = ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true);
  const kept = new Uint8Array(code.length);
  const keep = (from: number, to: number): void => {
    kept.fill(1, from, to);
  };
  const comments = (at: number): void => {
    for (const { pos, end } of ts.getLeadingCommentRanges(code, at) ?? []) keep(pos, end);
    for (const { pos, end } of ts.getTrailingCommentRanges(code, at) ?? []) keep(pos, end);
  };
  const visit = (node: ts.Node): void => {
    comments(node.getFullStart());
    comments(node.getEnd());
    if (ts.isImportDeclaration(node)) return;
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      keep(node.getStart(), node.getEnd());
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const text = Array.from(code, (character, at) =>
    kept[at] === 1 || character === '\n' ? character : ' ',
  ).join('');
  return text.split('\n').map((line, index) => ({ place: `${file}:${index + 1}`, text: line }));
}

describe('the words to avoid', () => {
  for (const { pattern, found, innocent = [] } of WORDS_TO_AVOID) {
    it(`are found, and plain English is not: ${found}`, () => {
      assert.match(found, pattern);
      for (const text of innocent) assert.doesNotMatch(text, pattern);
    });
  }

  const files: readonly [string, readonly Line[]][] = [
    ['in the product', globSync(PRODUCT).flatMap(linesOf)],
    [
      'in the tests',
      globSync(TESTS)
        .filter((file) => file !== THIS)
        .flatMap(textsOf),
    ],
  ];
  for (const [where, lines] of files) {
    it(`are nowhere ${where}`, () => {
      assert.ok(lines.length > 5000, `only ${lines.length} lines were read`);
      const finds = WORDS_TO_AVOID.flatMap(({ pattern, better }) =>
        lines
          .filter(({ text }) => pattern.test(text))
          .map(({ place, text }) => `${place}: ${text.trim()}  (better: ${better})`),
      );
      assert.deepEqual(finds, []);
    });
  }
});
