import assert from 'node:assert/strict';
import type { Alert, RootCause, SignalRecord, SignalTarget } from '../../../src/model/report';
import { AlertWatch, type Judgement } from '../../../src/rules/watch/alert-watch';
import type { KnownEnd } from '../../../src/rules/watch/fates';
import { readRuleSet } from '../../../src/rules/language/rule-set';
import { undecidedRemarks } from '../../../src/rules/watch/watch-counters';
import { HANDLED, signalRecord } from '../signal-records';

const REDIS: SignalTarget = {
  id: '812@1.5',
  comm: 'redis-server',
  path: '/usr/bin/redis-server',
  ancestors: [{ pid: 400, comm: 'supervisor' }],
  role: 'workload',
};
const KILL = { pid: 17108, tgid: 17108, comm: 'kill', inTree: false, irq: false };
const PARENT = { pid: 400, tgid: 400, comm: 'supervisor', inTree: true, irq: false };
const ITSELF = { pid: 812, tgid: 812, comm: 'redis-server', inTree: true, irq: false };
const BACKUP = { ancestors: [{ pid: 17095, comm: 'backup.sh' }], identity: identityOf('cron.service') };

function identityOf(unit: string) {
  return {
    ...{ exe: null, uid: null, user: null, ppid: null, cgroup: null, unit, container: null, startTime: null },
    ancestors: [],
  };
}

function sent(ts: number, signal: string, number: number, changes: Partial<SignalRecord> = {}): SignalRecord {
  const target = { pid: 812, tgid: 812, comm: 'redis-server' };
  const record = signalRecord({ signal, number, sender: KILL, ...changes, ts, target });
  const generated = { ts, stack: [] };
  return { ...record, generated, delivered: record.delivered && { ...record.delivered, ts, tid: 812 } };
}

const term = (ts: number, changes: Partial<SignalRecord> = {}) =>
  sent(ts, 'SIGTERM', 15, { ...HANDLED, ...changes });

function exited(ts: number, code: number | null, root: RootCause | null = null): KnownEnd {
  return { ts, time: null, kind: 'exited', code, signal: null, coreDumped: false, root };
}

function killed(ts: number, signal: string, changes: Partial<KnownEnd> = {}): KnownEnd {
  return { ts, time: null, kind: 'signaled', code: null, signal, coreDumped: false, root: null, ...changes };
}

function rootAt(
  ts: number,
  name: string,
  by: RootCause['by'],
  way: string[] = ['handled', 'ended'],
): RootCause {
  return { signal: 0, name, ts, by, way };
}

type Step = SignalRecord | KnownEnd;

const isEnd = (step: Step): step is KnownEnd => 'kind' in step;

/** What a watch says of these steps of one life, and how it ends. */
function watch(steps: readonly Step[], end: number | null = null, target = REDIS, rules: unknown = []) {
  const watching = new AlertWatch(readRuleSet(rules), { intervalSeconds: 0 });
  const judgements: Judgement[] = [];
  const waiting: SignalRecord[] = [];
  for (const step of steps) {
    if (isEnd(step)) judgements.push(...watching.exited(target.id, step, target));
    else {
      judgements.push(...watching.sent(step, target));
      // Given up when its process is dead.
      if (step.result === 'pending') waiting.push(step);
      else judgements.push(...watching.settled(step, target, step.delivered?.ts ?? step.ts));
    }
  }
  for (const step of waiting) judgements.push(...watching.settled(step, target));
  judgements.push(...watching.end(end));
  const alerts = judgements.flatMap((each): Alert[] => (each.kind === 'alert' ? [each.alert] : []));
  return { alerts, judgements, watching };
}

const DETAILS = /\. (?:Sent by kill\(\)|Sent by its terminal|It is|Target: |Another process|Sent in).*$/;
const said = (alerts: readonly Alert[]): string[] =>
  alerts.map(({ severity, rule, text }) => `${severity} ${rule}: ${text.replace(DETAILS, '')}`);

const ASKED = 'redis-server (812) was asked to end (SIGTERM) by kill (17108)';
const fault = (ts: number) =>
  sent(ts, 'SIGSEGV', 11, { ...HANDLED, origin: 'fault', code: 'SEGV_MAPERR', sender: ITSELF });
const abort = (ts: number) => sent(ts, 'SIGABRT', 6, { sender: ITSELF, origin: 'tgkill', coreDumped: false });
const byParent = { sender: PARENT };

describe('the verdict when the fate is known', () => {
  const table: [what: string, steps: Step[], said: string[], end?: number][] = [
    [
      'asked to end, and ended',
      [term(100), exited(100.027, 0)],
      [`info default:asked-to-end: ${ASKED}: ended with 0 after 27 ms`],
    ],
    [
      'asked by somebody with parents',
      [term(100, { sender: { ...KILL, ...BACKUP } }), exited(100.027, 0)],
      [
        `info default:asked-to-end: ${ASKED}, run by backup.sh (17095), cron.service: ended with 0 after 27 ms`,
      ],
    ],
    [
      'asked to end, and ended with 143',
      [term(100), exited(101, 143)],
      [`info default:asked-to-end: ${ASKED}: ended with 143, the usual code after SIGTERM, after 1 s`],
    ],
    [
      'asked to end, and ended with 3',
      [term(100), exited(101, 3)],
      [`notice default:asked-to-end: ${ASKED}: ended with 3 after 1 s`],
    ],
    [
      'asked by SIGHUP, and ended',
      [sent(100, 'SIGHUP', 1, HANDLED), exited(100.5, 0)],
      [
        'info default:asked-to-end: redis-server (812) was asked to end (SIGHUP) by kill (17108): ended with 0 after 500 ms',
      ],
    ],
    ['SIGHUP that only reloads', [sent(100, 'SIGHUP', 1, HANDLED)], [], 200],
    ['SIGQUIT that only dumps threads', [sent(100, 'SIGQUIT', 3, HANDLED)], [], 200],
    [
      'asked to end, and did not',
      [term(100)],
      [`warning default:asked-to-end: ${ASKED}: did not end within 10 s`],
      200,
    ],
    [
      'asked to end, which it ignored',
      [term(100, { result: 'ignored', delivered: null })],
      [`warning default:asked-to-end: ${ASKED}: did not end within 10 s`],
      200,
    ],
    [
      'asked to end, and the trace ended',
      [term(100)],
      [`notice default:asked-to-end: ${ASKED}: still running when the trace ended 800 ms later`],
      100.8,
    ],
    [
      'asked, then killed',
      [term(100), sent(110, 'SIGKILL', 9), killed(110.01, 'SIGKILL')],
      [`error default:killed-after-request: ${ASKED}, then killed (SIGKILL) by the same process 10 s later`],
    ],
    [
      'asked while it blocked the request, then killed by its parent',
      [
        sent(100, 'SIGINT', 2, { fatal: false, result: 'pending', delivered: null, ...byParent }),
        sent(101.6, 'SIGKILL', 9, byParent),
        killed(101.6, 'SIGKILL'),
      ],
      [
        'warning default:killed-after-request: redis-server (812) was asked to end (SIGINT) by its parent, supervisor (400), then killed (SIGKILL) by the same process 1.6 s later',
      ],
    ],
    [
      'asked, refused, and killed later',
      [term(100), sent(190, 'SIGKILL', 9, { sender: { ...KILL, pid: 2, tgid: 2, comm: 'systemd' } })],
      [
        `warning default:asked-to-end: ${ASKED}: did not end within 10 s`,
        `error default:killed-after-request: ${ASKED}, then killed (SIGKILL) 90 s later by systemd (2)`,
      ],
      200,
    ],
    [
      'handled and raised again',
      [term(100), sent(100.000052, 'SIGTERM', 15, { sender: ITSELF }), killed(100.001, 'SIGTERM')],
      [`notice default:asked-to-end: ${ASKED}: handled, raised again 52 µs later, ended by it`],
    ],
    [
      'raised again, asked by its parent',
      [
        term(100, byParent),
        sent(100.5, 'SIGTERM', 15, { sender: ITSELF }),
        killed(100.5, 'SIGTERM', {
          root: rootAt(100, 'SIGTERM', PARENT, ['handled', 'cleaned up', 'ended by it']),
        }),
      ],
      [
        'info default:asked-to-end: redis-server (812) was asked to end (SIGTERM) by its parent, supervisor (400): handled, raised again 500 ms later, ended by it',
      ],
    ],
    [
      'a crash whose handler aborts',
      [fault(100), abort(100.003), killed(100.01, 'SIGABRT', { coreDumped: true })],
      [
        'error default:crash: redis-server (812) crashed (SIGSEGV, SEGV_MAPERR): handled, called abort() (SIGABRT) 3 ms later, ended by it',
      ],
    ],
    [
      'a crash whose handler exits',
      [fault(100), exited(100.02, 1, rootAt(100, 'SIGSEGV', ITSELF))],
      [
        'error default:crash: redis-server (812) crashed (SIGSEGV, SEGV_MAPERR): handled, ended with 1 after 20 ms',
      ],
    ],
    ['a crash that is handled for good', [fault(100)], [], 200],
    [
      'a fault that the program handles as a matter of course, before it fails',
      [fault(100), exited(100.02, 3)],
      ['warning default:exit-code: redis-server (812) ended with 3'],
    ],
    [
      'a crash signal that somebody sent, and whose handler crashes and aborts',
      [
        sent(100, 'SIGSEGV', 11, { ...HANDLED }),
        fault(100.01),
        abort(100.02),
        killed(100.03, 'SIGABRT', { root: rootAt(100, 'SIGSEGV', KILL) }),
      ],
      [
        'error default:killed-from-outside: redis-server (812) was sent SIGSEGV by kill (17108): handled, called abort() (SIGABRT) 20 ms later, ended by it',
      ],
    ],
    [
      'a death that began with another process',
      [
        sent(100, 'SIGTERM', 15, byParent),
        killed(100.01, 'SIGTERM', {
          root: rootAt(99, 'SIGALRM', null, [
            'supervisor (400) handled SIGALRM from a timer',
            'SIGTERM ended it',
          ]),
        }),
      ],
      [
        'info default:killed-by-parent: redis-server (812) was asked to end (SIGTERM) by its parent, supervisor (400): ended by it after 10 ms. First cause: supervisor (400) handled SIGALRM from a timer',
      ],
    ],
    [
      'a key of its terminal, and a hang-up that is faster',
      [sent(100, 'SIGQUIT', 3, { ...HANDLED, origin: 'tty', sender: null }), killed(100.002, 'SIGHUP')],
      [
        'info default:asked-to-end: redis-server (812) was interrupted at its terminal (SIGQUIT, Ctrl-\\): killed by SIGHUP after 2 ms',
      ],
    ],
    [
      'a request that comes when it is dead',
      [
        sent(100, 'SIGKILL', 9),
        killed(100.001, 'SIGKILL'),
        sent(100.5, 'SIGTERM', 15, { fatal: false, result: 'ignored', delivered: null }),
      ],
      ['critical default:killed-from-outside: redis-server (812) was killed (SIGKILL) by kill (17108)'],
    ],
    [
      'a crash while it ends',
      [
        term(100),
        sent(103, 'SIGSEGV', 11, { origin: 'fault', code: 'SEGV_MAPERR', sender: ITSELF }),
        killed(103, 'SIGSEGV'),
      ],
      [
        'error default:crash: redis-server (812) crashed (SIGSEGV, SEGV_MAPERR) 3 s after SIGTERM from kill (17108)',
      ],
    ],
    [
      'an abort by another that reports a hang',
      [sent(100, 'SIGABRT', 6, { ...HANDLED, ...byParent }), exited(100.003, 1)],
      [
        'warning default:hang-reported: redis-server (812) was aborted (SIGABRT) by its parent, supervisor (400): ended with 1 after 3 ms',
      ],
    ],
    [
      'killed by its parent',
      [sent(100, 'SIGTERM', 15, byParent), killed(100, 'SIGTERM')],
      [
        'info default:killed-by-parent: redis-server (812) was asked to end (SIGTERM) by its parent, supervisor (400): ended by it',
      ],
    ],
    [
      'asked twice',
      [term(100), term(101), exited(101.5, 0)],
      [`info default:asked-to-end: ${ASKED}: ended with 0 after 1.5 s`],
    ],
    ['an end of its own', [exited(100, 0)], []],
    ['an error of its own', [exited(100, 3)], ['warning default:exit-code: redis-server (812) ended with 3']],
    [
      'the time limit of the session',
      [
        term(100, { sender: { ...KILL, control: 'time limit of 5 s' } }),
        sent(102, 'SIGKILL', 9, { sender: { ...KILL, control: 'time limit of 5 s' } }),
        killed(102, 'SIGKILL'),
      ],
      [],
    ],
    [
      'the time limit of the session, raised again',
      [
        term(100, { sender: { ...KILL, control: 'time limit of 5 s' } }),
        sent(100.1, 'SIGTERM', 15, { sender: ITSELF }),
        killed(100.1, 'SIGTERM'),
      ],
      [],
    ],
    [
      'the time limit of the session, ended with 1',
      [term(100, { sender: { ...KILL, control: 'time limit of 5 s' } }), exited(100.1, 1)],
      [],
    ],
  ];
  for (const [what, steps, expected, end] of table) {
    it(`is right for ${what}`, () => {
      assert.deepEqual(said(watch(steps, end).alerts).sort(), [...expected].sort());
    });
  }

  it('has the first cause before the last, and the sender of the first', () => {
    const steps = [term(100), sent(100.5, 'SIGTERM', 15, { sender: ITSELF }), killed(100.5, 'SIGTERM')];
    const [alert, ...others] = watch(steps).alerts;
    assert.equal(others.length, 0);
    assert.deepEqual(
      alert?.earlier.map(({ ts, signal }) => [ts, signal]),
      [[100, 'SIGTERM']],
    );
    assert.equal(alert.signal?.ts, 100.5);
    assert.equal(alert.fingerprint, 'default:asked-to-end|SIGTERM|kill|/usr/bin/redis-server');
  });

  it('says nothing of an end that the trace cannot show', () => {
    const unknown = { ...REDIS, role: null };
    assert.deepEqual(said(watch([term(100)], 200, unknown).alerts), [
      `notice default:asked-to-end: ${ASKED}: what became of it is not in this trace`,
    ]);
  });

  it('is undecided where events were lost meanwhile', () => {
    const { watching } = watch([]);
    watching.sent(term(100), REDIS);
    watching.settled(term(100), REDIS);
    watching.lost({ cpu: 0, ts: 103, count: 7, at: 0 } as never, 103, null);
    const alerts = watching.end(200).filter((each) => each.kind === 'alert');
    assert.deepEqual(alerts, []);
    assert.equal(undecidedRemarks(watching.tallies).length, 1);
  });

  it('leaves a request to the rule that decides it', () => {
    const rules = [{ name: 'planned', when: { signal: 'TERM' }, verdict: 'expected' }];
    assert.deepEqual(watch([term(100), exited(100.1, 0)], null, REDIS, rules).alerts, []);
    assert.deepEqual(watch([term(100), exited(100.1, 143)], null, REDIS, rules).alerts, []);
  });

  it('leaves the exit code of a process that nobody follows for its own sake alone', () => {
    assert.deepEqual(watch([exited(100, 3)], null, { ...REDIS, role: 'descendant' }).alerts, []);
  });

  it('does not tell a death twice, of the child and of the shell that passes it on', () => {
    const watching = new AlertWatch(readRuleSet([]));
    const shell = { ...REDIS, id: '400@1', comm: 'sh', ancestors: [] };
    const child = { ...REDIS, role: 'descendant' as const };
    watching.exited(child.id, killed(100, 'SIGPIPE'), child);
    assert.deepEqual(watching.exited(shell.id, exited(100.1, 141), shell), []);
    assert.equal(watching.exited('9@1', exited(100.2, 141), { ...shell, id: '9@1' }).length, 1);
  });
});
