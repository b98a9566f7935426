import assert from 'node:assert/strict';
import type { EventFields, TraceEvent } from '../../src/trace-event';
import { call, deliver, enter, event, exit, fork, generate, lifeOf } from './life-of';

const texts = (signal: { before?: { text: string }[] }): string[] | undefined =>
  signal.before?.map(({ text }) => text);

/** What is before a signal to 20 that has made these calls. */
function told(...calls: TraceEvent[]): string[] | undefined {
  const last = calls.at(-1)?.ts ?? 1;
  return texts(
    lifeOf([...fork(1, 10, 20), ...calls, generate(last + 1, 99, { sig: 15, pid: 20 })], {
      notes: [{ kind: 'workload', parent: 10, command: 20, path: 'x', argv: [], control: null }],
    }).signal('SIGTERM'),
  );
}

const LINES: readonly (readonly [name: string, args: EventFields, ret: number, text: string])[] = [
  ['openat', { dfd: 4294967196, filename: 1, __filename_val: '/etc/passwd' }, 3, 'openat("/etc/passwd") = 3'],
  ['openat', { dfd: '0xffffffffffffff9c', filename: 1, __filename_val: 'x' }, -2, 'openat("x") = -ENOENT'],
  ['openat', { dfd: 5, filename: 1, __filename_val: 'a"b\n' }, 3, 'openat(5, "a\\"b\\n") = 3'],
  ['openat', { dfd: 4294967196, filename: 140000 }, 3, 'openat(?) = 3'],
  ['execve', { filename: 1, __filename_val: '/bin/none' }, -13, 'execve("/bin/none") = -EACCES'],
  [
    'mmap',
    { addr: 0, len: 4096, prot: 3, flags: 0x22, fd: '0xffffffffffffffff', off: 0 },
    0x7f1234560000,
    'mmap(0x0, 4096) = 0x7f1234560000',
  ],
  ['mmap', { addr: 0x1000, len: 1, prot: 1, flags: 2, fd: 3, off: 0 }, -12, 'mmap(0x1000, 1, 3) = -ENOMEM'],
  ['munmap', { addr: 0x7f0000, len: 8192 }, 0, 'munmap(0x7f0000, 8192) = 0'],
  ['kill', { pid: 1234, sig: 15 }, 0, 'kill(1234, SIGTERM) = 0'],
  ['kill', { pid: '0xffffffffffffffff', sig: 0 }, -3, 'kill(-1, 0) = -ESRCH'],
  ['wait4', { upid: 4294967295, stat_addr: 0, options: 1, ru: 0 }, 0, 'wait4(-1) = 0'],
  ['close', { fd: 3 }, 0, 'close(3) = 0'],
  ['read', { fd: 3, buf: '0x7ffd00000000', count: 100 }, 7, 'read(3, 100) = 7'],
  // A call without a line of its own.
  ['socket', { family: 2, type: 0x80001, protocol: 0 }, 4, 'socket(2, 0x80001, 0) = 4'],
];

describe('what a process did before a signal', () => {
  for (const [name, args, ret, text] of LINES) {
    it(`is shown as ${text}`, () => {
      assert.deepEqual(told(...call(2, 20, name, args, ret)), [text]);
    });
  }

  it('is shown with its time, its thread and the name of the call', () => {
    const { signal } = lifeOf([
      fork(1, 10, 20),
      call(2, 20, 'close', { fd: 3 }, 0),
      generate(3, 99, { sig: 15, pid: 20 }),
    ]);
    assert.deepEqual(signal('SIGTERM').before, [{ ts: 2, tid: 20, call: 'close', text: 'close(3) = 0' }]);
  });

  it('is the last eight calls, oldest first, of all its threads and of nobody else', () => {
    const calls = Array.from({ length: 20 }, (_, fd) =>
      call(2 + fd / 10, fd % 2 === 0 ? 20 : 21, 'close', { fd }, 0),
    );
    const { signal } = lifeOf([
      fork(1, 10, 20),
      fork(1.5, 20, 21, 0x10f00),
      ...calls,
      call(4.5, 10, 'close', { fd: 99 }, 0),
      generate(5, 99, { sig: 15, pid: 20 }),
    ]);
    assert.deepEqual(
      signal('SIGTERM').before?.map(({ tid, text }) => [tid, text]),
      [12, 13, 14, 15, 16, 17, 18, 19].map((fd) => [fd % 2 === 0 ? 20 : 21, `close(${fd}) = 0`]),
    );
  });

  it('has the call that it was in without a result, and what that returned later stays with later signals', () => {
    const { report } = lifeOf([
      fork(1, 10, 20),
      enter(2, 20, 'wait4', { upid: 30 }),
      generate(3, 99, { sig: 10, pid: 20 }),
      exit(4, 20, 'wait4', -512),
      deliver(4.1, 20, 10, 0x1234),
      generate(5, 99, { sig: 12, pid: 20 }),
    ]);
    assert.deepEqual(report.signals.map(texts), [['wait4(30)'], ['wait4(30) = -ERESTARTSYS']]);
  });

  it('has the name that a probe reported, inside the call or after it', () => {
    const open = { dfd: 4294967196, filename: 140000, flags: 0, mode: 0 };
    const probe = (ts: number, name: string) => event(ts, 20, name, { path: '/etc/hosts' });
    assert.deepEqual(
      told(enter(2, 20, 'openat', open), probe(2.1, 'filp_open'), exit(2.2, 20, 'openat', 3)),
      ['openat("/etc/hosts") = 3'],
    );
    assert.deepEqual(told(...call(2, 20, 'openat', open, 3), probe(2.1, 'openat')), [
      'openat("/etc/hosts") = 3',
    ]);
  });

  it('is the same however the trace is cut into batches', () => {
    const events = [
      fork(1, 10, 20),
      ...Array.from({ length: 12 }, (_, fd) => call(2 + fd / 10, 20, 'close', { fd }, 0)),
      generate(5, 99, { sig: 15, pid: 20 }),
    ];
    const whole = lifeOf(events).signal('SIGTERM').before;
    assert.equal(whole?.length, 8);
    for (const batch of [1, 2, 7])
      assert.deepEqual(lifeOf(events, { batch }).signal('SIGTERM').before, whole);
  });

  it('forgets what came before a gap', () => {
    const lost = [{ cpu: 0, ts: 3, count: 5 }];
    const { signal } = lifeOf(
      [
        fork(1, 10, 20),
        call(2, 20, 'close', { fd: 3 }, 0),
        call(3, 20, 'close', { fd: 4 }, 0),
        generate(4, 99, { sig: 15, pid: 20 }),
      ],
      { lost },
    );
    assert.deepEqual(texts(signal('SIGTERM')), ['close(4) = 0']);
  });

  it('is not shown with a child’s news, nor where there was no call', () => {
    const { signal } = lifeOf([
      fork(1, 10, 20),
      call(2, 10, 'close', { fd: 3 }, 0),
      generate(3, 20, { sig: 17, pid: 10, code: 1 }, { stack: ['do_notify_parent', 'do_exit'] }),
      generate(4, 99, { sig: 15, pid: 20 }),
    ]);
    assert.equal('before' in signal('SIGCHLD'), false);
    assert.equal('before' in signal('SIGTERM'), false);
  });

  it('is kept of a flood of harmless signals for ten thousand, and of a fatal one always', () => {
    const flood = Array.from({ length: 10_050 }, (_, i) => [
      generate(3 + i / 1e4, 99, { sig: 10, pid: 20 }),
      deliver(3 + i / 1e4, 20, 10, 0x1234),
    ]);
    const { report, signal } = lifeOf([
      fork(1, 10, 20),
      call(2, 20, 'close', { fd: 3 }, 0),
      ...flood,
      generate(6, 99, { sig: 15, pid: 20 }),
      deliver(6.1, 20, 9),
    ]);
    assert.equal(report.signals.filter(({ before }) => before !== undefined).length, 10_001);
    assert.deepEqual(texts(signal('SIGTERM')), ['close(3) = 0']);
  });
});
