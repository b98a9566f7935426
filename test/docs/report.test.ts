import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { endStage } from '../../nodes/lifecycle-parse/end-stage';
import { formatJson } from '../../src/export/json';
import { eventLine } from '../../src/export/ndjson';
import { contractKeys, type Shape } from '../../src/export/report-keys';
import { parseMaps } from '../../src/readers/maps';
import { TextReader } from '../../src/readers/text/text-reader';
import { alertsOf } from '../../src/rules/watch/report-alerts';
import type { TraceNote } from '../../src/trace-event';
import { readLife } from '../model/read-life';
import { codesIn, rowsOf, sectionsOf } from './markdown';

const fixture = (name: string): string => path.join(process.cwd(), 'test/fixtures', name);

/** The keys in the table under a heading. */
function keysOf(title: string): string[] {
  const section = sectionsOf('docs/report.md').find((candidate) => candidate.title === title);
  assert.ok(section !== undefined, `docs/report.md has no section ${title}`);
  return rowsOf(section).map(([key = '']) => codesIn(key)[0]!);
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The objects at `processes.fork`: those of lists one by one, absent ones left out. */
function objectsAt(root: unknown, place: string): Json[] {
  let found: unknown[] = [root];
  for (const key of place === '' ? [] : place.split('.')) {
    found = found.flat().flatMap((value) => (isObject(value) ? [value[key]] : []));
  }
  return found.flat().filter(isObject);
}

/** Which section stands for which place in a report. */
const PLACES: Readonly<Record<string, string>> = {
  report: '',
  verdict: 'verdict',
  trace: 'trace',
  process: 'processes',
  identity: 'processes.identity',
  commHistory: 'processes.commHistory',
  fork: 'processes.fork',
  exec: 'processes.execs',
  library: 'processes.libraries',
  file: 'processes.files',
  thread: 'processes.threads',
  exit: 'processes.exit',
  reap: 'processes.reap',
  signal: 'signals',
  sender: 'signals.sender',
  before: 'signals.before',
  target: 'signals.target',
  generated: 'signals.generated',
  delivered: 'signals.delivered',
  loss: 'lost',
  damage: 'damage',
};

/** The contract's name for a section, where it is another. */
const SHAPES: Readonly<Record<string, Shape>> = { commHistory: 'comm' };

/** Which shape a section describes. */
const shapeOf = (section: string): Shape => SHAPES[section] ?? (section as Shape);

/** The members of `type NAME = 'a' | 'b'` in src/model/report.ts. */
function wordsOf(name: string): string[] {
  const file = 'src/model/report.ts';
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const alias = source.statements.find(
    (statement): statement is ts.TypeAliasDeclaration =>
      ts.isTypeAliasDeclaration(statement) && statement.name.text === name,
  );
  assert.ok(alias !== undefined && ts.isUnionTypeNode(alias.type), `no union ${name}`);
  return alias.type.types.map((type) => type.getText().replaceAll("'", ''));
}

/** As a session notes it of the walk-through's processes. */
const who = (pid: number, since: number, exe: string): TraceNote => ({
  kind: 'who',
  pid,
  tgid: pid,
  ts: since,
  since,
  comm: 'any',
  exe,
  uid: 0,
  user: 'root',
  ppid: 1,
  cgroup: '/init.scope',
  startTime: 1,
  ancestors: [],
});

describe('docs/report.md', () => {
  const maps = parseMaps(readFileSync(fixture('walkthrough.maps'), 'utf8'));
  const walkthrough = readLife(fixture('walkthrough.txt'), [
    { kind: 'trace', kernel: '5.4', clock: 'local', cpus: 1, host: 'a', boot: 'b' },
    { kind: 'maps', pid: 5441, ts: 9990, maps },
    who(4994, 0, '/bin/bash'),
    who(5441, 9990, '/root/a.out'),
    who(5441, 9991, '/root/a.out (2)'),
  ]);
  // What the walk-through does not have: threads, losses, and a line that is none.
  const threads = readLife(fixture('kernels/6.12/threads.txt'));
  const lost = readLife(fixture('kernels/6.12/lost.txt'));
  const damaged = readLife(path.join(process.cwd(), 'package.json'));
  const reports = [walkthrough, threads, lost, damaged].map(
    ({ report }) => JSON.parse(formatJson(report)) as Json,
  );

  for (const [section, place] of Object.entries(PLACES)) {
    it(`has the keys that real reports have under ${place === '' ? 'their root' : place}`, () => {
      const found = reports.flatMap((report) => objectsAt(report, place));
      assert.ok(found.length > 0, 'no such part in these reports');
      const documented = new Set(keysOf(section));
      for (const key of found.flatMap((part) => Object.keys(part))) assert.ok(documented.has(key), key);
    });
  }

  for (const section of [...Object.keys(PLACES), 'root', 'interrupted', 'attached']) {
    it(`has each key of the contract once, for ${section}`, () => {
      assert.deepEqual(keysOf(section).sort(), [...contractKeys(shapeOf(section))].sort());
    });
  }

  it('has the keys of a real alert and of whom it is about', () => {
    const [alert] = alertsOf(walkthrough.report, { match: 'first', rules: [] });
    assert.ok(alert !== undefined);
    assert.deepEqual(keysOf('alert'), Object.keys(alert));
    assert.deepEqual(keysOf('alert.process'), Object.keys(alert.process ?? {}));
  });

  it('has the keys of real stages', () => {
    const keys = new Set(walkthrough.stages.flatMap((stage) => Object.keys(stage)));
    assert.deepEqual(keysOf('stage').sort(), [...keys].sort());
    const withoutTarget = keysOf('stage').filter((key) => key !== 'target');
    assert.deepEqual(Object.keys(endStage(walkthrough.report)).sort(), withoutTarget.sort());
  });

  it('has the keys of real events', () => {
    const reader = new TextReader();
    const batches = [reader.push(readFileSync(fixture('walkthrough.txt'))), reader.end()];
    const lines = batches.flatMap((batch) => [...batch].map((event) => JSON.parse(eventLine(event)) as Json));
    const keys = new Set(lines.flatMap((line) => Object.keys(line)));
    assert.deepEqual(keysOf('event').sort(), [...keys].sort());
  });

  it('has the words of each closed set', () => {
    const words = sectionsOf('docs/report.md').find(({ title }) => title === 'Words')!;
    const told = new Map(
      rowsOf(words).map(([where = '', which = '']) => [codesIn(where)[0]!, codesIn(which)]),
    );
    const types: Readonly<Record<string, string>> = {
      origin: 'SignalOrigin',
      result: 'SignalResult',
      nameSource: 'NameSource',
      state: 'ProcessState',
      stage: 'StageName',
      severity: 'Severity',
    };
    for (const [where, type] of Object.entries(types))
      assert.deepEqual(told.get(where), wordsOf(type), where);
  });
});
