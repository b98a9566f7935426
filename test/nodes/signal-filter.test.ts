import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { NodeMessageInFlow } from 'node-red';
import type { Alert, SignalRecord } from '../../src/model/report';
import { RunningFlow } from './running-flow';

const FIXTURES = path.join(process.cwd(), 'test/fixtures/kernels/6.12');
const SEGV = readFileSync(path.join(FIXTURES, 'segv.txt'), 'utf8');

function signalRecord(changes: Partial<SignalRecord> = {}): SignalRecord {
  return {
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
    target: { pid: 5441, tgid: 5441, comm: 'a.out' },
    generated: { ts: 100, stack: [] },
    delivered: { ts: 100.1, tid: 5441, handler: 'default', stack: [] },
    latency: 0.1,
    ...changes,
  };
}

const CHILD = signalRecord({
  signal: 'SIGCHLD',
  number: 17,
  code: 'CLD_KILLED',
  origin: 'child',
  fatal: false,
});

describe('signal-filter', () => {
  let flow: RunningFlow;
  const start = async (settings: Record<string, unknown> = {}): Promise<void> => {
    flow = await RunningFlow.start([
      { id: 'filter', type: 'signal-filter', wires: [['alerts'], ['expected']], ...settings },
    ]);
  };
  const alert = async (wanted?: (message: NodeMessageInFlow) => boolean): Promise<Alert> =>
    (await flow.first('alerts', wanted)).payload as Alert;
  afterEach(() => flow.stop());

  it('raises an alert for a kill from outside, with the message’s own properties and none of its stream', async () => {
    await start();
    flow.send('filter', {
      payload: signalRecord(),
      topic: 'web',
      colour: 'blue',
      ftrace: { session: 's1', kind: 'stage' },
      parts: { id: 'x', index: 3 },
    });
    const message = await flow.first('alerts');
    const { severity, rule, count, first, last, text, signal, fingerprint, reason, process } =
      message.payload as Alert;
    assert.deepEqual(
      [severity, rule, count, first, last],
      ['critical', 'default:killed-from-outside', 1, 100, 100],
    );
    assert.match(text, /a\.out \(5441\).*SIGKILL.*bash \(4000\)/);
    assert.deepEqual(signal, signalRecord());
    assert.deepEqual(process, { id: '5441', comm: 'a.out', path: null, ancestors: [] });
    assert.ok(fingerprint !== '' && reason !== '');
    assert.deepEqual(message.ftrace, { session: 's1', kind: 'alert', severity, rule, pid: 5441 });
    assert.deepEqual([message.topic, message.colour, message.parts], ['web', 'blue', undefined]);
    assert.equal((await flow.status('filter', () => true)).fill, 'red');
  });

  it('sends an expected signal to the second output, with the reason', async () => {
    await start();
    flow.send('filter', { payload: CHILD, topic: 'web' });
    const { payload, ftrace } = await flow.first('expected');
    const { verdict, rule, severity, reason, signal, process } = payload as Record<string, unknown>;
    assert.deepEqual([verdict, rule, severity], ['expected', 'default:child', 'info']);
    assert.ok(reason !== '');
    assert.deepEqual(signal, CHILD);
    assert.equal(process, null);
    assert.deepEqual(ftrace, { session: null, kind: 'expected', severity, rule, pid: 5441 });
    assert.equal((await flow.status('filter', () => true)).fill, 'green');
  });

  it('asks the rules first', async () => {
    const rules = [
      {
        name: 'restart',
        when: { signal: 'SIGKILL', sender: { comm: 'bash' } },
        verdict: 'expected',
        reason: 'mine',
      },
      { name: 'child', when: { signal: 'SIGCHLD' }, verdict: 'unexpected', severity: 'notice' },
    ];
    await start({ rules: JSON.stringify(rules) });
    flow.send('filter', { payload: [signalRecord(), CHILD] });
    const expected = (await flow.first('expected')).payload as { rule: string; reason: string };
    assert.deepEqual([expected.rule, expected.reason], ['restart', 'mine']);
    const raised = await alert();
    assert.deepEqual([raised.rule, raised.severity], ['child', 'notice']);
  });

  it('counts repeats, and sums them up when the trace has ended', async () => {
    const rules = [{ name: 'child', when: { signal: 'SIGCHLD' }, verdict: 'attention' }];
    await start({ rules: JSON.stringify(rules), intervalSeconds: 10 });
    for (let second = 0; second < 5; second++)
      flow.send('filter', { payload: { ...CHILD, ts: 100 + second } });
    flow.send('filter', { complete: true });
    const summary = await alert(({ payload }) => (payload as Alert).count > 1);
    assert.deepEqual([summary.count, summary.first, summary.last], [4, 101, 104]);
    assert.equal(flow.all('alerts').length, 2);
  });

  it('sums repeats up when the trace has gone on for the interval', async () => {
    const rules = [{ name: 'child', when: { signal: 'SIGCHLD' }, verdict: 'attention' }];
    await start({ rules: JSON.stringify(rules), intervalSeconds: 10 });
    for (const ts of [100, 101, 102]) flow.send('filter', { payload: { ...CHILD, ts } });
    flow.send('filter', { payload: { stage: 'exec', ts: 111, pid: 1, detail: {} } });
    assert.equal((await alert(({ payload }) => (payload as Alert).count > 1)).count, 2);
  });

  it('sends what is below the severity to the second output', async () => {
    await start({ minSeverity: 'critical' });
    flow.send('filter', {
      payload: signalRecord({ signal: 'SIGSEGV', number: 11, origin: 'fault', sender: null }),
    });
    const { verdict, severity } = (await flow.first('expected')).payload as Record<string, unknown>;
    assert.deepEqual([verdict, severity], ['unexpected', 'error']);
  });

  it('judges the stages of lifecycle-parse and its report alike', async () => {
    flow = await RunningFlow.start([
      { id: 'parse', type: 'lifecycle-parse', wires: [['fromStages'], ['fromReport']] },
      { id: 'fromStages', type: 'signal-filter', wires: [['stageAlerts'], []] },
      { id: 'fromReport', type: 'signal-filter', wires: [['reportAlerts'], []] },
    ]);
    flow.send('parse', { payload: SEGV, topic: 'segv' });
    const byStages = await flow.first('stageAlerts');
    const byReport = await flow.first('reportAlerts');
    assert.deepEqual(byStages.payload, byReport.payload);
    assert.equal((byStages.payload as Alert).signal?.signal, 'SIGSEGV');
    assert.notEqual((byStages.payload as Alert).process?.id, '');
    assert.deepEqual(flow.all('caught'), []);
  });

  it('sends rules that cannot be read to Catch, with the place', async () => {
    await start({ rules: '[{"name": "x", "when": {"signal": "SIGFOO"}, "verdict": "expected"}]' });
    flow.send('filter', { payload: signalRecord() });
    const { error } = await flow.caught();
    assert.equal(error.code, 'CONFIG_INVALID');
    assert.match(error.message, /rules\[0\]\.when\.signal.*SIGFOO/);
  });

  it('sends rules that are no JSON to Catch', async () => {
    await start({ rules: '[' });
    flow.send('filter', { payload: signalRecord() });
    assert.equal((await flow.caught()).error.code, 'CONFIG_INVALID');
  });

  it('sends a payload that has nothing to do with signals to Catch', async () => {
    await start();
    flow.send('filter', { payload: 'hello' });
    assert.equal((await flow.caught()).error.code, 'MESSAGE_INVALID');
  });
});
