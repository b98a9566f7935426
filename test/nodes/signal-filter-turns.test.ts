/** What signal-filter keeps while a payload takes several turns, and while there are many topics. */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { REPORT_SCHEMA, type Alert, type SignalRecord } from '../../src/model/report';
import { rounds } from '../harness/rounds';
import { RunningFlow } from './running-flow';

const RULES = JSON.stringify([{ name: 'usr1', when: { signal: 'USR1' }, verdict: 'attention' }]);
const MANY = rounds(20_000, 60_000);

function usr1(ts: number): SignalRecord {
  return {
    ts,
    time: null,
    signal: 'SIGUSR1',
    number: 10,
    code: 'SI_USER',
    result: 'delivered',
    origin: 'kill',
    fatal: false,
    control: false,
    sender: { pid: 1, comm: 'init', inTree: false, irq: false },
    target: { pid: 7, tgid: 7, comm: 'a.out' },
    generated: { ts, stack: [] },
    delivered: { ts, tid: 7, handler: '0x4000', stack: [] },
    latency: 0,
  };
}

const stage = (ts: number): Record<string, unknown> => ({
  stage: 'signal',
  ts,
  time: null,
  pid: 7,
  tgid: 7,
  comm: 'a.out',
  process: '7@1',
  text: '',
  detail: usr1(ts),
  target: { id: '7@1', comm: 'a.out', path: null, ancestors: [] },
});

const times = Array.from({ length: MANY }, (_, index) => 100 + index * 1e-5);

const REPORT = {
  schema: REPORT_SCHEMA,
  trace: { start: 100, end: 102, time: null },
  signals: times.map(usr1),
  lost: [],
  processes: [
    {
      id: '7@1',
      pid: 7,
      tgid: 7,
      parent: null,
      comm: 'a.out',
      commHistory: [],
      role: null,
      attached: null,
      fork: null,
      execs: [],
      signals: times.map((_, index) => index),
      exit: null,
      reap: null,
      state: 'running',
      incomplete: [],
    },
  ],
};

describe('signal-filter, with a payload of several turns and many topics', () => {
  let flow: RunningFlow;
  let warnings: string[] = [];
  const start = async (): Promise<void> => {
    flow = await RunningFlow.start([
      { id: 'filter', type: 'signal-filter', rules: RULES, intervalSeconds: 3600, wires: [['alerts'], []] },
      { id: 'last', type: 'signal-filter', rules: RULES, wires: [['lastAlerts'], []] },
      { id: 'complete', type: 'complete', scope: ['filter'], uncaught: false, wires: [['done']] },
    ]);
    const told: string[] = (warnings = []);
    flow.node('filter').on(
      'call:warn' as 'close',
      ((call: { args: [string] }) => {
        told.push(call.args[0]);
      }) as never,
    );
  };
  afterEach(() => flow.stop());

  const countOf = (topic: string): number =>
    flow
      .all('alerts')
      .filter((message) => message.topic === topic)
      .reduce((sum, { payload }) => sum + (payload as Alert).count, 0);
  /** Messages are handed on in the order in which they are sent. */
  const allCame = async (): Promise<void> => {
    flow.send('last', { payload: usr1(1) });
    await flow.first('lastAlerts');
  };

  it('follows a trace to its end whose message is in work when there are too many topics', async () => {
    await start();
    flow.send('filter', { topic: 'big', payload: times.map(stage) });
    for (let host = 0; host < 1_100; host++) {
      flow.send('filter', { topic: `host${host}`, payload: { stage: 'exec', ts: 1, detail: {} } });
    }
    flow.send('filter', { topic: 'big', payload: { stage: 'end', ts: 101 }, complete: true });
    await flow.first('alerts', ({ payload }) => (payload as Alert).count > 1);
    assert.equal(countOf('big'), MANY);
  });

  for (const [what, payload] of [
    ['a report', REPORT],
    ['an array of stages', times.map(stage)],
    ['an array with a report', [stage(100), REPORT]],
  ] as const) {
    it(`sends what it holds of ${what} when it is closed meanwhile, and tells what was not judged`, async () => {
      await start();
      flow.send('filter', { topic: 'big', payload });
      flow.send('filter', { topic: 'big', payload: [stage(200), stage(201)] });
      await flow.first('alerts');
      // Some turns, of the many that it takes.
      for (let turn = 0; turn < 4; turn++) await nextTurn();
      await flow.node('filter').close(false);
      await allCame();
      const [, left = '0'] =
        /closed: (\d+) stages and signals had arrived but were not judged/.exec(warnings.join('\n')) ?? [];
      assert.ok(Number(left) > 2, warnings.join('\n'));
      const came = MANY + (Array.isArray(payload) && payload.length === 2 ? 1 : 0) + 2;
      assert.equal(countOf('big') + Number(left), came);
      assert.ok(warnings.some((text) => /closed: \d+ alerts? (was|were) held back/.test(text)));
    });
  }

  it('counts repeats of each of many topics, and ends those that were silent longest', async () => {
    await start();
    for (let round = 0; round < 10; round++) {
      for (let host = 0; host < 500; host++) {
        flow.send('filter', { topic: `host${host}`, payload: stage(100 + round) });
      }
    }
    await flow.first('done', () => flow.all('done').length === 5_000);
    assert.equal(flow.all('alerts').length, 500);
    assert.equal(warnings.join('\n'), '');
    flow.send('filter', { topic: 'host0', payload: stage(110) });
    await flow.first('done', () => flow.all('done').length === 5_001);
    for (let host = 500; host < 1_001; host++) {
      flow.send('filter', { topic: `host${host}`, payload: stage(100) });
    }
    await flow.first('alerts', ({ topic }) => topic === 'host1000');
    const ended = flow.all('alerts').filter(({ payload }) => (payload as Alert).count > 1);
    assert.deepEqual(
      ended.map(({ topic, payload }) => [topic, (payload as Alert).count]),
      [['host1', 9]],
    );
    assert.equal(warnings.filter((text) => text.includes('more than 1000 topics')).length, 1);
  });
});
