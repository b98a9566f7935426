/**
 * The walk of an event goes one way (ARCHITECTURE.md), between the rooms of src/ and between the families inside a
 * room. This reads every import and export-from in src/ and nodes/, those of types too, and makes no exceptions.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

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
const ABOVE_THE_ROOMS = ['session', 'watch', 'index', 'rule-language'];
/** And these of each other: a watch reads as a session does. */
const JOINED: Readonly<Record<string, readonly string[]>> = {
  watch: ['session'],
  index: ['session', 'watch'],
};

/**
 * The families of a room: a folder each, with the families beside it that it may import. Files of the room that are
 * in no folder either serve all families and import none (src/readers/trace-note), or join them and are imported
 * by none (src/readers/trace-file).
 */
const FAMILIES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'src/readers': {
    text: [],
    pages: [],
    capture: ['pages'],
    'trace-dat': ['pages', 'text'],
  },
  'src/rules': {
    language: [],
    matching: ['language'],
    alerts: ['language', 'matching'],
    watch: ['language', 'matching', 'alerts'],
  },
  'src/export': { story: [], 'trace-dat': [] },
  nodes: {
    adapter: [],
    messages: [],
    turns: [],
    'ftrace-configure': ['adapter', 'messages', 'turns'],
    'run-workload': ['adapter', 'messages', 'turns'],
    'trace-source': ['adapter', 'messages', 'turns'],
    'lifecycle-parse': ['adapter', 'messages', 'turns'],
    'signal-filter': ['adapter', 'messages', 'turns', 'signal-filter/editor'],
    'signal-filter/editor': [],
  },
};

/** `src/readers/text` of `src/readers/text/text-reader`; undefined for a file that is in no family's folder. */
function familyOf(file: string): { readonly room: string; readonly name: string } | undefined {
  const folder = path.dirname(file);
  const room = Object.keys(FAMILIES).find((each) => folder.startsWith(`${each}/`));
  return room === undefined ? undefined : { room, name: folder.slice(room.length + 1) };
}

/** A family is one thing; each file outside of families is one of its own. */
function unitOf(file: string): string {
  return familyOf(file) === undefined ? file : path.dirname(file);
}

/** `src/readers/maps` is in `readers`, vocabulary, src/kernel/ and src/words/ in `vocabulary`, `nodes/x/y` in `nodes`. */
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
  if (ABOVE_THE_ROOMS.includes(from)) return WALK.includes(to) || JOINED[from]?.includes(to) === true;
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

/** Who imports whom, each file named by what it belongs to. */
function edgesBetween(
  imports: readonly Import[],
  nameOf: (file: string) => string,
): ReadonlyMap<string, readonly string[]> {
  const edges = new Map<string, string[]>();
  for (const { from, to } of imports) {
    const [here, there] = [nameOf(from), nameOf(to)];
    if (here !== there) edges.set(here, [...(edges.get(here) ?? []), there]);
  }
  return edges;
}

/** The first way from a name back to itself; undefined where there is none. */
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
    for (const room of [...WALK, 'session', 'watch', 'cli', 'nodes', 'vocabulary']) {
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

  it('go one way inside a room, too: a family knows the families before it, types or not', () => {
    const wrong = inside.filter(({ from, to }) => {
      const [here, there] = [familyOf(from), familyOf(to)];
      if (here === undefined || there === undefined || here.room !== there.room) return false;
      return here.name !== there.name && !FAMILIES[here.room]![here.name]!.includes(there.name);
    });
    assert.deepEqual(wrong.map(describeImport), []);
  });

  it('are sorted into families: a room with families has no other folders, and none is empty', () => {
    const folders = new Set([...files].map((file) => path.dirname(file)));
    for (const [room, families] of Object.entries(FAMILIES)) {
      const found = [...folders].filter((folder) => folder.startsWith(`${room}/`)).sort();
      const named = Object.keys(families).map((family) => `${room}/${family}`);
      assert.deepEqual(found, named.sort());
    }
    const rooms = [...folders].filter((folder) => /^src\/[^/]+\/./.test(folder));
    assert.deepEqual(
      rooms.filter((folder) => familyOf(folder + '/file') === undefined),
      [],
      'folders inside a room that has no families',
    );
  });

  it('have no cycle, from file to file and from family to family, types or not', () => {
    assert.equal(findCycle(edgesBetween(inside, (file) => file))?.join(' -> '), undefined);
    assert.equal(findCycle(edgesBetween(inside, unitOf))?.join(' -> '), undefined);
  });

  it('that lead back are found', () => {
    const imports = ['a/x -> b/y', 'b/z -> a/w'].map((each) => {
      const [from = '', to = ''] = each.split(' -> ');
      return { from, to, isTypeOnly: true };
    });
    assert.equal(findCycle(edgesBetween(imports, (file) => file)), undefined);
    assert.deepEqual(findCycle(edgesBetween(imports, (file) => path.dirname(file))), ['a', 'b', 'a']);
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
