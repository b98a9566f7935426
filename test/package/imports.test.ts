/**
 * The walk of an event goes one way (ARCHITECTURE.md): each room of src/ may import what `MAY_IMPORT` says, and
 * nothing else. This reads every import and export-from in src/ and nodes/.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { nodeTypes } from './manifest';

interface Import {
  readonly from: string;
  /** The file that is imported, relative to the repository; a package's name for a package. */
  readonly to: string;
  readonly isTypeOnly: boolean;
}

/** The rooms in the order of the walk. A room may know the types of those before it. */
const WALK = ['tracefs', 'workload', 'readers', 'model', 'rules', 'export'];
/** Open to all, and it imports nothing but itself. */
const VOCABULARY = new Set(['src/trace-event', 'src/event-list', 'src/lazy-batch', 'src/trace-error']);
/** Joins the rooms: these may import any of them. */
const ABOVE_THE_ROOMS = ['session', 'index', 'rule-language'];
/** The families of a room, each of which may import those before it, types included. */
const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  'src/rules': ['language', 'matching', 'alerts', 'watch'],
  nodes: ['turns', 'messages', 'adapter', ...nodeTypes()],
};

/** `src/readers/text-line` lies in `readers`, vocabulary, src/kernel/ and src/words/ in `vocabulary`, `nodes/x/y` in `nodes`. */
function roomOf(file: string): string {
  const [top, room = ''] = file.split('/');
  if (top === 'nodes') return 'nodes';
  if (VOCABULARY.has(file) || room === 'kernel' || room === 'words') return 'vocabulary';
  return room;
}

function mayImport(from: string, to: string, isTypeOnly: boolean): boolean {
  if (from === to || to === 'vocabulary') return true;
  // What users of the library see is types of every room and the session; the adapters are such users.
  if (from === 'nodes' || from === 'cli') {
    return ABOVE_THE_ROOMS.includes(to) || (isTypeOnly && WALK.includes(to));
  }
  if (ABOVE_THE_ROOMS.includes(from)) return WALK.includes(to) || (from === 'index' && to === 'session');
  return isTypeOnly && WALK.includes(from) && WALK.includes(to) && WALK.indexOf(to) < WALK.indexOf(from);
}

function readImports(file: string): Import[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const add = (specifier: ts.Node | undefined, isTypeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const { text } = specifier;
    const to = text.startsWith('.') ? path.join(path.dirname(file), text).replace(/\.js$/, '') : text;
    imports.push({ from: file.replace(/\.ts$/, ''), to, isTypeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeImport(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node))
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
    else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node.moduleReference.expression, node.isTypeOnly);
    } else if (ts.isCallExpression(node) && isImportCall(node)) add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return imports;
}

/** `import type`, or nothing but `type` names between the braces. */
function isTypeImport(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = clause;
  if (name !== undefined || namedBindings === undefined || ts.isNamespaceImport(namedBindings)) return false;
  return namedBindings.elements.every((element) => element.isTypeOnly);
}

function isImportCall(call: ts.CallExpression): boolean {
  const { expression } = call;
  return (
    expression.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(expression) && expression.text === 'require')
  );
}

/** A folder's `index` is what is meant by the folder's name. */
function resolved(to: string, files: ReadonlySet<string>): string {
  return files.has(to) ? to : `${to}/index`;
}

/** The first way from a file back to itself; undefined where there is none. */
function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]): string[] | undefined => {
    const before = way.indexOf(file);
    if (before >= 0) return [...way.slice(before), file];
    if (done.has(file)) return undefined;
    for (const next of edges.get(file) ?? []) {
      const cycle = walk(next, [...way, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of edges.keys()) {
    const cycle = walk(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

describe('the imports of the sources', () => {
  const paths = globSync(['src/**/*.ts', 'nodes/**/*.ts']).filter((file) => !file.endsWith('.d.ts'));
  const files = new Set(paths.map((file) => file.replace(/\.ts$/, '')));
  const all = paths.flatMap(readImports);
  const inside = all
    .filter(({ to }) => /^(src|nodes)\//.test(to))
    .map((each) => ({ ...each, to: resolved(each.to, files) }));
  const describeImport = ({ from, to, isTypeOnly }: Import): string =>
    `${from} -> ${to}${isTypeOnly ? ' (types)' : ''}`;

  it('are found in every room and every node', () => {
    const rooms = new Set([...files].map(roomOf));
    for (const room of [...WALK, 'session', 'cli', 'nodes', 'vocabulary']) {
      assert.ok(rooms.has(room), `no source in ${room}`);
    }
    assert.ok(inside.length > files.size / 2, `only ${inside.length} imports in ${files.size} files`);
  });

  it('lead to files that exist', () => {
    assert.deepEqual(inside.filter(({ to }) => !files.has(to)).map(describeImport), []);
  });

  it('go one way: a room knows the types of earlier rooms, only the session joins rooms', () => {
    const wrong = inside.filter(
      ({ from, to, isTypeOnly }) => !mayImport(roomOf(from), roomOf(to), isTypeOnly),
    );
    assert.deepEqual(wrong.map(describeImport), []);
  });

  it('of a node lead to no other node', () => {
    const nodeOf = (file: string): string | undefined =>
      nodeTypes().find((type) => file.startsWith(`nodes/${type}/`));
    const wrong = inside.filter(
      ({ from, to }) => nodeOf(from) !== undefined && nodeOf(to) !== undefined && nodeOf(from) !== nodeOf(to),
    );
    assert.deepEqual(wrong.map(describeImport), []);
  });

  for (const [room, families] of Object.entries(FAMILIES)) {
    const inRoom = inside.filter(({ from, to }) => from.startsWith(`${room}/`) && to.startsWith(`${room}/`));
    const familyOf = (file: string): number => families.indexOf(file.slice(room.length + 1).split('/')[0]!);

    it(`go one way among the families of ${room}, types included`, () => {
      assert.ok(inRoom.some(({ from, to }) => familyOf(from) !== familyOf(to)));
      const wrong = inRoom.filter(({ from, to }) => familyOf(to) < 0 || familyOf(to) > familyOf(from));
      assert.deepEqual(wrong.map(describeImport), []);
    });

    it(`have no cycle in ${room}, types included`, () => {
      const edges = new Map<string, string[]>();
      for (const { from, to } of inRoom) edges.set(from, [...(edges.get(from) ?? []), to]);
      assert.equal(findCycle(edges)?.join(' -> '), undefined);
    });
  }

  it('have no cycle when the code runs', () => {
    const edges = new Map<string, string[]>();
    for (const { from, to, isTypeOnly } of inside) {
      // A type may look back inside its own room: nothing of it is left when the code runs.
      if (!isTypeOnly) edges.set(from, [...(edges.get(from) ?? []), to]);
    }
    assert.equal(findCycle(edges)?.join(' -> '), undefined);
  });

  it('have no cycle inside src/model, types included', () => {
    const edges = new Map<string, string[]>();
    for (const { from, to } of inside) {
      if (roomOf(from) === 'model' && roomOf(to) === 'model')
        edges.set(from, [...(edges.get(from) ?? []), to]);
    }
    assert.ok(edges.size > 10, 'src/model was not found');
    assert.equal(findCycle(edges)?.join(' -> '), undefined);
  });

  it('of src/ name nothing but Node itself and what package.json declares, and never Node-RED', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    const declared = Object.keys(manifest.dependencies ?? {});
    const outside = all.filter(({ from, to }) => from.startsWith('src/') && !to.startsWith('src/'));
    assert.ok(outside.length > 0);
    const wrong = outside.filter(({ to }) => !to.startsWith('node:') && !declared.includes(to));
    assert.deepEqual(wrong.map(describeImport), []);
  });
});
