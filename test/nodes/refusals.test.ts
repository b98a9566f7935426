/**
 * What a person reads about wrong settings and wrong messages of each node: the exact text for each input, in a golden
 * file, and proof that every place that refuses a value is in it. GOLDEN=write writes the file again; its diff is read
 * like code. (The rules have a golden file of their own, test/rules/language/refusals.test.ts.)
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { findUser } from '../../nodes/adapter/find-user';
import { readLimits } from '../../nodes/adapter/limits';
import { readAction, readMessagePids } from '../../nodes/ftrace-configure/configure-message';
import { readDef as readConfigure } from '../../nodes/ftrace-configure/configure-settings';
import { readDef as readParse } from '../../nodes/lifecycle-parse/parse-settings';
import { batchesOf } from '../../nodes/lifecycle-parse/payload-batches';
import { readCommand, readDef as readRun, type WorkloadDef } from '../../nodes/run-workload/workload-def';
import { dryRun } from '../../nodes/signal-filter/dry-run';
import { readFilterAction } from '../../nodes/signal-filter/filter-action';
import { readDef as readFilter } from '../../nodes/signal-filter/filter-def';
import { readDef as readSource } from '../../nodes/trace-source/source-settings';
import { filePath } from '../../nodes/trace-source/wanted-trace';
import { IncomingEvents, readProcessIdentity, readSessionSettings, readSignal } from '../../src/index';
import { readWorkloadSettings } from '../../src/workload/workload-settings';
import { TraceError } from '../../src/trace-error';

const GOLDEN = 'test/fixtures/golden/node-refusals.txt';

type Refused = readonly [what: string, read: () => unknown];

/** What an administrator allows who says nothing. */
const LIMITS = readLimits(undefined, process.cwd());
/** A surface whose fields have this value. */
const surfaceWith = (value: unknown) => ({ valueOf: () => Promise.resolve(value), limits: LIMITS });
const command = (changes: WorkloadDef) => readRun({ command: 'sleep', ...changes });
const workload = (changes: object) => readWorkloadSettings({ command: 'sleep', ...changes });
const ofMessage = (config: WorkloadDef, value: unknown, message: object) =>
  readCommand(surfaceWith(value), command(config), { _msgid: '', ...message });
const parse = (message: object) => [...batchesOf({ _msgid: '', ...message }, new IncomingEvents())];

const limits = (ftraceLife: unknown) => readLimits(ftraceLife, '/');
const oneCommand = (row: unknown) => limits({ allowedCommands: [row] });
const SETTINGS: readonly Refused[] = [
  ['ftraceLife: a list', () => limits([])],
  ['ftraceLife: a misspelt key', () => limits({ allowedCommand: [] })],
  ['allowedCommands: a path', () => limits({ allowedCommands: '/bin/ls' })],
  ['allowedCommands: a name', () => oneCommand('ls')],
  ['allowedCommands: a misspelt key', () => oneCommand({ path: '/bin/ls', arg: [] })],
  ['allowedCommands: a number', () => oneCommand(5)],
  ['args: not in RE2 syntax', () => oneCommand({ path: '/bin/ls', args: ['('] })],
  ['args: a number', () => oneCommand({ path: '/bin/ls', args: [5] })],
  ['env: with a value', () => oneCommand({ path: '/bin/ls', env: ['A=1'] })],
  ['users: nobody of that name', () => oneCommand({ path: '/bin/ls', users: ['nosuch-user'] })],
  ['users: an object', () => oneCommand({ path: '/bin/ls', users: [{}] })],
  ['folders: relative', () => oneCommand({ path: '/bin/ls', folders: ['srv'] })],
  ['mayKill: owns', () => limits({ mayKill: 'owns' })],
  ['mayAttach: true', () => limits({ mayAttach: true })],
  ['readFolders: a path', () => limits({ readFolders: '/' })],
  ['maxSessions: -1', () => limits({ maxSessions: -1 })],
  ['maxBufferMb: a text', () => limits({ maxBufferMb: '64' })],
];

const CONFIGURE: readonly Refused[] = [
  ['mode: wach', () => readConfigure({ mode: 'wach' })],
  ['selectors: a pid', () => readConfigure({ mode: 'watch', selectors: 'pid:x' })],
  ['bufferKb: 1', () => readConfigure({ bufferKb: 1 })],
  ['bufferKb: much', () => readConfigure({ bufferKb: 'much' })],
  ['as a library: topic', () => readSessionSettings({ topic: '' })],
  ['clock: mon', () => readConfigure({ clock: 'mon' })],
  ['clock: 5', () => readConfigure({ clock: 5 })],
  ['mode: watching', () => readConfigure({ mode: 'watching' })],
  ['fileNames: yes', () => readConfigure({ fileNames: 'yes' })],
  ['events: 7', () => readConfigure({ events: 7 })],
  ['eventList: empty', () => readConfigure({ events: 'list', eventList: ' , ' })],
  ['eventList: a path', () => readConfigure({ events: 'list', eventList: 'fork ../x' })],
  ['attach: a name', () => readConfigure({ attach: '1 nginx' })],
  ['msg.action: armed', () => readAction('armed')],
  ['msg.action: 5', () => readAction(5)],
  ['msg.pid: 0', () => readMessagePids([1, 0])],
  ['msg.pid: an object', () => readMessagePids({ pid: 5 })],
];

const RUN: readonly Refused[] = [
  ['no command', () => readRun({})],
  ['a command with a NUL', () => readRun({ command: 'a\0b' })],
  ['args: an object in it', () => command({ args: ['-n', { n: 5 }] })],
  ['an argument with a NUL', () => command({ args: ['a\0'] })],
  ['env: a name with =', () => command({ env: [{ name: 'A=B', value: '1' }] })],
  ['killSignal: SIGTREM', () => command({ killSignal: 'SIGTREM', killAfter: 1 })],
  ['killAfter: soon', () => command({ killSignal: 'SIGTERM', killAfter: 'soon' })],
  ['killAfter: -1', () => command({ killSignal: 'SIGTERM', killAfter: -1 })],
  ['timeLimit: soon', () => command({ timeLimit: 'soon' })],
  ['timeLimit: 3000000', () => command({ timeLimit: 3_000_000 })],
  ['user: nosuch', () => findUser('nosuch-user')],
  [
    'msg.payload: an object as an argument',
    () => ofMessage({ appendPayload: true }, 'sleep', { payload: {} }),
  ],
  ['msg.command is missing', () => ofMessage({ command: 'command', commandType: 'msg' }, undefined, {})],
  ['msg.kill: SIGFOO', () => readSignal('msg.kill', 'SIGFOO', 'MESSAGE_INVALID')],
  ['msg.process: a number', () => readProcessIdentity('msg.process', 5)],
  ['msg.process: no start time', () => readProcessIdentity('msg.process', { pid: 5 })],
  ['as a library: no command', () => workload({ command: '' })],
  ['as a library: an argument', () => workload({ args: [{}] })],
  ['as a library: a name in env', () => workload({ env: { 'A=B': '1' } })],
  ['as a library: kill at a time', () => workload({ kill: { signal: 'TERM', afterSeconds: '' } })],
  ['as a library: args', () => workload({ args: '-n 5' })],
  ['as a library: env', () => workload({ env: ['A=1'] })],
  ['as a library: a value of env', () => workload({ env: { A: {} } })],
  ['as a library: cwd', () => workload({ cwd: 5 })],
  ['as a library: uid', () => workload({ uid: -1 })],
  ['as a library: kill', () => workload({ kill: 'SIGKILL' })],
];

const SOURCE: readonly Refused[] = [
  ['form: text', () => readSource({ form: 'texts' })],
  ['factor: 0', () => readSource({ speed: 'factor', factor: 0 })],
  ['factor: fast', () => readSource({ speed: 'factor', factor: 'fast' })],
  ['no file', () => filePath(surfaceWith(''), { value: '', type: 'str' }, { _msgid: '' })],
  ['msg.path: a number', () => filePath(surfaceWith(5), { value: 'path', type: 'msg' }, { _msgid: '' })],
];

const PARSE: readonly Refused[] = [
  ['stages: forks', () => readParse({ stagesType: 'chosen', stages: 'forks,exec' })],
  ['losses that are not an array', () => parse({ payload: [], ftrace: { losses: 5 } })],
  ['a loss that is null', () => parse({ payload: { events: [], lost: [null] } })],
  ['a loss without a CPU', () => parse({ payload: { events: [], lost: [{ cpu: 'x' }] } })],
  ['a loss at a time in words', () => parse({ payload: { events: [], lost: [{ cpu: 0, ts: 'now' }] } })],
  ['a loss of many', () => parse({ payload: { events: [], lost: [{ cpu: 0, count: 'many' }] } })],
  [
    'half a batch',
    () =>
      parse({ payload: { length: 0, at: () => undefined, [Symbol.iterator]: () => [].values(), lost: [] } }),
  ],
];

const FILTER: readonly Refused[] = [
  ['intervalSeconds: -1', () => readFilter({ intervalSeconds: -1 })],
  ['intervalSeconds: often', () => readFilter({ intervalSeconds: 'often' })],
  ['minSeverity: warn', () => readFilter({ minSeverity: 'warn' })],
  ['minSeverity: eror', () => readFilter({ minSeverity: 'eror' })],
  ['form: json', () => readFilter({ form: 'json' })],
  ['rules: not JSON', () => readFilter({ rules: 'no JSON' })],
  ['rules: a wrong key', () => readFilter({ rules: '[{"nam":"x"}]' })],
  ['msg.action: learning', () => readFilterAction('learning')],
  ['Try: no file', () => dryRun({ rules: [], filename: '' }, LIMITS, new AbortController().signal)],
  [
    'Try: a file elsewhere',
    () =>
      dryRun({ rules: [], filename: '/etc/shadow' }, { readFolders: ['/srv'] }, new AbortController().signal),
  ],
  [
    'Try: no such file',
    () => dryRun({ rules: [], filename: '/nosuch' }, { readFolders: ['/'] }, new AbortController().signal),
  ],
  [
    'Try: a folder',
    () => dryRun({ rules: [], filename: '/proc' }, { readFolders: ['/'] }, new AbortController().signal),
  ],
];

const NODES: Readonly<Record<string, readonly Refused[]>> = {
  'settings.js': SETTINGS,
  'ftrace-configure': CONFIGURE,
  'run-workload': RUN,
  'trace-source': SOURCE,
  'lifecycle-parse': PARSE,
  'signal-filter': FILTER,
};

async function refusalOf(what: string, read: () => unknown): Promise<TraceError> {
  try {
    await read();
  } catch (error) {
    assert.ok(error instanceof TraceError, `${what}: ${String(error)}`);
    return error;
  }
  return assert.fail(`${what} was not refused`);
}

const READERS = ['nodes/**/*.ts', 'src/session/session-settings.ts', 'src/workload/*.ts'];

/** `session-settings.ts:21` of each place that refuses a value. */
function placesThatRefuse(): string[] {
  return globSync(READERS).flatMap((file) => {
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    const places: string[] = [];
    const visit = (node: ts.Node): void => {
      const isRefusal =
        (ts.isNewExpression(node) && node.expression.getText() === 'InvalidValue') ||
        (ts.isCallExpression(node) && node.expression.getText() === 'oneOf');
      if (isRefusal) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        places.push(`${path.basename(file)}:${line + 1}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return places;
  });
}

/** Where it was refused, by the stack (source maps are on). */
function placeOf({ stack = '' }: Error): string {
  const frame = stack.split('\n').find((line) => /^ +at /.test(line) && !line.includes('trace-error'));
  return /([\w-]+\.ts:\d+):\d+\)?$/.exec(frame ?? '')?.[1] ?? '';
}

describe('the refusals of the nodes', () => {
  const reached = new Set<string>();

  it('say the place, what was found and what is allowed, as the golden file has them', async () => {
    const texts: string[] = [];
    for (const [node, refused] of Object.entries(NODES)) {
      for (const [what, read] of refused) {
        const error = await refusalOf(what, read);
        reached.add(placeOf(error));
        texts.push(`# ${node}, ${what}\n${error.code}: ${error.message}\n`);
      }
    }
    const text = texts.join('\n');
    if (process.env['GOLDEN'] === 'write') writeFileSync(GOLDEN, text);
    assert.equal(text, readFileSync(GOLDEN, 'utf8'));
  });

  it('are all that the readers can give', () => {
    const places = placesThatRefuse();
    assert.ok(places.length > 20, `only ${places.length}`);
    assert.deepEqual(
      places.filter((place) => !reached.has(place)),
      [],
    );
  });
});
