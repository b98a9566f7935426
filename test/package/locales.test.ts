/**
 * Every text that a node or its dialog asks for exists, in every language. A key that is missing is shown to users as
 * the key.
 *
 * Node-RED loads dist/nodes/<type>/locales/<language>/<type>.json; in the runtime and in the dialog's template keys are
 * relative to the node's set, `@tracelife/node-red-ftrace/<type>`.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { PACKAGE_NAME } from '../harness/packed-package';
import { nodeTypes } from './manifest';

const LANGUAGES = ['en-US', 'zh-CN'];

/** `{ a: { b: 'x' } }` as `a.b` -> `x`. */
function flatten(tree: unknown, prefix = ''): Map<string, unknown> {
  if (typeof tree !== 'object' || tree === null) return new Map([[prefix, tree]]);
  const parts = Object.entries(tree).map(([key, value]) =>
    flatten(value, prefix === '' ? key : `${prefix}.${key}`),
  );
  return new Map(parts.flatMap((part) => [...part]));
}

function readCatalogue(type: string, language: string): Map<string, unknown> {
  const file = path.join('nodes', type, 'locales', language, `${type}.json`);
  return flatten(JSON.parse(readFileSync(file, 'utf8')));
}

/** `name`, `{{name}}` and `__name__` inside a text: what Node-RED puts in. */
function placeholders(text: unknown): string[] {
  return [...String(text).matchAll(/__\w+?__|\{\{\w+\}\}/g)].map(([found]) => found).sort();
}

/** A key with what is before it removed: the set, and the attribute in `[placeholder]key`. */
function inSet(type: string, key: string): string {
  return key.replace(/^\[[^\]]+\]/, '').replace(`${PACKAGE_NAME}/${type}:`, '');
}

function keysInHtml(type: string): string[] {
  const html = readFileSync(path.join('nodes', type, `${type}.html`), 'utf8');
  const attributes = [...html.matchAll(/data-i18n="([^"]+)"/g)].flatMap(([, keys = '']) => keys.split(';'));
  const scripts = [...html.matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g)];
  return [...attributes, ...scripts.flatMap(([, script = '']) => keysInCode(script))].map((key) =>
    inSet(type, key),
  );
}

/** Literal first arguments of `_('key')`, `RED._('key')`, `node._('key')`. */
function keysInCode(code: string): string[] {
  const keys: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /(^|\.)_$/.test(node.expression.getText())) {
      const [key] = node.arguments;
      if (key !== undefined && ts.isStringLiteralLike(key)) keys.push(key.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('code.ts', code, ts.ScriptTarget.Latest, true));
  return keys;
}

for (const type of nodeTypes()) {
  describe(`the texts of ${type}`, () => {
    const folder = path.join('nodes', type);

    it('exist in English for every key that its dialog and its code ask for', () => {
      const english = readCatalogue(type, 'en-US');
      const code = globSync(`${folder}/*.ts`).flatMap((file) => keysInCode(readFileSync(file, 'utf8')));
      // Keys of Node-RED itself have its own namespace in front.
      const asked = [...keysInHtml(type), ...code.map((key) => inSet(type, key))].filter(
        (key) => !key.includes(':'),
      );
      assert.ok(asked.length >= 5, `only ${asked.length} keys found`);
      const missing = asked.filter((key) => typeof english.get(key) !== 'string');
      assert.deepEqual([...new Set(missing)], []);
    });

    it('have the same keys and placeholders in every language, and none is empty', () => {
      const english = readCatalogue(type, 'en-US');
      for (const language of LANGUAGES) {
        const other = readCatalogue(type, language);
        assert.deepEqual([...other.keys()].sort(), [...english.keys()].sort(), language);
        for (const [key, text] of other) {
          assert.ok(typeof text === 'string' && text.trim() !== '', `${language}: ${key} is empty`);
          assert.deepEqual(placeholders(text), placeholders(english.get(key)), `${language}: ${key}`);
        }
      }
    });

    it('include help in every language, under the same headings', () => {
      const outlines = LANGUAGES.map((language) => {
        const file = path.join(folder, 'locales', language, `${type}.html`);
        assert.ok(existsSync(file), file);
        const help = readFileSync(file, 'utf8');
        assert.ok(help.includes(`data-help-name="${type}"`), `${file} is not the help of ${type}`);
        return [...help.matchAll(/^\s*(#+) /gm)].map(([, marks = '']) => marks);
      });
      assert.ok(outlines[0]!.length >= 3, 'help has Inputs, Outputs and Details');
      for (const outline of outlines) assert.deepEqual(outline, outlines[0]);
    });
  });
}
