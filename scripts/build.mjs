/**
 * Builds what the package delivers: TypeScript to dist/, the files that Node-RED expects beside each built node, the
 * command in one file, and the editor bundles in resources/.
 *
 * esbuild strips the types, and the compiler checks them meanwhile: both projects at once, and only what changed since
 * the last check. `--quick` leaves the check out, `--declarations` adds the .d.ts files that the package ships.
 *
 * Everything is built in a folder of its own and moved into place at the end. A build that fails leaves the last good one
 * where it was, and what a source no longer produces is gone afterwards.
 */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = path.resolve(fileURLToPath(import.meta.url), '../..');
process.chdir(root);
const { values: options } = parseArgs({
  options: { quick: { type: 'boolean' }, declarations: { type: 'boolean' } },
});
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));

// A folder of its own: two builds at a time must not mix.
const next = `.build-next-${process.pid}`;
// As deep as dist/ itself, so that the relative paths inside source maps hold after the move.
const nextDist = `${next}-dist`;
const nextResources = `${next}-resources`;
const tsc = path.join('node_modules', 'typescript', 'bin', 'tsc');

function clean() {
  for (const folder of [nextDist, nextResources]) rmSync(folder, { recursive: true, force: true });
}

/** Runs the compiler; its type errors are on our stdout. Resolves to whether there were none. */
function compile(...args) {
  const compiler = spawn(process.execPath, [tsc, ...args], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    compiler.on('error', reject);
    compiler.on('close', (status) => resolve(status === 0));
  });
}

/** What the compiler remembers of its last check, so that the next one looks at what changed. */
const remembered = (name) => ['--incremental', '--tsBuildInfoFile', `node_modules/.cache/types-${name}.json`];

function checkTypes() {
  return [
    options.declarations
      ? compile('--emitDeclarationOnly', '--outDir', nextDist)
      : compile('--noEmit', ...remembered('all')),
    compile('-p', path.join('nodes', 'tsconfig.editor.json'), ...remembered('editor')),
  ];
}

/** Each source file to a file of its own: what runs in Node is CommonJS. */
async function stripTypes() {
  await build({
    entryPoints: globSync(['src/**/*.ts', 'nodes/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts']).filter(
      (file) => !/\.d\.ts$|^test\/fixtures\/|^nodes\/[^/]+\/editor\.ts$/.test(file),
    ),
    outdir: nextDist,
    outbase: '.',
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    sourcemap: true,
    charset: 'utf8',
    logLevel: 'warning',
  });
}

function nodeTypes() {
  return Object.keys(manifest['node-red'].nodes);
}

/** Node-RED looks for a node's HTML, locales and icons beside the js file that package.json names. */
function copyBesideNode(type) {
  const from = path.join('nodes', type);
  const to = path.join(nextDist, 'nodes', type);
  mkdirSync(to, { recursive: true });
  for (const file of readdirSync(from)) {
    if (file.endsWith('.html')) cpSync(path.join(from, file), path.join(to, file));
  }
  const locales = path.join(from, 'locales');
  if (existsSync(locales)) cpSync(locales, path.join(to, 'locales'), { recursive: true });
  const icon = path.join('icons', `${type}.svg`);
  if (existsSync(icon)) cpSync(icon, path.join(to, 'icons', `${type}.svg`));
}

/** The typed half of a node's editor: one script each, which its HTML loads from resources/<package>/<type>.js. */
async function bundleEditors(types) {
  const editors = types.filter((type) => existsSync(path.join('nodes', type, 'editor.ts')));
  mkdirSync(nextResources, { recursive: true });
  await build({
    entryPoints: editors.map((type) => ({ in: path.join('nodes', type, 'editor.ts'), out: type })),
    outdir: nextResources,
    bundle: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    banner: { js: `// Built by \`npm run build\` from nodes/; do not edit.` },
  });
}

/**
 * The command in one file each: reading a hundred small modules costs more than half of what `ftrace-life --help` does.
 * The library's own files stay as they are, for `require` and for the thread that reads.
 */
async function bundleCommands() {
  const commands = Object.values(manifest.bin).map((file) => file.replace(/^dist\//, ''));
  await build({
    // From the sources, so that what no command uses is left out.
    entryPoints: commands.map((file) => file.replace(/\.js$/, '.ts')),
    outdir: nextDist,
    outbase: '.',
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    sourcemap: true,
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  });
  for (const command of commands) chmodSync(path.join(nextDist, command), 0o755);
}

function moveIntoPlace() {
  for (const [from, to] of [
    [nextDist, 'dist'],
    [nextResources, 'resources'],
  ]) {
    rmSync(to, { recursive: true, force: true });
    renameSync(from, to);
  }
}

clean();
const checks = options.quick ? [] : checkTypes();
await stripTypes();
const types = nodeTypes();
for (const type of types) copyBesideNode(type);
await bundleEditors(types);
await bundleCommands();
if ((await Promise.all(checks)).includes(false)) {
  clean();
  process.exit(1);
}
moveIntoPlace();
