/**
 * What flows.nodered.org checks before it lists a package, without its server: the scorecard of node-red-dev, and what
 * the library reads statically from each node's HTML.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { nodeTypes, readManifest } from './manifest';

/** Names of properties that the editor keeps for itself (@node-red/editor-client, `NodeReservedProperties`). */
const RESERVED = /^([a-z]|id|type|wires|inputs|outputs|changed|dirty|valid|info|status)$/;

/** The argument objects of `RED.nodes.registerType('type', {...})` in the inline scripts of a node's HTML. */
function registrations(type: string): Map<string, ts.ObjectLiteralExpression> {
  const html = readFileSync(path.join('nodes', type, `${type}.html`), 'utf8');
  const scripts = [...html.matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g)];
  const found = new Map<string, ts.ObjectLiteralExpression>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'RED.nodes.registerType') {
      const [name, definition] = node.arguments;
      assert.ok(name !== undefined && ts.isStringLiteral(name), `${type}: the type is not a literal`);
      assert.ok(
        definition !== undefined && ts.isObjectLiteralExpression(definition),
        `${type}: the definition is not a literal`,
      );
      found.set(name.text, definition);
    }
    ts.forEachChild(node, visit);
  };
  for (const [, script = ''] of scripts) {
    visit(ts.createSourceFile(`${type}.js`, script, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS));
  }
  return found;
}

function property(definition: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  for (const each of definition.properties) {
    if (ts.isPropertyAssignment(each) && each.name.getText().replace(/['"]/g, '') === name)
      return each.initializer;
  }
  return undefined;
}

function isPlainLiteral(value: ts.Expression | undefined): boolean {
  return value !== undefined && (ts.isStringLiteral(value) || ts.isNumericLiteral(value));
}

describe('the rules of the flow library', () => {
  const manifest = readManifest();

  it('are kept by package.json: scope, licence, keyword, repository, issues', () => {
    assert.match(manifest.name, /^@[a-z\d-]+\/[a-z\d-]+$/);
    assert.equal(manifest.license, 'Apache-2.0');
    assert.match(readFileSync('LICENSE', 'utf8'), /Apache License\s+Version 2\.0/);
    assert.ok(manifest.keywords.includes('node-red'));
    assert.match(manifest.repository.url, /^git\+https:\/\//);
    assert.match(manifest.bugs.url, /^https:\/\//);
  });

  it('are kept by the versions: Node that Node-RED 5 needs, Node-RED from 4.1', () => {
    assert.equal(manifest.engines.node, '>=22.9');
    assert.equal(manifest['node-red'].version, '>=4.1.0');
  });

  it('allow six dependencies', () => {
    assert.ok(Object.keys(manifest.dependencies ?? {}).length <= 6);
  });

  for (const type of nodeTypes()) {
    describe(`for ${type}`, () => {
      it('hold for its set: the page beside the code, one type, named like the set', () => {
        assert.equal(manifest['node-red'].nodes[type], `dist/nodes/${type}/${type}.js`);
        assert.deepEqual([...registrations(type).keys()], [type]);
      });

      it('hold for its definition: what the library reads is literal and inline', () => {
        const definition = registrations(type).get(type)!;
        for (const name of ['category', 'color', 'icon', 'inputs', 'outputs']) {
          assert.ok(isPlainLiteral(property(definition, name)), `${name} is not a literal`);
        }
        const defaults = property(definition, 'defaults');
        assert.ok(
          defaults !== undefined && ts.isObjectLiteralExpression(defaults),
          'defaults are not a literal',
        );
        const names = defaults.properties.map((each) => each.name?.getText() ?? '');
        assert.ok(names.includes('name'));
        assert.deepEqual(
          names.filter((name) => RESERVED.test(name)),
          [],
        );
      });

      it('want it in an example', () => {
        const examples = globSync('examples/**/*.json').filter((file) => {
          const nodes = JSON.parse(readFileSync(file, 'utf8')) as unknown;
          return Array.isArray(nodes) && nodes.some((node: { type?: unknown }) => node.type === type);
        });
        assert.notDeepEqual(examples, []);
      });
    });
  }
});
