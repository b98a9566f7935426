import assert from 'node:assert/strict';
import type { Identity, SignalRecord } from '../../../src/model/report';
import { compileCondition } from '../../../src/rules/matching/compiled-condition';
import {
  conditionField,
  FIELD_NAMES,
  type FieldName,
  type RuleTarget,
} from '../../../src/rules/language/condition-fields';
import { readRuleSet } from '../../../src/rules/language/rule-set';
import { A_OUT, HANDLED, IGNORED, signalRecord } from '../signal-records';

const IDENTITY: Identity = {
  exe: '/usr/bin/bash',
  uid: 1000,
  user: 'ann',
  ppid: 4990,
  cgroup: '/system.slice/web.service',
  unit: 'web.service',
  container: null,
  startTime: 77,
  ancestors: [
    { pid: 4990, comm: 'sshd' },
    { pid: 1, comm: null },
  ],
};
const SENDER = {
  ...{ pid: 4994, tgid: 4994, comm: 'bash', thread: 'worker', inTree: true, irq: false },
  identity: IDENTITY,
};
const TARGET: RuleTarget = {
  ...A_OUT,
  end: { ts: 9980.687638, kind: 'signaled', code: null, signal: 'SIGKILL', coreDumped: false },
  role: 'workload',
  service: { selector: 'unit:web.service', name: 'web.service', generation: 3, previous: null },
  incomplete: [],
  identity: {
    ...IDENTITY,
    exe: '/root/a.out',
    uid: 0,
    user: 'root',
    ppid: 4994,
    container: '4f5a',
    ancestors: [],
  },
};
const DELIVERED = { ts: 9992.171045, tid: 5441, handler: 'default', stack: ['get_signal'] };
const SIGNAL = signalRecord({
  sender: SENDER,
  group: true,
  coreDumped: false,
  delivered: { ...DELIVERED, handlerTime: 0.0012, interrupted: { call: 'read', restarted: false } },
});

function holds(when: object, signal: SignalRecord | null = SIGNAL, target: RuleTarget | null = TARGET) {
  const on = Object.keys(when).some((key) => key.startsWith('exit')) ? 'exit' : 'signal';
  const [rule] = readRuleSet([{ name: 'r', on, when, verdict: 'expected' }]).rules;
  return compileCondition(rule!.when)(signal, target);
}

/** What each field of SIGNAL and TARGET is; null where the trace does not know it. */
const VALUES: Readonly<Record<FieldName, unknown>> = {
  signal: 9,
  number: 9,
  code: 'SI_USER',
  origin: 'kill',
  result: 'delivered',
  outcome: 'killed',
  group: true,
  stack: ['__send_signal', 'do_send_sig_info', 'kill_pid_info'],
  fatal: true,
  coreDumped: false,
  handled: false,
  disposition: 'default',
  control: false,
  latency: 0.000001,
  incomplete: false,
  ts: 9992.171044,
  'sender.pid': 4994,
  'sender.tgid': 4994,
  'sender.thread': 'worker',
  'sender.comm': 'bash',
  'sender.exe': '/usr/bin/bash',
  'sender.uid': 1000,
  'sender.user': 'ann',
  'sender.ppid': 4990,
  'sender.cgroup': '/system.slice/web.service',
  'sender.unit': 'web.service',
  'sender.container': null,
  'sender.inTree': true,
  'sender.irq': false,
  'sender.isParent': true,
  'sender.ancestors': ['sshd'],
  'target.id': '5441@9978.187638',
  'target.pid': 5441,
  'target.tid': 5441,
  'target.comm': 'a.out',
  'target.path': '/root/a.out',
  'target.exe': '/root/a.out',
  'target.uid': 0,
  'target.user': 'root',
  'target.ppid': 4994,
  'target.cgroup': '/system.slice/web.service',
  'target.unit': 'web.service',
  'target.container': '4f5a',
  'target.ancestors': ['bash', 'sshd'],
  'target.service': 'web.service',
  'target.generation': 3,
  'target.role': 'workload',
  'delivered.tid': 5441,
  'delivered.handler': 'default',
  'delivered.stack': ['get_signal'],
  'delivered.handlerTime': 0.0012,
  'interrupted.call': 'read',
  'interrupted.restarted': false,
  'exit.kind': 'signaled',
  'exit.code': null,
  'exit.signal': 9,
  'exit.coreDumped': false,
  'exit.lived': 2.5,
};

describe('the fields of a condition', () => {
  for (const name of FIELD_NAMES) {
    it(`read ${name}, as known or not`, () => {
      const value = conditionField(name).read(SIGNAL, TARGET);
      assert.deepEqual(value, VALUES[name]);
      assert.equal(holds({ [name]: { known: true } }), value !== null);
      assert.equal(holds({ [name]: { known: false } }), value === null);
      if (value === null) return;
      const one: unknown = Array.isArray(value) ? value[0] : value;
      assert.equal(holds({ [name]: one }), true, 'flat');
      assert.equal(holds({ [name]: { not: one } }), false, 'not');
      const [group, short] = name.split('.');
      if (short !== undefined) assert.equal(holds({ [group!]: { [short]: one } }), true, 'nested');
    });

    it(`read nothing of ${name} where nothing is known`, () => {
      const { read } = conditionField(name);
      assert.equal(read(null, null), name === 'incomplete' ? false : null);
    });
  }

  it('take the pid of a zombie from its id', () => {
    assert.equal(conditionField('target.pid').read(null, TARGET), 5441);
  });

  it('blame nobody for what an interrupt sent', () => {
    const signal = signalRecord({ sender: { ...SENDER, irq: true } });
    for (const name of FIELD_NAMES) {
      if (!name.startsWith('sender.') || name === 'sender.irq') continue;
      assert.equal(conditionField(name).read(signal, TARGET), null, name);
    }
    assert.equal(conditionField('sender.irq').read(signal, TARGET), true);
  });
});

const taken = { ts: 1, tid: 5441, handler: 'rt_sigtimedwait', stack: [] };
const TABLE: [when: Record<string, unknown>, holds: boolean, changes?: Partial<SignalRecord>][] = [
  [{ signal: { not: 'TERM' } }, true],
  [{ signal: { not: ['TERM', '@fatal'] } }, false],
  [{ signal: '@job' }, true, { signal: 'SIGCONT', number: 18 }],
  [{ signal: '@job' }, true, { signal: 'SIGTSTP', number: 20 }],
  [{ signal: '@job' }, false],
  [{ signal: { not: 'TERM' } }, true, { signal: 'SIG_70', number: 70 }],
  [{ number: { atLeast: 9, below: 10 } }, true],
  [{ number: { above: 9 } }, false],
  [{ number: { above: 8, atLeast: 9, below: 10, atMost: 9 } }, true],
  [{ number: { below: 9 } }, false],
  [{ number: { atMost: 8 } }, false],
  [{ number: { atLeast: 1, not: [9] } }, false],
  [{ latency: { above: 0.5 } }, false],
  [{ latency: { above: 0.5 } }, true, { latency: 0.75 }],
  [{ latency: { below: 1 } }, false, { latency: null }],
  [{ code: 'SI_*' }, true],
  [{ code: -6 }, true, { code: -6 }],
  [{ stack: 'kill_*' }, true],
  [{ stack: { not: 'kill_*' } }, false],
  [{ stack: { not: 'oom_*' } }, true],
  [{ stack: { not: 'oom_*' } }, false, { generated: { ts: 1, stack: [] } }],
  [{ stack: { glob: 'kill_*', regex: '^do_' } }, true],
  [{ stack: { glob: 'kill_*', regex: '^oom' } }, false],
  [{ 'sender.comm': { regex: '^(ba|z)sh$' } }, true],
  [{ 'sender.comm': { regex: 'sh$', not: 'ba*' } }, false],
  [{ 'sender.comm': { is: 'bash', in: ['zsh'] } }, false],
  [{ 'sender.comm': { is: 'bash', in: ['zsh', 'bash'] } }, true],
  [{ 'target.exe': { glob: ['/usr/*', '/root/?.out'] } }, true],
  [{ 'sender.ancestors': 'ssh*' }, true],
  [{ 'sender.uid': { atLeast: 1000 }, target: { uid: 0 } }, true],
  [{ 'sender.container': { not: 'x' } }, false],
  [{ sender: {} }, true],
  [{ sender: {} }, false, { sender: null }],
  [{ target: {} }, true],
  [{ disposition: 'handler' }, true, HANDLED],
  [{ disposition: 'ignore' }, true, { ...IGNORED, signal: 'SIGTERM', number: 15 }],
  [{ disposition: { known: false } }, true, { ...IGNORED, signal: 'SIGCHLD', number: 17 }],
  [{ disposition: { known: false }, outcome: 'taken' }, true, { fatal: false, delivered: taken }],
  [{ outcome: 'handled' }, true, HANDLED],
  [{ outcome: 'stopped' }, true, { fatal: false, signal: 'SIGSTOP', number: 19 }],
  [{ outcome: 'not-sent' }, true, { fatal: false, result: 'overflow', delivered: null }],
  [{ incomplete: true }, true, { result: 'unknown', fatal: false }],
  [{ all: [{ fatal: true }, { signal: 'KILL' }] }, true],
  [{ all: [{ fatal: true }, { signal: 'TERM' }] }, false],
  [{ any: [{ fatal: false }, { signal: 'KILL' }] }, true],
  [{ any: [{ fatal: false }, { signal: 'TERM' }] }, false],
  [{ any: [{ fatal: true }], signal: 'TERM' }, false],
  [{ not: { any: [{ signal: 'TERM' }, { 'target.uid': 5 }] } }, true],
];

describe('the tests of a condition', () => {
  for (const [when, expected, changes] of TABLE) {
    const against = changes ? ` for ${JSON.stringify(changes)}` : '';
    it(`${expected ? 'hold' : 'do not hold'}: ${JSON.stringify(when)}${against}`, () => {
      assert.equal(holds(when, { ...SIGNAL, ...changes }), expected);
    });
  }

  it('answer where a regular expression of JavaScript would try for ever', () => {
    const path = 'a'.repeat(4000) + 'b';
    assert.equal(holds({ 'target.path': { regex: '^(a+)+$' } }, SIGNAL, { ...TARGET, path }), false);
    assert.equal(holds({ 'target.path': { regex: '^(a|a)*b$' } }, SIGNAL, { ...TARGET, path }), true);
  });

  it('look at the first 4,096 characters of a text with a regular expression', () => {
    const target = (path: string) => ({ ...TARGET, path });
    const when = { 'target.path': { regex: 'x$' } };
    assert.equal(holds(when, SIGNAL, target('a'.repeat(4095) + 'x')), true);
    assert.equal(holds(when, SIGNAL, target('a'.repeat(4096) + 'x')), false);
  });

  it('compare a long name in full with the 15 bytes that the kernel keeps', () => {
    const target = { ...TARGET, comm: 'systemd-network' };
    assert.equal(holds({ 'target.comm': { is: 'systemd-networkd' } }, SIGNAL, target), true);
    assert.equal(holds({ 'target.comm': { not: 'systemd-networkd' } }, SIGNAL, target), false);
  });
});
