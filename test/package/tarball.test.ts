import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { NodeRedProcess } from '../harness/node-red-process';
import { installedPackage, PACKAGE_NAME, packedPackage } from '../harness/packed-package';
import { nodeTypes, readManifest } from './manifest';

interface NodeSet {
  readonly module: string;
  readonly name: string;
  readonly types: readonly string[];
  readonly enabled: boolean;
  readonly err?: string;
}

describe('the packed package', function () {
  this.timeout(120_000);
  let files: readonly string[];
  before(async () => {
    ({ files } = await packedPackage());
  });
  const missing = (wanted: readonly string[]): string[] => wanted.filter((file) => !files.includes(file));

  it('has every file that package.json names', () => {
    const { main, types, bin, exports } = readManifest();
    const nodes = Object.values(readManifest()['node-red'].nodes);
    const entries = Object.values(exports)
      .flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)))
      .map((file) => file.replace(/^\.\//, ''));
    // Declarations are made by `prepack`, which the pack of the tests leaves out; a plain build has none.
    const named = [main, types, ...Object.values(bin), ...nodes, ...entries];
    assert.deepEqual(missing(named.filter((file) => !file.endsWith('.d.ts'))), []);
  });

  it('has each node with its page, its editor script, its icon and its texts', () => {
    const wanted = nodeTypes().flatMap((type) => [
      `dist/nodes/${type}/${type}.html`,
      `dist/nodes/${type}/icons/${type}.svg`,
      `resources/${type}.js`,
      ...['en-US', 'zh-CN'].flatMap((language) =>
        ['json', 'html'].map((kind) => `dist/nodes/${type}/locales/${language}/${type}.${kind}`),
      ),
    ]);
    assert.equal(wanted.length, 5 * 7);
    assert.deepEqual(missing(wanted), []);
  });

  it('has every example, and what they replay', () => {
    const examples = globSync('examples/**/*.*');
    assert.ok(examples.some((file) => file.endsWith('.json')));
    assert.deepEqual(missing(examples), []);
  });

  it('has licence, readme and changelog', () => {
    assert.deepEqual(missing(['LICENSE', 'README.md', 'CHANGELOG.md', 'package.json']), []);
  });

  it('has no source, test or benchmark', () => {
    const unwanted =
      /^(test|bench|src|nodes|scripts|docs\/(?!rules\.schema\.json$)|\.)|(?<!\.d)\.ts$|\.test\.|fixtures/;
    assert.deepEqual(
      files.filter((file) => unwanted.test(file)),
      [],
    );
  });

  it('installs a command that runs', async () => {
    const command = path.join(await installedPackage(), 'node_modules/.bin/ftrace-life');
    const { stdout } = await promisify(execFile)(process.execPath, [command, '--help']);
    assert.match(stdout, /ftrace-life record/);
  });

  it('gives its documented entries by name, to require and to import, and no other file', async () => {
    const folder = await installedPackage();
    const attempt = (script: string): Promise<string> =>
      promisify(execFile)(process.execPath, ['-e', script], { cwd: folder }).then(
        ({ stdout }) => stdout.trim(),
        (error: unknown) => /ERR_\w+/.exec(String(error))?.[0] ?? String(error),
      );
    const wanted = {
      '': 'function',
      '/rules.schema.json': 'object',
      '/package.json': 'object',
      '/dist/src/index.js': 'ERR_PACKAGE_PATH_NOT_EXPORTED',
      '/dist/nodes/signal-filter/signal-filter.js': 'ERR_PACKAGE_PATH_NOT_EXPORTED',
    };
    const found: Record<string, string> = {};
    for (const entry of Object.keys(wanted)) {
      const name = JSON.stringify(PACKAGE_NAME + entry);
      found[entry] = await attempt(
        `const it = require(${name}); console.log(typeof (it.readTraceFile ?? it));`,
      );
    }
    assert.deepEqual(found, wanted);
    const imported = `import(${JSON.stringify(PACKAGE_NAME)}).then((it) => console.log(typeof it.readTraceFile))`;
    assert.equal(await attempt(imported), 'function');
  });

  // Node-RED finds a node's file by its path in package.json, so `exports` need not list it.
  it('loads every node without an error in a real Node-RED', async () => {
    const nodeRed = await NodeRedProcess.start();
    try {
      const sets = ((await nodeRed.request('GET', '/nodes')) as NodeSet[]).filter(
        (set) => set.module === PACKAGE_NAME,
      );
      assert.deepEqual(
        sets.map(({ name, types, enabled, err }) => ({ name, types, enabled, err })),
        nodeTypes().map((type) => ({ name: type, types: [type], enabled: true, err: undefined })),
      );
    } finally {
      await nodeRed.stop();
    }
  });
});
