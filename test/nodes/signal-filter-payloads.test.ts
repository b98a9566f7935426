/** Payloads that are damaged, or of another kind: what is wrong is said with its place, and all else is judged. */
import assert from 'node:assert/strict';
import { REPORT_SCHEMA, type Alert } from '../../src/model/report';
import { RunningFlow } from './running-flow';

const record = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
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
const stage = (name: string, changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  stage: name,
  ts: 100,
  time: null,
  pid: 7,
  tgid: 7,
  comm: 'a.out',
  process: '7@1',
  text: '',
  ...changes,
});
const report = (changes: Record<string, unknown>): Record<string, unknown> => ({
  schema: REPORT_SCHEMA,
  trace: { start: 100, end: 101, time: null },
  signals: [],
  processes: [],
  lost: [],
  ...changes,
});

const REFUSED: readonly (readonly [string, unknown, RegExp])[] = [
  ['nothing', null, /msg\.payload: expected a stage or .*, found null/],
  ['a number', 5, /msg\.payload: expected a stage or .*, found 5/],
  ['another object', { a: 1 }, /msg\.payload: expected .*, found another object/],
  [
    'a stage without a time',
    stage('exec', { ts: undefined }),
    /payload\.ts: expected a finite number, found nothing/,
  ],
  ['a stage at no time', stage('exec', { ts: NaN }), /payload\.ts: expected a finite number, found NaN/],
  ['a record at no time', record({ ts: Infinity }), /payload\.ts: expected a finite number, found Infinity/],
  ['an exit without detail', stage('exit'), /payload\.detail: expected an object, found nothing/],
  [
    'a signal without record',
    stage('signal', { detail: {} }),
    /payload\.detail\.ts: expected a finite number, found nothing/,
  ],
  [
    'a loss without a CPU',
    stage('lost', { detail: {} }),
    /payload\.detail\.cpu: expected a finite number, found nothing/,
  ],
  [
    'a target without id',
    stage('zombie', { target: {} }),
    /payload\.target\.id: expected a string, found nothing/,
  ],
  [
    'a sender that is a name',
    record({ sender: 'bash' }),
    /payload\.sender: expected an object, found a string/,
  ],
  [
    'a stack with a hole',
    record({ generated: { ts: 100, stack: [null] } }),
    /payload\.generated\.stack\[0\]: expected a string, found null/,
  ],
  [
    'a report with a hole',
    report({ processes: [null] }),
    /payload\.processes\[0\]: expected an object, found null/,
  ],
  ['a report without trace', report({ trace: null }), /payload\.trace: expected an object, found null/],
  [
    'a report with no record',
    report({ signals: [null] }),
    /payload\.signals\[0\]: expected an object, found null/,
  ],
  ['one bad of three', [record(), null, record()], /msg\.payload\[1\]: expected a stage or .*, found null/],
  ['two bad', [null, 5], /msg\.payload\[0\]: expected .*, found null \(and 1 more part could/],
];

describe('signal-filter, with payloads that are damaged', () => {
  let flow: RunningFlow;
  beforeEach(async () => {
    flow = await RunningFlow.start([
      { id: 'filter', type: 'signal-filter', intervalSeconds: 10, wires: [['alerts'], []] },
    ]);
  });
  afterEach(() => flow.stop());

  for (const [what, payload, wanted] of REFUSED) {
    it(`refuses ${what}, with its place`, async () => {
      flow.send('filter', { topic: 'web', payload });
      const { error } = await flow.caught();
      assert.equal(error.code, 'MESSAGE_INVALID');
      assert.match(error.message, wanted);
    });
  }

  it('judges what is before and after a bad part', async () => {
    flow.send('filter', { payload: [record(), null, record({ ts: 102 })] });
    await flow.caught();
    await flow.first('alerts', ({ payload }) => (payload as Alert).first === 102);
    assert.equal(flow.all('alerts').length, 2);
  });

  it('ends the trace though its last payload is bad', async () => {
    const mild = { signal: 'SIGTERM', number: 15, fatal: false };
    flow.send('filter', { payload: [100, 101, 102].map((ts) => record({ ...mild, ts })) });
    flow.send('filter', { payload: null, complete: true });
    await flow.caught();
    const { payload } = await flow.first('alerts', (message) => (message.payload as Alert).count > 1);
    assert.equal((payload as Alert).count, 2);
  });

  it('takes the end of a trace without events, which has no time', async () => {
    flow.send('filter', { payload: stage('end', { ts: null }), complete: true });
    flow.send('filter', { payload: record() });
    await flow.first('alerts');
    assert.deepEqual(flow.all('caught'), []);
  });
});
