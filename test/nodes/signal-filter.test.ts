import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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

  it('warns at a deploy of rules that can have no effect', async () => {
    const rules = [
      { name: 'all', when: {}, verdict: 'expected' },
      { name: 'late', when: { signal: 'TERM' }, verdict: 'unexpected' },
      { name: 'old', when: { signal: 'KILL' }, verdict: 'expected', until: '2020-01-01' },
    ];
    await start({ rules: JSON.stringify(rules) });
    assert.deepEqual(flow.warnings('filter'), [
      'rules[1] "late": has no effect, rules[0] "all" matches first',
      'rules[2] "old": has no effect, rules[0] "all" matches first',
      'rules[2] "old": expired 2020-01-01',
    ]);
  });

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

  const USR1 = (ts: number): SignalRecord =>
    signalRecord({ ts, signal: 'SIGUSR1', number: 10, fatal: false, result: 'delivered' });
  const NOTED = JSON.stringify([{ name: 'usr1', when: { signal: 'USR1' }, verdict: 'attention' }]);

  it('learns when it is asked to, and proposes rules on its second output', async () => {
    await start({ rules: NOTED });
    flow.send('filter', { action: 'learn' });
    flow.send('filter', { payload: USR1(100), topic: 'web' });
    const learnt = await flow.first('expected');
    const { verdict, rule, reason } = learnt.payload as Record<string, string>;
    assert.deepEqual([verdict, rule], ['expected', 'learning']);
    assert.match(reason!, /usr1/);
    assert.match((await flow.status('filter', ({ fill }) => fill === 'blue')).text!, /learning/);
    flow.send('filter', { action: 'proposal', topic: 'web' });
    const proposal = await flow.first(
      'expected',
      ({ ftrace }) => (ftrace as { kind: string }).kind === 'proposal',
    );
    const { rules } = proposal.payload as { rules: { name: string; reason: string }[] };
    assert.deepEqual(
      rules.map(({ name, reason: why }) => [name, why]),
      [['learnt: SIGUSR1 from bash to a.out', 'learnt: seen 1 time in 1 run']],
    );
    flow.send('filter', { action: 'judge' });
    flow.send('filter', { payload: USR1(101), topic: 'web' });
    assert.equal((await alert()).rule, 'usr1');
    assert.equal(flow.all('alerts').length, 1);
  });

  it('learns from the start where it is set so, and alerts on what is critical all the same', async () => {
    await start({ rules: NOTED, learn: true });
    flow.send('filter', { payload: [USR1(100), signalRecord()] });
    assert.equal((await alert()).severity, 'critical');
    assert.equal(((await flow.first('expected')).payload as { rule: string }).rule, 'learning');
  });

  it('sends an action that it does not know to Catch', async () => {
    await start();
    flow.send('filter', { action: 'dance' });
    assert.equal((await flow.caught()).error.code, 'MESSAGE_INVALID');
  });

  it('sends alerts in the form that is set, with the machine that the message names', async () => {
    flow = await RunningFlow.start([
      { id: 'ecs', type: 'signal-filter', form: 'ecs', wires: [['ecsAlerts'], []] },
      { id: 'otel', type: 'signal-filter', form: 'otel', wires: [['otelAlerts'], []] },
    ]);
    const ftrace = { session: 's1', host: 'web1', boot: 'b1' };
    for (const id of ['ecs', 'otel']) flow.send(id, { payload: signalRecord(), ftrace });
    const ecs = await flow.first('ecsAlerts');
    const { host, event } = ecs.payload as Record<string, Record<string, unknown>>;
    assert.deepEqual([host, event?.['kind']], [{ name: 'web1', boot: { id: 'b1' } }, 'alert']);
    const { host: named, boot } = ecs.ftrace as Record<string, unknown>;
    assert.deepEqual([named, boot], ['web1', 'b1']);
    const otel = (await flow.first('otelAlerts')).payload as Record<string, unknown>;
    assert.equal(otel['severityNumber'], 18);
    assert.deepEqual(otel['resource'], { 'host.name': 'web1', 'ftrace.boot.id': 'b1' });
  });

  it('sends a form that there is not to Catch', async () => {
    await start({ form: 'xml' });
    flow.send('filter', { payload: signalRecord() });
    assert.equal((await flow.caught()).error.code, 'CONFIG_INVALID');
  });

  const STUCK = JSON.stringify([
    {
      name: 'stuck',
      when: { signal: 'USR1' },
      without: { stage: 'exit', within: 0.2 },
      verdict: 'attention',
    },
  ]);
  const sent = (ts: number): Record<string, unknown> => ({
    stage: 'signal',
    ts,
    time: null,
    pid: 5441,
    tgid: 5441,
    comm: 'a.out',
    process: '5441@1',
    text: '',
    detail: USR1(ts),
    target: { id: '5441@1', comm: 'a.out', path: null, ancestors: [] },
  });

  it('says of a live trace what is due, and what did not come, though no message comes any more', async () => {
    await start({ rules: STUCK, intervalSeconds: 0.5 });
    const ftrace = { session: 's1', kind: 'stage' };
    for (const ts of [100, 100.01, 100.02]) flow.send('filter', { payload: sent(ts), ftrace, topic: 'web' });
    const first = await flow.first('alerts');
    assert.equal((first.payload as Alert).rule, 'stuck');
    assert.deepEqual([first.topic, (first.ftrace as { session: string }).session], ['web', 's1']);
    const summary = await alert(({ payload }) => (payload as Alert).count > 1);
    assert.equal(summary.count, 2);
  });

  it('says of a live trace that nothing came only when it had five seconds to come', async () => {
    await start({ rules: STUCK });
    const ftrace = { session: 's1', kind: 'stage' };
    flow.send('filter', { payload: sent(100), ftrace, topic: 'web' });
    // So late is the message with its end: long after the others, and long before five seconds have passed.
    await sleep(2_500);
    const exit = { stage: 'exit', ts: 100.1, pid: 5441, process: '5441@1', detail: { coreDumped: false } };
    flow.send('filter', { payload: exit, ftrace, topic: 'web' });
    flow.send('filter', { payload: { stage: 'exec', ts: 200, detail: {} }, ftrace, topic: 'web' });
    flow.send('filter', { payload: signalRecord({ ts: 201 }), ftrace, topic: 'web' });
    assert.equal((await alert()).rule, 'default:killed-from-outside');
  });

  it('takes an interval that is left empty for the default', async () => {
    await start({ rules: NOTED, intervalSeconds: '' });
    flow.send('filter', { payload: [USR1(100), USR1(101), USR1(102)], complete: true });
    assert.equal((await alert(({ payload }) => (payload as Alert).count > 1)).count, 2);
    assert.equal(flow.all('alerts').length, 2);
  });

  it('never asks the wall about a saved trace: its own end decides', async () => {
    await start({ rules: STUCK });
    flow.send('filter', { payload: sent(100), ftrace: { session: null, kind: 'stage' } });
    flow.send('filter', { payload: { stage: 'end', ts: 100.1 }, complete: true });
    // The two come one after the other: what is said of the first would be there.
    flow.send('filter', { payload: signalRecord() });
    assert.equal((await alert()).rule, 'default:killed-from-outside');
    assert.equal(flow.all('alerts').length, 1);
  });
});
