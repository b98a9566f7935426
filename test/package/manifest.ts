import { readFileSync } from 'node:fs';

/** What the tests of the package read in package.json. */
export interface Manifest {
  readonly name: string;
  readonly license: string;
  readonly main: string;
  readonly types: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly keywords: readonly string[];
  readonly repository: { readonly url: string };
  readonly bugs: { readonly url: string };
  readonly engines: { readonly node: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly 'node-red': { readonly version: string; readonly nodes: Readonly<Record<string, string>> };
}

export function readManifest(): Manifest {
  return JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
}

/** The node types; each is a set of its own, of the same name. */
export function nodeTypes(): string[] {
  return Object.keys(readManifest()['node-red'].nodes);
}
