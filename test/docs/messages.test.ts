import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { NodeMessageInFlow } from 'node-red';
import { inspectTracing } from '../../src/index';
import { temporaryFolder } from '../harness/temporary-folder';
import { RunningFlow } from '../nodes/running-flow';
import { codesIn, rowsOf, sectionsOf } from './markdown';

const TYPES = [
  'ftrace-configure',
  'run-workload',
  'trace-source',
  'lifecycle-parse',
  'signal-filter',
] as const;
type NodeType = (typeof TYPES)[number];

interface Documented {
  readonly inputs: readonly string[];
  /** Properties by output: `ftrace.kind` of 1. */
  readonly outputs: ReadonlyMap<number, ReadonlySet<string>>;
  readonly allOutputs: ReadonlySet<string>;
}

function documented(type: NodeType): Documented {
  const sections = sectionsOf('docs/messages.md');
  const at = sections.findIndex(({ title }) => title === `\`${type}\``);
  assert.ok(at >= 0, `docs/messages.md has no section ${type}`);
  const [inputs, outputs] = sections.slice(at + 1, at + 3);
  assert.equal(inputs!.title, 'Inputs');
  assert.equal(outputs!.title, 'Outputs');
  const byOutput = new Map<number, Set<string>>();
  for (const [property = '', which = ''] of rowsOf(outputs!)) {
    for (const number of which.split(', ').map(Number)) {
      byOutput.set(number, (byOutput.get(number) ?? new Set()).add(codesIn(property)[0]!));
    }
  }
  return {
    inputs: rowsOf(inputs!).map(([property = '']) => codesIn(property)[0]!),
    outputs: byOutput,
    allOutputs: new Set([...byOutput.values()].flatMap((properties) => [...properties])),
  };
}

interface Help {
  readonly inputs: readonly string[];
  /** Top-level properties, and those of `msg.ftrace` as `ftrace.kind`. */
  readonly outputs: ReadonlySet<string>;
}

/** Names in the help's prose: what is in parentheses, and what follows `kind`, are its values. */
function namesIn(text: string): string[] {
  return codesIn(text.replace(/\([^)]*\)|（[^）]*）/g, '').replace(/`kind` (?:为 )?`\w+`/g, '`kind`'));
}

function helpOf(type: NodeType, language: string): Help {
  const html = readFileSync(`nodes/${type}/locales/${language}/${type}.html`, 'utf8');
  const [, inputs = '', outputs = ''] = html.split(/^### .*$/m);
  const definitions = (text: string): string[][] =>
    [...text.matchAll(/^: \*?(\w+)\*? \([^)]*\) ?: *(.*)$/gm)].map(([, name, rest]) => [name!, rest!]);
  const names = new Set<string>();
  for (const [name = '', rest = ''] of definitions(outputs)) {
    names.add(name);
    // "see below" has a list of its own.
    if (name === 'ftrace') for (const property of namesIn(rest)) names.add(`ftrace.${property}`);
  }
  const list = /`msg\.ftrace` (?:has|包含)[^\n]*\n\n((?:- .*\n)+)/.exec(outputs)?.[1] ?? '';
  for (const line of list.split('\n')) {
    const listed = /^- ((?:`\w+`(?:, |、)?)+)/.exec(line)?.[1] ?? '';
    for (const property of codesIn(listed)) names.add(`ftrace.${property}`);
  }
  return { inputs: definitions(inputs).map(([name]) => name!), outputs: names };
}

/** `payload.state`, `ftrace.kind`, `parts.id`, `complete`; the backing of a payload only where they are wanted. */
function propertiesOf(message: NodeMessageInFlow, backing: boolean): string[] {
  const { _msgid, ...own } = message as unknown as Record<string, unknown>;
  assert.ok(_msgid);
  return Object.entries(own).flatMap(([name, value]) => {
    const isOpened = name === 'ftrace' || name === 'parts' || (name === 'payload' && backing);
    if (!isOpened || typeof value !== 'object' || value === null || Array.isArray(value)) return [name];
    return Object.keys(value).map((key) => `${name}.${key}`);
  });
}

describe('docs/messages.md', () => {
  for (const type of TYPES) {
    it(`has what the help of ${type} has, and nothing else`, () => {
      const { inputs, allOutputs } = documented(type);
      const help = helpOf(type, 'en-US');
      assert.deepEqual([...inputs].sort(), [...help.inputs].sort());
      const metadata = (names: Iterable<string>): string[] =>
        [...names].filter((name) => name.startsWith('ftrace.')).sort();
      assert.deepEqual(metadata(allOutputs), metadata(help.outputs));
      const top = (names: Iterable<string>): string[] =>
        [...new Set([...names].map((name) => name.replace(/\..*$/, '')))].sort();
      assert.deepEqual(top(allOutputs), top(help.outputs));
    });

    it(`has what the Chinese help of ${type} has`, () => {
      const chinese = helpOf(type, 'zh-CN');
      const english = helpOf(type, 'en-US');
      assert.deepEqual(chinese.inputs, english.inputs);
      assert.deepEqual([...chinese.outputs].sort(), [...english.outputs].sort());
    });
  }
});

describe('real messages', () => {
  const folder = temporaryFolder('documents');
  let flow: RunningFlow | undefined;
  afterEach(async () => {
    await flow?.stop();
    flow = undefined;
  });

  /** Each property that came is documented for its output. @returns what came, of all outputs */
  function check(type: NodeType, sinks: readonly string[], backing: readonly number[]): Set<string> {
    const { outputs } = documented(type);
    const seen = new Set<string>();
    sinks.forEach((sink, i) => {
      const output = i + 1;
      for (const message of flow!.all(sink)) {
        for (const property of propertiesOf(message, backing.includes(output))) {
          seen.add(property);
          assert.ok(
            outputs.get(output)?.has(property),
            `${type}, output ${output}: ${property} is undocumented`,
          );
        }
      }
    });
    return seen;
  }

  function missing(type: NodeType, seen: ReadonlySet<string>, except: readonly string[] = []): string[] {
    return [...documented(type).allOutputs].filter((name) => !seen.has(name) && !except.includes(name));
  }

  it('of ftrace-configure have the documented properties', async () => {
    const isPossible = inspectTracing().canTrace;
    flow = await RunningFlow.start([
      {
        id: 'configure',
        type: 'ftrace-configure',
        topic: 'documents',
        whenImpossible: 'replay',
        wires: [['out']],
      },
    ]);
    flow.send('configure', { action: 'explain' });
    await flow.first('out');
    flow.send('configure', {});
    await flow.first(
      'out',
      ({ ftrace }: NodeMessageInFlow & { ftrace?: { kind?: string } }) => ftrace?.kind === 'session',
    );
    const seen = check('ftrace-configure', ['out'], [1]);
    const onlyLive = ['payload.instances', 'payload.kernel', 'payload.settings'];
    const onlyReplay = ['payload.replay', 'payload.code', 'payload.why', 'ftrace.replay', 'ftrace.why'];
    assert.deepEqual(missing('ftrace-configure', seen, isPossible ? onlyReplay : onlyLive), []);
  });

  it('of run-workload have the documented properties', async () => {
    flow = await RunningFlow.start([
      {
        id: 'run',
        type: 'run-workload',
        command: 'sh',
        commandType: 'str',
        args: ['-c', 'echo out; echo err >&2; exec sleep 60'],
        wires: [['state'], ['stdout'], ['stderr']],
      },
    ]);
    flow.send('run', { topic: 'nobody' });
    const { payload } = await flow.first('state');
    await flow.first('stderr');
    const { pid, startTime } = payload as { pid: number; startTime: number };
    flow.send('run', { kill: 'SIGTERM', process: { pid, startTime } });
    await flow.first(
      'state',
      ({ complete }: NodeMessageInFlow & { complete?: boolean }) => complete === true,
    );
    const seen = check('run-workload', ['state', 'stdout', 'stderr'], [1]);
    assert.deepEqual(missing('run-workload', seen, ['payload.replay', 'payload.why']), []);
  });

  it('of run-workload for a recorded trace have the documented payload', async () => {
    flow = await RunningFlow.start([
      { id: 'run', type: 'run-workload', command: 'true', commandType: 'str', wires: [['state'], [], []] },
    ]);
    flow.send('run', { ftrace: { session: null, kind: 'session', replay: '/a/trace', why: 'no tracefs' } });
    const message = await flow.first('state');
    const told = propertiesOf(message, true).filter((name) => name.startsWith('payload.'));
    assert.deepEqual(told, ['payload.state', 'payload.replay', 'payload.why']);
    // Its metadata is ftrace-configure's, passed on.
    const { allOutputs } = documented('ftrace-configure');
    const passedOn = propertiesOf(message, false).filter((name) => name.startsWith('ftrace.'));
    assert.deepEqual(
      passedOn.filter((name) => !allOutputs.has(name)),
      [],
    );
  });

  it('of the three nodes that follow have the documented properties, in every form', async () => {
    const trace = path.join(folder, 'trace.txt');
    const lossy = readFileSync('test/fixtures/kernels/6.12/lost.txt', 'utf8').split('\n').slice(0, 400);
    // The example is older than the names of machines in traces.
    const example = readFileSync('examples/life-of-a-process.trace.txt', 'utf8').replace(
      '"kind":"trace",',
      '"kind":"trace","host":"gateway","boot":"b-1",',
    );
    writeFileSync(trace, `${example}this line is none\n${lossy.join('\n')}\n`);
    const seen = new Map<NodeType, Set<string>>();
    const add = (type: NodeType, found: ReadonlySet<string>): void => {
      seen.set(type, new Set([...(seen.get(type) ?? []), ...found]));
    };
    for (const form of ['batch', 'array', 'event', 'text']) {
      for (const arrays of [true, false]) {
        flow = await RunningFlow.start([
          {
            id: 'source',
            type: 'trace-source',
            source: 'file',
            path: trace,
            pathType: 'str',
            form,
            speed: 'atOnce',
            wires: [['parse', 'events']],
          },
          { id: 'parse', type: 'lifecycle-parse', arrays, wires: [['filter', 'stages'], ['records']] },
          { id: 'filter', type: 'signal-filter', rules: '[]', wires: [['alerts'], ['expected']] },
        ]);
        flow.send('source', { topic: 'documents' });
        await flow.first(
          'records',
          ({ complete }: NodeMessageInFlow & { complete?: boolean }) => complete === true,
        );
        await flow.first('alerts');
        await flow.first('expected');
        const machine = { host: 'web1', boot: 'b1' };
        flow.send('filter', {
          topic: 'documents',
          action: 'proposal',
          ftrace: { session: 's1', ...machine },
        });
        await flow.first('expected', ({ ftrace }) => (ftrace as { kind: string }).kind === 'proposal');
        add('trace-source', check('trace-source', ['events'], []));
        add('lifecycle-parse', check('lifecycle-parse', ['stages', 'records'], []));
        add('signal-filter', check('signal-filter', ['alerts', 'expected'], [2]));
        await flow.stop();
        flow = undefined;
      }
    }
    for (const type of ['trace-source', 'lifecycle-parse', 'signal-filter'] as const) {
      assert.deepEqual(missing(type, seen.get(type)!), [], type);
    }
  }).timeout(60_000);
});
