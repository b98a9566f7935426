/**
 * Each state of each node: its look, its text, and whether a Catch node hears of it. What is compared is the last
 * status, the one that a person sees. In the test helper's Node-RED a text is its key.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LOOKS as CONFIGURE } from '../../nodes/ftrace-configure/configure-states';
import { LOOKS as PARSE } from '../../nodes/lifecycle-parse/parse-states';
import { LOOKS as RUN } from '../../nodes/run-workload/run-states';
import { LOOKS as FILTER } from '../../nodes/signal-filter/filter-states';
import { LOOKS as SOURCE } from '../../nodes/trace-source/source-states';
import type { Look } from '../../nodes/adapter/status-renderer';
import { rowsOf, sectionsOf } from '../docs/markdown';
import { NodeRedProcess } from '../harness/node-red-process';
import { needs } from '../harness/requirements';
import { RunningFlow, type CaughtMessage, type FlowNode } from './running-flow';
import type { NodeMessageInFlow } from 'node-red';

const KERNEL = path.resolve('test/fixtures/kernels/6.12');
const RECIPE = path.join(KERNEL, 'recipe.txt');
const LOSSY = path.join(KERNEL, 'lost_raw.txt');

const LOOKS: Readonly<Record<string, Readonly<Record<string, Look>>>> = {
  'ftrace-configure': CONFIGURE,
  'run-workload': RUN,
  'trace-source': SOURCE,
  'lifecycle-parse': PARSE,
  'signal-filter': FILTER,
};

interface Row {
  readonly node: string;
  readonly state: string;
  readonly fill: string;
  readonly shape: string;
  /** The code that a Catch node gets; null where nothing went wrong. */
  readonly caught: string | null;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly needs?: 'tracefs';
  /** What brings the node, `node`, into the state. */
  readonly act?: (flow: RunningFlow) => void | Promise<void>;
}

const file = (trace: string, rest: object = {}): Record<string, unknown> => ({
  source: 'file',
  path: trace,
  pathType: 'str',
  ...rest,
});
/** So slow that it is still at its first events when the status is looked at. */
const SLOWLY = { speed: 'factor', factor: 0.0001 };
const EVENT = {
  ts: 1,
  cpu: 0,
  pid: 7,
  comm: 'x',
  name: 'sched_process_exec',
  fields: { filename: '/bin/x' },
};
const signal = (changes: object): object => ({
  ts: 100,
  time: null,
  signal: 'SIGKILL',
  number: 9,
  code: 'SI_USER',
  result: 'delivered',
  origin: 'kill',
  fatal: true,
  control: false,
  sender: { pid: 4000, comm: 'bash', inTree: false, irq: null },
  target: { pid: 7, tgid: 7, comm: 'a.out' },
  generated: { ts: 100, stack: [] },
  delivered: { ts: 100.1, tid: 7, handler: 'default', stack: [] },
  latency: 0.1,
  ...changes,
});
const CHILD = signal({ signal: 'SIGCHLD', number: 17, code: 'CLD_EXITED', origin: 'child', fatal: false });
const RULE = { name: 'mine', when: { signal: 'SIGCHLD' }, verdict: 'attention', severity: 'warning' };

const isComplete = ({ complete }: NodeMessageInFlow): boolean => complete === true;
const send =
  (...messages: Record<string, unknown>[]) =>
  (flow: RunningFlow): void => {
    for (const message of messages) flow.send('node', message);
  };

let bystander: ChildProcess;
const attach = (flow: RunningFlow): Promise<unknown> => {
  flow.send('node', { pid: bystander.pid });
  return flow.first('out1');
};

const ROWS: readonly Row[] = [
  {
    node: 'ftrace-configure',
    state: 'armed',
    fill: 'green',
    shape: 'ring',
    caught: null,
    needs: 'tracefs',
    act: async (flow) => {
      flow.send('node', {});
      await flow.first('out1');
    },
  },
  {
    node: 'ftrace-configure',
    state: 'running',
    fill: 'green',
    shape: 'dot',
    caught: null,
    needs: 'tracefs',
    act: async (flow) => {
      await attach(flow);
    },
  },
  {
    node: 'ftrace-configure',
    state: 'watching',
    fill: 'green',
    shape: 'dot',
    caught: null,
    needs: 'tracefs',
    settings: { mode: 'watch', selectors: 'name:nobody-is-called-so' },
    act: async (flow) => {
      flow.send('node', {});
      await flow.first('out1');
    },
  },
  {
    node: 'ftrace-configure',
    state: 'paused',
    fill: 'yellow',
    shape: 'ring',
    caught: null,
    needs: 'tracefs',
    act: async (flow) => {
      await attach(flow);
      flow.send('node', { action: 'pause' });
    },
  },
  {
    // A refused message is no news of the session that runs.
    node: 'ftrace-configure',
    state: 'running',
    fill: 'green',
    shape: 'dot',
    caught: 'MESSAGE_INVALID',
    needs: 'tracefs',
    act: async (flow) => {
      await attach(flow);
      flow.send('node', { action: 'explode' });
    },
  },
  {
    node: 'ftrace-configure',
    state: 'ended',
    fill: 'grey',
    shape: 'ring',
    caught: null,
    needs: 'tracefs',
    act: async (flow) => {
      await attach(flow);
      flow.send('node', { action: 'disarm' });
    },
  },
  {
    node: 'ftrace-configure',
    state: 'failed',
    fill: 'red',
    shape: 'ring',
    caught: 'EVENT_UNKNOWN',
    needs: 'tracefs',
    settings: { events: 'list', eventList: 'no_such_event' },
    act: send({}),
  },
  {
    node: 'ftrace-configure',
    state: 'invalid',
    fill: 'red',
    shape: 'ring',
    caught: 'CONFIG_INVALID',
    settings: { events: 'list', eventList: 'not/an/event' },
    act: send({}),
  },
  {
    node: 'run-workload',
    state: 'untraced',
    fill: 'yellow',
    shape: 'dot',
    caught: null,
    settings: { command: 'sleep', args: ['60'] },
    act: send({}),
  },
  {
    node: 'run-workload',
    state: 'runningMany',
    fill: 'green',
    shape: 'dot',
    caught: null,
    settings: { command: 'sleep', args: ['60'] },
    act: send({}, {}),
  },
  {
    node: 'run-workload',
    state: 'exited',
    fill: 'grey',
    shape: 'ring',
    caught: null,
    settings: { command: 'true' },
    act: send({}),
  },
  {
    node: 'run-workload',
    state: 'killed',
    fill: 'grey',
    shape: 'ring',
    caught: null,
    settings: { command: 'sleep', args: ['60'] },
    act: async (flow) => {
      flow.send('node', {});
      await flow.first('out1');
      flow.send('node', { kill: true });
    },
  },
  {
    node: 'run-workload',
    state: 'timedOut',
    fill: 'yellow',
    shape: 'ring',
    caught: null,
    settings: { command: 'sleep', args: ['60'], timeLimit: '0.1' },
    act: async (flow) => {
      flow.send('node', {});
      await flow.first('out1', isComplete);
    },
  },
  {
    node: 'run-workload',
    state: 'replaying',
    fill: 'blue',
    shape: 'ring',
    caught: null,
    settings: { command: 'true' },
    act: send({ ftrace: { session: null, kind: 'session', replay: '/a/trace' } }),
  },
  {
    node: 'run-workload',
    state: 'failed',
    fill: 'red',
    shape: 'ring',
    caught: 'ENOENT',
    settings: { command: '/no/such/program' },
    act: send({}),
  },
  {
    node: 'run-workload',
    state: 'invalid',
    fill: 'red',
    shape: 'ring',
    caught: 'CONFIG_INVALID',
    settings: { command: 'sleep', killSignal: 'SIGNOTHING' },
    act: send({}),
  },
  {
    node: 'trace-source',
    state: 'losing',
    fill: 'yellow',
    shape: 'dot',
    caught: null,
    settings: file(LOSSY, SLOWLY),
    act: send({}),
  },
  {
    node: 'trace-source',
    state: 'replaying',
    fill: 'blue',
    shape: 'dot',
    caught: null,
    settings: file(RECIPE, SLOWLY),
    act: send({}),
  },
  {
    node: 'trace-source',
    state: 'waiting',
    fill: 'yellow',
    shape: 'ring',
    caught: null,
    settings: file(RECIPE, { form: 'event', flowControl: true }),
    act: send({}),
  },
  {
    node: 'trace-source',
    state: 'ended',
    fill: 'grey',
    shape: 'ring',
    caught: null,
    settings: file(RECIPE),
    act: send({}),
  },
  {
    node: 'trace-source',
    state: 'endedWithLoss',
    fill: 'yellow',
    shape: 'ring',
    caught: null,
    settings: file(LOSSY),
    act: send({}),
  },
  {
    node: 'trace-source',
    state: 'stopped',
    fill: 'grey',
    shape: 'ring',
    caught: null,
    settings: file(RECIPE, SLOWLY),
    act: async (flow) => {
      flow.send('node', {});
      await flow.first('out1');
      flow.send('node', { action: 'stop' });
    },
  },
  {
    node: 'trace-source',
    state: 'failed',
    fill: 'red',
    shape: 'ring',
    caught: 'TRACE_MISSING',
    settings: file('/no/such/trace'),
    act: send({}),
  },
  {
    node: 'trace-source',
    state: 'invalid',
    fill: 'red',
    shape: 'ring',
    caught: 'CONFIG_INVALID',
    settings: file(RECIPE, { form: 'poem' }),
    act: send({}),
  },
  {
    node: 'lifecycle-parse',
    state: 'following',
    fill: 'green',
    shape: 'dot',
    caught: null,
    act: send({ payload: EVENT }),
  },
  {
    node: 'lifecycle-parse',
    state: 'losing',
    fill: 'yellow',
    shape: 'dot',
    caught: null,
    act: send({ payload: EVENT, ftrace: { losses: [{ cpu: 0, ts: null, count: 7 }] } }),
  },
  {
    node: 'lifecycle-parse',
    state: 'done',
    fill: 'grey',
    shape: 'ring',
    caught: null,
    act: send({ payload: [EVENT] }),
  },
  {
    node: 'lifecycle-parse',
    state: 'doneWithLoss',
    fill: 'yellow',
    shape: 'ring',
    caught: null,
    act: send({ payload: [EVENT], ftrace: { losses: [{ cpu: 0, ts: null, count: 7 }] } }),
  },
  {
    node: 'lifecycle-parse',
    state: 'failed',
    fill: 'red',
    shape: 'ring',
    caught: 'MESSAGE_INVALID',
    act: send({}),
  },
  {
    node: 'lifecycle-parse',
    state: 'invalid',
    fill: 'red',
    shape: 'ring',
    caught: 'CONFIG_INVALID',
    settings: { stagesType: 'chosen', stages: 'birth' },
    act: send({}),
  },
  {
    node: 'signal-filter',
    state: 'quiet',
    fill: 'green',
    shape: 'dot',
    caught: null,
    act: send({ payload: CHILD }),
  },
  {
    node: 'signal-filter',
    state: 'alerts',
    fill: 'yellow',
    shape: 'dot',
    caught: null,
    settings: { rules: JSON.stringify([RULE]) },
    act: send({ payload: CHILD }),
  },
  {
    node: 'signal-filter',
    state: 'critical',
    fill: 'red',
    shape: 'dot',
    caught: null,
    act: send({ payload: signal({}) }),
  },
  {
    node: 'signal-filter',
    state: 'learning',
    fill: 'blue',
    shape: 'dot',
    caught: null,
    settings: { learn: true },
  },
  {
    // The watch's clock does not hide the refusal: only the next message does.
    node: 'signal-filter',
    state: 'failed',
    fill: 'red',
    shape: 'ring',
    caught: 'MESSAGE_INVALID',
    act: send({ payload: CHILD }, { payload: null }),
  },
  {
    node: 'signal-filter',
    state: 'quiet',
    fill: 'green',
    shape: 'dot',
    caught: 'MESSAGE_INVALID',
    act: send({ payload: null }, { payload: CHILD }),
  },
  {
    node: 'signal-filter',
    state: 'invalid',
    fill: 'red',
    shape: 'ring',
    caught: 'CONFIG_INVALID',
    settings: { rules: '[{}]' },
    act: send({}),
  },
];

/** States that pass by themselves, or that need another machine: tested below. A watch's: in watch.test.ts. */
const OF_THEIR_OWN = [
  'ftrace-configure draining',
  'ftrace-configure replaying',
  'run-workload running',
  'trace-source reading',
  'trace-source watching',
];

describe('the last status', () => {
  let flow: RunningFlow | null = null;
  before(async () => {
    bystander = spawn('sleep', ['600'], { stdio: 'ignore' });
    await once(bystander, 'spawn');
  });
  after(() => bystander.kill('SIGKILL'));
  afterEach(async () => {
    await flow?.stop();
    flow = null;
  });

  for (const row of ROWS) {
    const { node, state, fill, shape, caught, settings = {}, act } = row;
    it(`of ${node} is ${fill} ${shape} when it is ${state}${caught === null ? '' : ` and Catch has ${caught}`}`, async function () {
      if (row.needs !== undefined) await needs(this, { [row.needs]: true });
      const wires = [['out1'], ['out2'], ['out3']];
      flow = await RunningFlow.start([
        { id: 'node', type: node, topic: 'statuses', commandType: 'str', wires, ...settings },
      ]);
      await act?.(flow);
      if (caught !== null) await flow.caught();
      assert.deepEqual(await flow.lastStatus('node'), { fill, shape, text: `${node}.status.${state}` });
      const codes = flow.all('caught').map((message) => (message as CaughtMessage).error.code);
      assert.deepEqual([...new Set(codes)], caught === null ? [] : [caught]);
    });
  }

  it('has a row for each state of each node, with its look', () => {
    for (const { node, state, fill, shape } of ROWS) assert.deepEqual(LOOKS[node]![state], { fill, shape });
    const states = Object.entries(LOOKS).flatMap(([node, looks]) =>
      Object.keys(looks).map((state) => `${node} ${state}`),
    );
    const tested = new Set([...ROWS.map(({ node, state }) => `${node} ${state}`), ...OF_THEIR_OWN]);
    assert.deepEqual(
      states.filter((state) => !tested.has(state)),
      [],
    );
  });

  it('is documented in docs/messages.md, with the English text', () => {
    const sections = sectionsOf('docs/messages.md');
    for (const [node, looks] of Object.entries(LOOKS)) {
      const at = sections.findIndex(({ title }) => title === `\`${node}\``);
      const rows = rowsOf(sections.slice(at).find(({ title }) => title === 'Status')!);
      const documented = rows.map(([state = '', look]) => [state.replaceAll('`', ''), look]);
      const drawn = Object.entries(looks).map(([state, { fill, shape }]) => [state, `${fill} ${shape}`]);
      assert.deepEqual(documented.sort(), drawn.sort(), node);
      const file = readFileSync(`nodes/${node}/locales/en-US/${node}.json`, 'utf8');
      const { status } = (JSON.parse(file) as Record<string, { status: Record<string, string> }>)[node]!;
      assert.deepEqual(Object.keys(status).sort(), Object.keys(looks).sort());
      for (const [state = '', , text = ''] of rows) {
        const template = status[state.replaceAll('`', '')]!;
        if (template === '__code__') assert.match(text, /^the error code/);
        else assert.match(text, new RegExp(`^${template.replaceAll(/__\w+__/g, '\\w+')}$`));
      }
    }
  });

  it('of a traced run is green while it runs, and while it is read, and grey in the end', async function () {
    await needs(this, { tracefs: true });
    flow = await RunningFlow.start([
      { id: 'configure', type: 'ftrace-configure', topic: 'statuses', wires: [['run']] },
      {
        id: 'run',
        type: 'run-workload',
        command: 'sleep',
        args: ['60'],
        commandType: 'str',
        wires: [['source', 'state'], [], []],
      },
      { id: 'source', type: 'trace-source', wires: [[]] },
    ]);
    flow.send('configure');
    await flow.first('state');
    const running = { fill: 'green', shape: 'dot' };
    assert.deepEqual(await flow.lastStatus('run'), { ...running, text: 'run-workload.status.running' });
    assert.deepEqual(await flow.lastStatus('source'), { ...running, text: 'trace-source.status.reading' });
    assert.deepEqual(await flow.lastStatus('configure'), {
      ...running,
      text: 'ftrace-configure.status.running',
    });
    flow.send('run', { kill: true });
    await flow.first('state', isComplete);
    const over = { fill: 'grey', shape: 'ring' };
    assert.deepEqual(await flow.lastStatus('run'), { ...over, text: 'run-workload.status.killed' });
    assert.deepEqual(await flow.lastStatus('source'), { ...over, text: 'trace-source.status.ended' });
    assert.deepEqual(await flow.lastStatus('configure'), { ...over, text: 'ftrace-configure.status.ended' });
  });

  it('of ftrace-configure is blue for an ordinary user whose flow replays a recorded trace', async function () {
    await needs(this, { root: true });
    this.timeout(90_000);
    const flows: FlowNode[] = [
      { id: 'tab', type: 'tab', label: 'replay' },
      { id: 'press', type: 'inject', z: 'tab', wires: [['node']] },
      {
        id: 'node',
        type: 'ftrace-configure',
        z: 'tab',
        topic: 'statuses',
        whenImpossible: 'replay',
        wires: [[]],
      },
    ];
    const nodeRed = await NodeRedProcess.start({ flows, user: { uid: 65534, gid: 65534 } });
    try {
      await nodeRed.inject('press');
      const { fill, shape, text } = await nodeRed.nextStatus('node');
      assert.deepEqual([fill, shape, text], ['blue', 'ring', 'recorded trace']);
    } finally {
      await nodeRed.stop();
    }
  });
});
