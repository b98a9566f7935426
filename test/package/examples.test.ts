/** What a flow of the import menu may use, and how it is put together: read from the files, without Node-RED. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PALETTES, type FlowNode, type Palette } from '../harness/node-red-process';
import { nodeTypes } from './manifest';

const REGISTERED = /registerType\(\s*['"]([^'"]+)['"]/g;

function typesIn(files: readonly string[]): Set<string> {
  return new Set(
    files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(REGISTERED)].map(([, type]) => type!)),
  );
}

/** What each Node-RED brings itself; tabs and groups are the editor's. */
const CORE = typesIn(globSync('node_modules/@node-red/nodes/core/**/*.html')).add('tab').add('group');

function typesOfPalette(palette: Palette): Set<string> {
  const folder = path.join('node_modules', palette);
  const { 'node-red': own } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    'node-red': { nodes: Record<string, string> };
  };
  return typesIn(Object.values(own.nodes).map((file) => path.join(folder, file)));
}

interface Placed extends FlowNode {
  readonly x: number;
  readonly y: number;
  readonly name?: string;
  readonly g?: string;
  readonly wires?: readonly (readonly string[])[];
  readonly links?: readonly string[];
  readonly scope?: readonly string[] | null;
}

const FILES = globSync('examples/**/*.json').sort();
const flows = new Map(FILES.map((file) => [file, JSON.parse(readFileSync(file, 'utf8')) as Placed[]]));

describe('the examples', () => {
  it('are known to Node-RED by types that are found', () => {
    assert.ok(CORE.size > 40 && CORE.has('mqtt out') && CORE.has('link in'), [...CORE].join());
    for (const palette of PALETTES) assert.ok(typesOfPalette(palette).size > 0, palette);
  });

  it("have ids that are no one else's, so that all of them can be imported together", () => {
    const ids = [...flows.values()].flat().map(({ id }) => id);
    assert.deepEqual(
      ids.filter((id, at) => ids.indexOf(id) !== at),
      [],
    );
  });

  for (const [file, flow] of flows) {
    describe(file, () => {
      it('uses types of this package, of Node-RED, and of palette packages that its first comment names', () => {
        const own = new Set([...CORE, ...nodeTypes()]);
        const foreign = new Set(flow.map(({ type }) => type).filter((type) => !own.has(type)));
        const needed = PALETTES.filter((palette) =>
          [...typesOfPalette(palette)].some((type) => foreign.has(type)),
        );
        const known = new Set(needed.flatMap((palette) => [...typesOfPalette(palette)]));
        assert.deepEqual(
          [...foreign].filter((type) => !known.has(type)),
          [],
        );
        const comments = flow.filter(({ type }) => type === 'comment').sort((a, b) => a.y - b.y || a.x - b.x);
        for (const palette of needed)
          assert.ok(comments[0]!.name!.includes(palette), `${comments[0]!.name!}: ${palette}`);
      });

      it('leads its wires, links and scopes to nodes that it has', () => {
        const ids = new Set(flow.map(({ id }) => id));
        const named = flow.flatMap(({ wires = [], links = [], scope }) => [
          ...wires.flat(),
          ...links,
          ...(scope ?? []),
        ]);
        assert.deepEqual(
          named.filter((id) => !ids.has(id)),
          [],
        );
      });

      it('has a button, and says first what to do with it', () => {
        assert.ok(flow.some(({ type }) => type === 'inject'));
        assert.ok(flow.some(({ type, name = '' }) => type === 'comment' && name.length > 20));
      });

      it('holds in each group what says that it belongs there', () => {
        for (const { id, nodes = [] } of flow.filter(({ type }) => type === 'group')) {
          const inside = flow.filter(({ g }) => g === id).map((node) => node.id);
          assert.deepEqual([...(nodes as string[])].sort(), inside.sort());
        }
      });

      it('has no secret and no id of a broker in it', () => {
        const text = readFileSync(file, 'utf8');
        assert.doesNotMatch(text, /"(credentials|password|userid|user)": "[^"]/);
      });
    });
  }
});
