/** Alerts in the words of others. */
import assert from 'node:assert/strict';
import { toEcs } from '../../src/export/ecs';
import { toOtelLog } from '../../src/export/otel';
import type { Alert, Identity } from '../../src/model/report';
import { makeAlert } from '../../src/rules/alerts/alert';
import { A_OUT, signalRecord } from '../rules/signal-records';

const IDENTITY: Identity = {
  exe: '/root/a.out',
  uid: 1000,
  user: 'alice',
  ppid: 4994,
  cgroup: '/system.slice/web.service',
  unit: 'web.service',
  container: 'c0ffee',
  startTime: 5,
  ancestors: [],
};
const VERDICT = { verdict: 'unexpected', rule: 'r', severity: 'critical', reason: 'why' } as const;

const FULL: Alert = makeAlert(
  VERDICT,
  signalRecord({
    time: '2026-01-01T00:00:00.123456Z',
    sender: {
      pid: 4994,
      comm: 'bash',
      inTree: true,
      irq: false,
      identity: { ...IDENTITY, exe: '/bin/bash', uid: 0, user: 'root' },
    },
  }),
  { ...A_OUT, identity: IDENTITY },
);
const BARE: Alert = {
  ...makeAlert(VERDICT, signalRecord({ sender: null, code: null }), null),
  process: null,
  signal: null,
  outcome: null,
  about: 'loss',
};

/** Every value in it, with its place. */
function* leaves(value: unknown, place = ''): Generator<[string, unknown]> {
  if (typeof value !== 'object' || value === null) yield [place, value];
  else for (const [key, one] of Object.entries(value)) yield* leaves(one, `${place}.${key}`);
}

describe('whom an alert in the words of others names', () => {
  const stopped = makeAlert(
    VERDICT,
    signalRecord({ origin: 'timer', sender: { pid: 4242, comm: 'innocent', inTree: false, irq: true } }),
    { ...A_OUT, path: './a.out' },
  );
  const removed = makeAlert(VERDICT, signalRecord(), {
    ...A_OUT,
    identity: { ...IDENTITY, exe: '/root/a.out (deleted)' },
  });

  it('is nobody whom an interrupt happened to stop', () => {
    for (const form of [toEcs(stopped), toOtelLog(stopped)]) {
      assert.doesNotMatch(JSON.stringify(form), /4242|innocent/);
    }
  });

  it('is the program by its absolute path, and by no other', () => {
    assert.doesNotMatch(JSON.stringify(toEcs(stopped)['process']), /executable/);
    assert.equal(toOtelLog(stopped).attributes['process.executable.path'], undefined);
    assert.match(JSON.stringify(toEcs(removed)['process']), /"executable":"\/root\/a.out"/);
    assert.equal(toOtelLog(removed).attributes['process.executable.path'], '/root/a.out');
  });
});

describe('an alert as an ECS document', () => {
  it('has the fields of the schema', () => {
    const ecs = toEcs(FULL, { host: 'web1', boot: 'b1' }) as Record<string, Record<string, unknown>>;
    assert.equal(ecs['@timestamp'], '2026-01-01T00:00:00.123456Z');
    assert.deepEqual(ecs['rule'], { name: 'r', category: 'signal' });
    assert.deepEqual(ecs['event'], {
      kind: 'alert',
      category: ['process'],
      type: ['end'],
      action: 'SIGKILL',
      dataset: 'ftrace.alert',
      module: 'ftrace',
      severity: 99,
      reason: 'why',
      id: FULL.id,
    });
    assert.deepEqual(ecs['process'], {
      pid: 5441,
      name: 'a.out',
      executable: '/root/a.out',
      entity_id: `b1/${A_OUT.id}`,
      parent: { pid: 4994, name: 'bash' },
      thread: { id: 5441 },
    });
    assert.deepEqual(ecs['user'], { id: '1000', name: 'alice' });
    assert.deepEqual(ecs['container'], { id: 'c0ffee' });
    assert.deepEqual(ecs['host'], { name: 'web1', boot: { id: 'b1' } });
    assert.equal(ecs['message'], FULL.text);
    const signal = ecs['ftrace']?.['signal'] as Record<string, unknown>;
    assert.deepEqual((signal['sender'] as Record<string, unknown>)['user'], { id: '0', name: 'root' });
  });

  it('leaves out what is not known', () => {
    for (const alert of [FULL, BARE]) {
      for (const [place, value] of leaves(toEcs(alert)))
        assert.ok(value !== null && value !== undefined, place);
    }
    assert.equal('process' in toEcs(BARE), false);
    assert.equal('@timestamp' in toEcs(BARE), false);
  });
});

describe('an alert as a log record of OpenTelemetry', () => {
  it('has its time, its severity by the specification’s table, and attributes by the conventions', () => {
    const log = toOtelLog(FULL, { host: 'web1', boot: 'b1' });
    assert.equal(log.timeUnixNano, '1767225600123456000');
    assert.deepEqual([log.severityNumber, log.severityText, log.eventName], [18, 'critical', 'ftrace.alert']);
    assert.equal(log.body, FULL.text);
    assert.deepEqual(log.resource, { 'host.name': 'web1', 'ftrace.boot.id': 'b1' });
    const { attributes } = log;
    for (const [name, value] of Object.entries({
      'process.pid': 5441,
      'process.executable.path': '/root/a.out',
      'process.owner': 'alice',
      'process.real_user.id': 1000,
      'container.id': 'c0ffee',
      'ftrace.signal.name': 'SIGKILL',
      'ftrace.sender.user.name': 'root',
    })) {
      assert.equal(attributes[name], value, name);
    }
  });

  it('maps every severity', () => {
    const numbers = (['info', 'notice', 'warning', 'error', 'critical'] as const).map(
      (severity) => toOtelLog({ ...FULL, severity }).severityNumber,
    );
    assert.deepEqual(numbers, [9, 10, 13, 17, 18]);
  });

  it('leaves out what is not known', () => {
    for (const [place, value] of leaves(toOtelLog(BARE))) {
      assert.ok(value !== null && value !== undefined && !Number.isNaN(value), place);
    }
    assert.equal(toOtelLog(BARE).timeUnixNano, undefined);
  });
});
