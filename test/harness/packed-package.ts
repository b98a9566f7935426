/**
 * The package as users get it: packed by `npm pack`, installed from the tarball into an empty folder. Tests of the
 * nodes run on this, so that a file missing from `files` in package.json fails them.
 *
 * Needs a build: `npm pack` takes dist/ and resources/ as they are.
 */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from './temporary-folder';

const run = promisify(execFile);

export const PACKAGE_NAME = '@tracelife/node-red-ftrace';

export interface PackedPackage {
  /** The .tgz. */
  readonly tarball: string;
  /** Every path in it, relative to the package's root. */
  readonly files: readonly string[];
}

interface PackOutput {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let packed: Promise<PackedPackage> | undefined;
let installed: Promise<string> | undefined;

/** Packs the package, once in a test run. */
export function packedPackage(): Promise<PackedPackage> {
  packed ??= pack();
  return packed;
}

/** A folder with `node_modules/@tracelife/node-red-ftrace` and what it depends on, installed once in a test run. */
export function installedPackage(): Promise<string> {
  installed ??= install();
  return installed;
}

async function pack(): Promise<PackedPackage> {
  const { filename, files } = await packFolder('.', temporaryFolder('pack'));
  return { tarball: filename, files: files.map((file) => file.path) };
}

/** @returns npm's own words, with the absolute path of the tarball */
async function packFolder(source: string, folder: string): Promise<PackOutput> {
  // Without scripts: `prepack` would build, and so replace the very files that the running tests are.
  const args = ['pack', source, '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await run('npm', args, { cwd: process.cwd() });
  const output = JSON.parse(stdout) as PackOutput[] | Record<string, PackOutput>;
  const [result] = Object.values(output);
  if (result === undefined) throw new Error(`npm pack says nothing: ${stdout}`);
  return { ...result, filename: path.join(folder, result.filename.replace('@', '').replace('/', '-')) };
}

async function install(): Promise<string> {
  const { tarball } = await packedPackage();
  const folder = temporaryFolder('installed');
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ name: 'node-red-project', version: '0.0.1', private: true }),
  );
  // What the package depends on at run time is packed from our own node_modules: npm's cache may have none of it.
  const { dependencies = {} } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    dependencies?: Readonly<Record<string, string>>;
  };
  const needed: string[] = [];
  for (const name of Object.keys(dependencies)) {
    const { filename } = await packFolder(`./node_modules/${name}`, temporaryFolder('pack'));
    needed.push(filename);
  }
  const args = ['install', '--offline', '--no-audit', '--no-fund', '--omit=dev', ...needed, tarball];
  await run('npm', args, { cwd: folder });
  return folder;
}
