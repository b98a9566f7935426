import assert from 'node:assert/strict';
import { call, deliver, enter, exit, event, fork, generate, lifeOf } from './life-of';

const family = fork(1, 10, 20);
const gap = { cpu: 0, ts: 3, count: 7 };

describe('lost events', () => {
  it('part what was open before them from what comes after', () => {
    const { process, signal, stagesOf } = lifeOf(
      [
        family,
        enter(2, 20, 'openat', { dfd: 4294967196, filename: 1, flags: 0, __filename_val: '/before' }),
        generate(2.1, 10, { sig: 10, pid: 20 }),
        exit(3, 20, 'openat', 3),
        deliver(3.1, 20, 10, 0x5500),
      ],
      { lost: [gap] },
    );
    assert.deepEqual(process(20).files, [
      { ts: 3, path: null, fd: 3, error: null, nameSource: null, call: 'openat' },
    ]);
    assert.equal(signal('SIGUSR1').result, 'unknown');
    assert.equal(stagesOf('lost')[0]?.text, '7 events lost on CPU 0 before 3.000000');
  });

  it('make what a descriptor means unknown', () => {
    const { process } = lifeOf(
      [
        family,
        call(2, 20, 'openat', { dfd: 4294967196, filename: 1, flags: 0, __filename_val: '/lib/a.so' }, 3),
        call(4, 20, 'mmap', { addr: 0, len: 4096, prot: 5, flags: 2, fd: 3, off: 0 }, 0x10000),
      ],
      { lost: [gap] },
    );
    assert.equal(process(20).libraries[0]?.path, null);
  });

  it('begin with the last event of their CPU, also while others go on', () => {
    const { process } = lifeOf(
      [
        family,
        event(1.5, 10, 'sys_enter_getpid'),
        enter(2, 20, 'openat', { dfd: 4294967196, filename: 1, flags: 0, __filename_val: '/x' }),
        event(2.5, 30, 'sys_enter_getpid', {}, { cpu: 1 }),
        { ...exit(2.6, 20, 'openat', 3), cpu: 1 },
        event(3, 10, 'sys_exit_getpid', { ret: 1 }),
      ],
      { lost: [gap] },
    );
    assert.equal(process(20).files[0]?.path, null);
  });

  it('make every process that lives then incomplete, and no other', () => {
    const { process } = lifeOf([family, enter(2, 10, 'read', { fd: 0 }), fork(4, 10, 30)], { lost: [gap] });
    assert.match(process(20).incomplete.join(), /7 events lost on CPU 0 before 3.000000/);
    assert.doesNotMatch(process(30).incomplete.join(), /lost/);
    assert.equal(process(20).state, 'unknown');
  });

  it('are counted, and a gap without a number makes the sum unknown', () => {
    const counted = lifeOf([family], { lost: [gap, { cpu: 1, ts: null, count: 3 }] }).report;
    assert.deepEqual([counted.trace.lost, counted.lost.length], [10, 2]);
    const uncounted = lifeOf([family], { lost: [gap, { cpu: 1, ts: null, count: null }] }).report;
    assert.equal(uncounted.trace.lost, null);
    assert.match(uncounted.trace.incomplete.join(), /gaps of unknown size/);
  });

  it('that only the kernel’s statistics know are reported', () => {
    const { report } = lifeOf([family], { notes: [{ kind: 'end', ts: 9, overrun: 40, dropped: 2 }] });
    assert.equal(report.trace.lost, 42);
    assert.match(report.trace.incomplete.join(), /42 lost events, of which 0/);
  });

  it('in great number do not make the record grow', () => {
    const lost = Array.from({ length: 500 }, (_, i) => ({ cpu: 0, ts: 2 + i / 1000, count: 1 }));
    const { process } = lifeOf([family, deliver(5, 20, 10, 1)], { lost });
    assert.ok(process(20).incomplete.length < 10);
    assert.match(process(20).incomplete.join(), /497 more gaps/);
  });
});
