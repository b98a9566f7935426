/** ftrace-configure in the mode watch, with the nodes after it, on the real kernel. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { NodeMessageInFlow } from 'node-red';
import { WatchedUntil } from '../../nodes/ftrace-configure/watched-until';
import { payloadsOf } from '../../nodes/trace-source/record-payloads';
import type { Alert } from '../../src/model/report';
import type { WatchRecord } from '../../src/watch/watch-record';
import { findWatch } from '../../src/watch/watches';
import { needs } from '../harness/requirements';
import { temporaryFolder } from '../harness/temporary-folder';
import { ownInstances } from '../live/tracing-state';
import { programNamed, supervise, type Supervisor } from '../watch/supervisor';
import { RunningFlow } from './running-flow';

const NAME = `ftn${process.pid}`;
const TOPIC = 'watch node test';

const recordsOf = ({ payload }: NodeMessageInFlow): WatchRecord[] => payload as WatchRecord[];
const has = (stage: string) => (message: NodeMessageInFlow) =>
  Array.isArray(message.payload) && recordsOf(message).some((record) => record.stage === stage);

async function start(settings: Record<string, unknown> = {}): Promise<RunningFlow> {
  return RunningFlow.start([
    {
      id: 'configure',
      type: 'ftrace-configure',
      mode: 'watch',
      topic: TOPIC,
      selectors: `name:${NAME}`,
      exclude: '',
      wires: [['source', 'begun']],
      ...settings,
    },
    { id: 'source', type: 'trace-source', source: 'session', form: 'batch', wires: [['parse', 'records']] },
    { id: 'parse', type: 'lifecycle-parse', arrays: false, wires: [['filter'], []] },
    { id: 'filter', type: 'signal-filter', rules: '[]', wires: [['alerts'], []] },
  ]);
}

describe('ftrace-configure in the mode watch', () => {
  let program: string;
  let flow: RunningFlow;
  let supervisor: Supervisor;
  before(async function () {
    await needs(this, { tracefs: true, gcc: true });
    program = programNamed(NAME);
  });
  beforeEach(() => {
    supervisor = supervise(program);
  });
  afterEach(async () => {
    await flow.stop();
    await supervisor.end();
    assert.deepEqual(ownInstances(), []);
    assert.equal(findWatch(TOPIC), undefined);
  });

  async function dies(): Promise<void> {
    supervisor.run('crash');
    await flow.first('records', has('exit'));
  }

  it('sends records for as long as it watches, of which signal-filter makes alerts', async () => {
    flow = await start();
    flow.send('configure', { colour: 'blue' });
    const begun = await flow.first('begun');
    const { state, instances, settings } = begun.payload as {
      state: string;
      instances: string[];
      settings: { selectors: string[] };
    };
    assert.deepEqual([state, instances.length, settings.selectors], ['watching', 2, [`name:${NAME}`]]);
    await dies();
    const message = await flow.first('records', has('exit'));
    const status = { fill: 'green', shape: 'dot', text: 'trace-source.status.watching' };
    assert.deepEqual(await flow.lastStatus('source'), status);
    const { kind, session, host } = message.ftrace as { kind: string; session: string; host: string };
    assert.deepEqual(
      [kind, session, message.topic, message.colour],
      ['records', findWatch(TOPIC)?.id, TOPIC, 'blue'],
    );
    assert.equal(typeof host, 'string');
    assert.equal(message.complete, undefined);
    const alert = await flow.first('alerts');
    const { text, process: who } = alert.payload as Alert;
    assert.match(text, new RegExp(`^${NAME} \\(\\d+\\) crashed \\(SIGSEGV`));
    assert.equal(who?.service?.generation, 1);
    flow.send('configure', { action: 'disarm' });
    const last = await flow.first('records', ({ complete }) => complete === true);
    assert.deepEqual(last.payload, []);
    assert.deepEqual(ownInstances(), []);
  });

  it('begins with the flows without a press, and tells for how long nobody watched', async () => {
    flow = await start({ atStart: true });
    await flow.first('begun');
    await dies();
    const stopped = Date.now();
    await flow.stop();
    assert.deepEqual(ownInstances(), []);
    flow = await start({ atStart: true });
    const gap = recordsOf(await flow.first('records', has('gap'))).find(({ stage }) => stage === 'gap')!;
    const { from, to } = gap.detail as { from: string; to: string };
    assert.ok(Date.parse(from) >= stopped - 1 && Date.parse(to) > Date.parse(from), gap.text);
    await dies();
    flow.send('configure', { action: 'disarm' });
    await flow.first('records', ({ complete }) => complete === true);
    await flow.stop();
    // What was stopped on purpose leaves no gap.
    flow = await start({ atStart: true });
    await flow.first('begun');
    await dies();
    assert.ok(!flow.all('records').some(has('gap')));
  });

  it('answers a second arm with the watch that goes on, and explains what it does', async () => {
    flow = await start();
    flow.send('configure', { action: 'explain' });
    const { commands } = (await flow.first('begun')).payload as { commands: string[] };
    assert.ok(commands.some((command) => command.includes('signal_generate/filter')));
    assert.deepEqual(ownInstances(), []);
    flow.send('configure');
    const sessionIn = ({ ftrace }: NodeMessageInFlow): unknown => (ftrace as { session: unknown }).session;
    const first = await flow.first('begun', (message) => sessionIn(message) !== null);
    flow.send('configure', { again: true });
    const second = await flow.first('begun', (message) => message.again === true);
    assert.equal(sessionIn(second), sessionIn(first));
    flow.send('configure', { action: 'pause' });
    assert.equal((await flow.caught()).error.code, 'SESSION_STATE');
  });

  it('refuses selectors that nobody can match, to each message', async () => {
    flow = await start({ selectors: 'unit:' });
    flow.send('configure');
    assert.equal((await flow.caught()).error.code, 'CONFIG_INVALID');
  });
});

describe('what a node keeps of its watch', () => {
  it('survives the process in a file, and is forgotten on purpose', () => {
    const folder = temporaryFolder('user');
    const id = `node/${process.pid}`;
    new WatchedUntil(id, folder).keep(1_700_000_000.5);
    const file = path.join(folder, 'ftrace-life', `watched-until-node_${process.pid}.json`);
    assert.ok(existsSync(file));
    assert.equal(new WatchedUntil(id, folder).read(), 1_700_000_000.5);
    assert.equal(new WatchedUntil(`${id}-other`, folder).read(), null);
    new WatchedUntil(id, folder).forget();
    assert.equal(new WatchedUntil(id, folder).read(), null);
    assert.ok(!existsSync(file));
  });

  it('is nothing where nothing may be kept', () => {
    const kept = new WatchedUntil(`alone ${process.pid}`, null);
    assert.equal(kept.read(), null);
    kept.keep(5);
    assert.equal(kept.read(), 5);
    kept.forget();
    assert.equal(kept.read(), null);
  });
});

describe('the payloads of records', () => {
  const records = Array.from(
    { length: 1_201 },
    (_, index) => ({ ts: index, time: null, text: `record ${index}` }) as unknown as WatchRecord,
  );

  it('are arrays of at most 500, single records, or lines', () => {
    assert.deepEqual(
      [...payloadsOf(records, 'batch')].map((each) => (each as unknown[]).length),
      [500, 500, 201],
    );
    assert.equal([...payloadsOf(records, 'event')].length, 1_201);
    assert.deepEqual([...payloadsOf(records.slice(0, 2), 'text')], ['0 record 0\n1 record 1\n']);
    assert.deepEqual([...payloadsOf([], 'batch')], []);
  });
});
