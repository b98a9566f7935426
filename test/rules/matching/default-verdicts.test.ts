import assert from 'node:assert/strict';
import type { Severity, SignalRecord } from '../../../src/model/report';
import { DEFAULT_VERDICTS, defaultVerdict } from '../../../src/rules/matching/default-verdicts';
import type { VerdictName } from '../../../src/rules/language/rule';
import { A_OUT, HANDLED, IGNORED, ITSELF, OUTSIDER, signalRecord } from '../signal-records';

type Row = [
  what: string,
  changes: Partial<SignalRecord>,
  verdict: VerdictName,
  severity: Severity,
  rule: string,
];

const named = (signal: string, number: number) => ({ signal, number });
const QUEUED = { fatal: false, result: 'pending', delivered: null } as const;
const CHILD = {
  ...named('SIGCHLD', 17),
  origin: 'child',
  code: 'CLD_KILLED',
  fatal: false,
  sender: ITSELF,
  target: { pid: 4994, tgid: 4994, comm: 'bash' },
} as const;
const interrupt = { pid: 77, comm: 'kworker/0:1', inTree: false, irq: true };

const TABLE: readonly Row[] = [
  ['SIGCHLD to a handler', { ...CHILD }, 'expected', 'info', 'child'],
  ['SIGCHLD to no handler', { ...CHILD, ...IGNORED }, 'expected', 'info', 'child'],
  ['SIGCHLD near lost events', { ...CHILD, result: 'unknown' }, 'expected', 'info', 'child'],
  ['SIGWINCH', { ...named('SIGWINCH', 28), ...IGNORED, sender: OUTSIDER }, 'expected', 'info', 'harmless'],
  ['SIGURG', { ...named('SIGURG', 23), ...HANDLED }, 'expected', 'info', 'harmless'],
  ['SIGCONT', { ...named('SIGCONT', 18), ...IGNORED, sender: OUTSIDER }, 'expected', 'info', 'harmless'],
  [
    'cancellation of a thread',
    { ...named('SIGRT_0', 32), ...HANDLED, origin: 'tgkill' },
    'expected',
    'info',
    'thread-library',
  ],
  ['OOM', { origin: 'oom', sender: OUTSIDER }, 'unexpected', 'critical', 'out-of-memory'],
  ['kill -9 by the parent', {}, 'unexpected', 'error', 'killed-by-parent'],
  ['kill -TERM by the parent', { ...named('SIGTERM', 15) }, 'attention', 'info', 'killed-by-parent'],
  ['kill -ABRT by the parent', { ...named('SIGABRT', 6) }, 'unexpected', 'error', 'killed-by-parent'],
  ['kill -ALRM by the parent', { ...named('SIGALRM', 14) }, 'unexpected', 'warning', 'killed-by-parent'],
  ['kill -9 by a sibling', { sender: { ...ITSELF, pid: 5442 } }, 'unexpected', 'error', 'killed-in-tree'],
  ['kill -9 by itself', { sender: ITSELF }, 'unexpected', 'error', 'killed-itself'],
  ['kill -9 from outside', { sender: OUTSIDER }, 'unexpected', 'critical', 'killed-from-outside'],
  [
    'kill -TERM from outside',
    { ...named('SIGTERM', 15), sender: OUTSIDER },
    'unexpected',
    'warning',
    'killed-from-outside',
  ],
  [
    'kill -TERM by init',
    { ...named('SIGTERM', 15), sender: { ...OUTSIDER, pid: 1 } },
    'attention',
    'info',
    'killed-from-outside',
  ],
  [
    'kill -TERM by a thread of the parent',
    { ...named('SIGTERM', 15), sender: { ...ITSELF, pid: 4999, tgid: 4994, comm: 'bash' } },
    'attention',
    'info',
    'killed-by-parent',
  ],
  [
    'kill -ABRT by a thread of its own',
    { ...named('SIGABRT', 6), sender: { ...ITSELF, pid: 5450, tgid: 5441 } },
    'unexpected',
    'error',
    'crash',
  ],
  [
    'kill -9 by the parent of a process that was attached to',
    { sender: { ...OUTSIDER, pid: 4994, comm: 'bash' } },
    'unexpected',
    'error',
    'killed-by-parent',
  ],
  [
    'kill -SEGV from outside',
    { ...named('SIGSEGV', 11), sender: OUTSIDER },
    'unexpected',
    'error',
    'killed-from-outside',
  ],
  ['cgroup.kill', { origin: 'cgroup', sender: OUTSIDER }, 'unexpected', 'critical', 'killed-from-outside'],
  [
    'kill -9 by nobody seen',
    { sender: null, generated: null, origin: 'unknown' },
    'unexpected',
    'error',
    'killed-by-unknown',
  ],
  [
    'a crash',
    { ...named('SIGSEGV', 11), origin: 'fault', code: 'SEGV_MAPERR', sender: ITSELF },
    'unexpected',
    'error',
    'crash',
  ],
  ['a bus error', { ...named('SIGBUS', 7), origin: 'fault', sender: ITSELF }, 'unexpected', 'error', 'crash'],
  [
    'an illegal instruction',
    { ...named('SIGILL', 4), origin: 'fault', sender: ITSELF },
    'unexpected',
    'error',
    'crash',
  ],
  [
    'a division by 0',
    { ...named('SIGFPE', 8), origin: 'fault', sender: ITSELF },
    'unexpected',
    'error',
    'crash',
  ],
  [
    'a forbidden call',
    { ...named('SIGSYS', 31), origin: 'seccomp', sender: ITSELF },
    'unexpected',
    'error',
    'crash',
  ],
  ['abort()', { ...named('SIGABRT', 6), origin: 'tgkill', sender: ITSELF }, 'unexpected', 'error', 'crash'],
  [
    'a crash that is handled',
    { ...named('SIGSEGV', 11), ...HANDLED, origin: 'fault', sender: ITSELF },
    'expected',
    'info',
    'crash-handled',
  ],
  [
    'a broken pipe',
    { ...named('SIGPIPE', 13), origin: 'pipe', sender: ITSELF },
    'attention',
    'info',
    'limit',
  ],
  [
    'a broken pipe that is ignored',
    { ...named('SIGPIPE', 13), ...IGNORED, origin: 'pipe', sender: ITSELF },
    'expected',
    'info',
    'no-harm',
  ],
  [
    'an alarm, by interrupt',
    { ...named('SIGALRM', 14), origin: 'timer', sender: interrupt },
    'unexpected',
    'warning',
    'limit',
  ],
  [
    'too much CPU time',
    { ...named('SIGXCPU', 24), origin: 'timer', sender: ITSELF },
    'unexpected',
    'warning',
    'limit',
  ],
  [
    'too large a file',
    { ...named('SIGXFSZ', 25), origin: 'kernel', sender: ITSELF },
    'unexpected',
    'warning',
    'limit',
  ],
  ['RLIMIT_CPU, hard', { origin: 'timer', sender: interrupt }, 'unexpected', 'error', 'killed-by-timer'],
  ['the death of a parent', { origin: 'pdeath' }, 'unexpected', 'warning', 'killed-by-kernel'],
  ['Ctrl-C', { ...named('SIGINT', 2), origin: 'tty', sender: OUTSIDER }, 'attention', 'info', 'terminal'],
  ['SIGSTOP', { ...named('SIGSTOP', 19), fatal: false }, 'attention', 'warning', 'stopped'],
  [
    'SIGSTOP from outside',
    { ...named('SIGSTOP', 19), fatal: false, sender: OUTSIDER },
    'attention',
    'warning',
    'stopped',
  ],
  ['SIGTSTP', { ...named('SIGTSTP', 20), fatal: false, origin: 'tty' }, 'attention', 'warning', 'stopped'],
  ['SIGTTOU', { ...named('SIGTTOU', 22), fatal: false, origin: 'tty' }, 'attention', 'warning', 'stopped'],
  [
    'a stop by a debugger',
    { ...named('SIGSTOP', 19), fatal: false, origin: 'ptrace' },
    'attention',
    'warning',
    'stopped',
  ],
  ['SIGTTIN', { ...named('SIGTTIN', 21), fatal: false, origin: 'tty' }, 'attention', 'warning', 'stopped'],
  ['SIGTSTP with a handler', { ...named('SIGTSTP', 20), ...HANDLED }, 'expected', 'info', 'no-harm'],
  ['a fatal real-time signal', { ...named('SIGRT_2', 34) }, 'unexpected', 'warning', 'killed-by-parent'],
  [
    'a real-time signal handled',
    { ...named('SIGRT_2', 34), ...HANDLED },
    'expected',
    'info',
    'realtime-handled',
  ],
  [
    'a real-time signal ignored',
    { ...named('SIGRT_32', 64), ...IGNORED },
    'unexpected',
    'warning',
    'realtime',
  ],
  ['a real-time signal pending', { ...named('SIGRT_2', 34), ...QUEUED }, 'attention', 'warning', 'pending'],
  [
    'a real-time signal from outside that ends it',
    { ...named('SIGRT_2', 34), sender: OUTSIDER },
    'unexpected',
    'error',
    'killed-from-outside',
  ],
  [
    'a real-time signal that sigwait took',
    {
      ...named('SIGRT_2', 34),
      fatal: false,
      delivered: { ts: 1, tid: 5441, handler: 'rt_sigtimedwait', stack: [] },
    },
    'expected',
    'info',
    'realtime-handled',
  ],
  [
    'SIGTERM pending at the end',
    { ...named('SIGTERM', 15), ...QUEUED, sender: OUTSIDER },
    'attention',
    'notice',
    'pending',
  ],
  [
    'an abort by another process that is handled',
    { ...named('SIGABRT', 6), ...HANDLED },
    'attention',
    'warning',
    'hang-reported',
  ],
  [
    'a handled crash from outside',
    { ...named('SIGSEGV', 11), ...HANDLED, sender: OUTSIDER },
    'expected',
    'info',
    'crash-handled',
  ],
  [
    'a handled SIGPROF',
    { ...named('SIGPROF', 27), ...HANDLED, origin: 'timer' },
    'expected',
    'info',
    'no-harm',
  ],
  [
    'cancellation that ended it',
    { ...named('SIGRT_0', 32), sender: OUTSIDER },
    'unexpected',
    'error',
    'killed-from-outside',
  ],
  ['Ctrl-\\', { ...named('SIGQUIT', 3), origin: 'tty', sender: OUTSIDER }, 'attention', 'info', 'terminal'],
  [
    'Ctrl-\\ with a core dump',
    { ...named('SIGQUIT', 3), origin: 'tty', sender: OUTSIDER, coreDumped: true },
    'unexpected',
    'warning',
    'terminal',
  ],
  [
    'a kill from outside, which no core dump makes milder',
    { sender: OUTSIDER, coreDumped: true },
    'unexpected',
    'critical',
    'killed-from-outside',
  ],
  [
    'a SIGALRM from outside',
    { ...named('SIGALRM', 14), sender: OUTSIDER },
    'unexpected',
    'error',
    'killed-from-outside',
  ],
  ['SIGUSR1 pending', { ...named('SIGUSR1', 10), ...QUEUED }, 'attention', 'notice', 'pending'],
  [
    'a full queue',
    { ...named('SIGRT_2', 34), ...QUEUED, result: 'overflow' },
    'attention',
    'warning',
    'queue-overflow',
  ],
  [
    'a lost siginfo',
    { ...named('SIGUSR1', 10), ...HANDLED, result: 'info-lost' },
    'attention',
    'warning',
    'queue-overflow',
  ],
  [
    'lost events',
    { ...named('SIGUSR1', 10), fatal: false, result: 'unknown' },
    'unknown',
    'notice',
    'events-lost',
  ],
  ['SIGUSR1 handled, from the tree', { ...named('SIGUSR1', 10), ...HANDLED }, 'expected', 'info', 'no-harm'],
  ['SIGTERM handled, from the tree', { ...named('SIGTERM', 15), ...HANDLED }, 'expected', 'info', 'no-harm'],
  [
    'SIGTERM handled, from outside',
    { ...named('SIGTERM', 15), ...HANDLED, sender: OUTSIDER },
    'attention',
    'notice',
    'asked-to-end',
  ],
  [
    'SIGHUP handled, from outside',
    { ...named('SIGHUP', 1), ...HANDLED, sender: OUTSIDER },
    'expected',
    'info',
    'no-harm',
  ],
];

describe('the verdict on a signal that no rule names', () => {
  for (const [what, changes, verdict, severity, rule] of TABLE) {
    it(`is ${verdict} (${severity}) for ${what}`, () => {
      const { reason, ...rest } = defaultVerdict(signalRecord(changes), A_OUT);
      assert.deepEqual(rest, { verdict, severity, rule: `default:${rule}` });
      assert.ok(reason.length > 10, 'a person learns why');
    });
  }

  it('has a case in this table for every row of the defaults', () => {
    const covered = new Set(TABLE.map((row) => `default:${row[4]}`));
    assert.deepEqual(
      DEFAULT_VERDICTS.map((row) => row.rule).filter((rule) => !covered.has(rule)),
      [],
    );
  });

  it('takes a broken pipe of what is followed for its own sake seriously', () => {
    const pipe = signalRecord({ ...named('SIGPIPE', 13), origin: 'pipe', sender: ITSELF });
    assert.equal(defaultVerdict(pipe, { ...A_OUT, role: 'workload' }).severity, 'warning');
    assert.equal(defaultVerdict(pipe, { ...A_OUT, role: 'descendant' }).severity, 'info');
  });

  it('does not blame the thread that an interrupt stopped', () => {
    const timer = { ...named('SIGALRM', 14), origin: 'timer', sender: interrupt } as const;
    assert.doesNotMatch(defaultVerdict(signalRecord(timer), A_OUT).reason, /kworker/);
  });
});
