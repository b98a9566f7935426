import assert from 'node:assert/strict';
import type { TraceEvent } from '../../src/trace-event';
import { call, deliver, enter, exit, fork, generate, lifeOf } from './life-of';

const SIGUSR1 = 10;
const SIGUSR2 = 12;
const SIGTERM = 15;
const HANDLER = 0x55f324e07ad0;
const SA_RESTART = 0x1000_0000;
const EINTR = -4;
const ERESTARTSYS = -512;
const ERESTARTNOINTR = -513;
const ERESTARTNOHAND = -514;
const ERESTART_RESTARTBLOCK = -516;

/** 10 is the parent of 20. */
const family = fork(1, 10, 20);

function returned(ts: number, pid: number): TraceEvent {
  return enter(ts, pid, 'rt_sigreturn');
}

describe('the run of a signal handler', () => {
  it('lasts from the delivery to rt_sigreturn', () => {
    const { signal, stagesOf } = lifeOf([
      family,
      generate(2, 10, { sig: SIGUSR1, pid: 20 }),
      deliver(2.1, 20, SIGUSR1, HANDLER),
      returned(2.1012, 20),
    ]);
    assert.equal(signal('SIGUSR1').delivered?.handlerTime, 0.0012);
    assert.match(stagesOf('signal-returned')[0]!.text, /caught SIGUSR1: its handler ran 1\.2 ms$/);
  });

  it('is inside of another one where a second signal interrupts the first', () => {
    const { signal } = lifeOf([
      family,
      generate(2, 10, { sig: SIGUSR1, pid: 20 }),
      deliver(2.1, 20, SIGUSR1, HANDLER),
      generate(2.2, 10, { sig: SIGUSR2, pid: 20 }),
      deliver(2.25, 20, SIGUSR2, HANDLER),
      returned(2.5, 20),
      returned(3, 20),
    ]);
    assert.equal(signal('SIGUSR2').delivered?.handlerTime, 0.25);
    assert.equal(signal('SIGUSR1').delivered?.handlerTime, 0.9);
  });

  it('has no end where it leaves by siglongjmp, and the next handler has its own', () => {
    const { signal } = lifeOf([
      family,
      generate(2, 10, { sig: SIGUSR1, pid: 20 }),
      deliver(2.1, 20, SIGUSR1, HANDLER),
      generate(4, 10, { sig: SIGUSR2, pid: 20 }),
      deliver(4.1, 20, SIGUSR2, HANDLER),
      returned(4.2, 20),
    ]);
    assert.equal(signal('SIGUSR1').delivered?.handlerTime, null);
    assert.equal(signal('SIGUSR2').delivered?.handlerTime, 0.1);
  });

  it('ends with the program: the next one returns from handlers of its own', () => {
    const { signal } = lifeOf([
      family,
      generate(2, 10, { sig: SIGUSR1, pid: 20 }),
      deliver(2.1, 20, SIGUSR1, HANDLER),
      call(2.2, 20, 'execve', { filename: 1, __filename_val: '/bin/x' }, 0),
      returned(2.5, 20),
    ]);
    assert.equal(signal('SIGUSR1').delivered?.handlerTime, null);
  });

  it('is of its thread: another one that returns ends nothing', () => {
    const { signal } = lifeOf([
      family,
      fork(1.5, 20, 21, 0x3d0f00),
      generate(2, 10, { sig: SIGUSR1, pid: 20 }),
      deliver(2.1, 20, SIGUSR1, HANDLER),
      returned(2.2, 21),
    ]);
    assert.equal(signal('SIGUSR1').delivered?.handlerTime, null);
  });

  it('is unknown where events were lost in it', () => {
    const { signal } = lifeOf(
      [
        family,
        generate(2, 10, { sig: SIGUSR1, pid: 20 }),
        deliver(2.1, 20, SIGUSR1, HANDLER),
        returned(3, 20),
      ],
      { lost: [{ cpu: 0, ts: 3, count: 7 }] },
    );
    assert.equal(signal('SIGUSR1').delivered?.handlerTime, null);
  });
});

describe('the system call that a signal interrupts', () => {
  function interruptedBy(ret: number, saFlags: number, handler = HANDLER): unknown {
    const { signal } = lifeOf([
      family,
      generate(2, 10, { sig: SIGUSR1, pid: 20 }),
      exit(2.01, 20, 'read', ret),
      deliver(2.02, 20, SIGUSR1, handler, 0, saFlags),
    ]);
    return signal('SIGUSR1').delivered?.interrupted;
  }
  const returns: [string, number, number, boolean][] = [
    ['ERESTARTSYS, and the handler has SA_RESTART', ERESTARTSYS, SA_RESTART, true],
    ['ERESTARTSYS, and the handler has no SA_RESTART', ERESTARTSYS, 0, false],
    ['ERESTARTNOINTR', ERESTARTNOINTR, 0, true],
    ['ERESTARTNOHAND', ERESTARTNOHAND, SA_RESTART, false],
    ['ERESTART_RESTARTBLOCK', ERESTART_RESTARTBLOCK, SA_RESTART, false],
    ['EINTR', EINTR, SA_RESTART, false],
  ];
  for (const [how, ret, saFlags, restarted] of returns) {
    it(`${restarted ? 'begins again' : 'ends'} where it returned ${how}`, () => {
      assert.deepEqual(interruptedBy(ret, saFlags), { call: 'read', restarted });
    });
  }

  it('does not begin again where the signal ends the process', () => {
    assert.deepEqual(interruptedBy(ERESTARTSYS, 0, 0), { call: 'read', restarted: false });
  });

  it('is none where the call returned a result', () => {
    assert.equal(interruptedBy(1, 0), null);
    assert.equal(interruptedBy(-11, 0), null);
  });

  it('is reported when the handler returns', () => {
    const { stagesOf } = lifeOf([
      family,
      generate(2, 10, { sig: SIGTERM, pid: 20 }),
      exit(2.01, 20, 'read', ERESTARTSYS),
      deliver(2.02, 20, SIGTERM, HANDLER),
      returned(2.0212, 20),
    ]);
    assert.match(stagesOf('signal-returned')[0]!.text, /its handler ran 1\.2 ms, read\(\) returned EINTR$/);
  });

  it('is of the first handler alone: the second one interrupts the first', () => {
    const { signal } = lifeOf([
      family,
      generate(2, 10, { sig: SIGUSR1, pid: 20 }),
      generate(2.001, 10, { sig: SIGUSR2, pid: 20 }),
      exit(2.01, 20, 'read', ERESTARTSYS),
      deliver(2.02, 20, SIGUSR1, HANDLER),
      deliver(2.03, 20, SIGUSR2, HANDLER),
    ]);
    assert.equal(signal('SIGUSR1').delivered?.interrupted?.call, 'read');
    assert.equal(signal('SIGUSR2').delivered?.interrupted, null);
  });

  it('is none for a signal that came long after the call had returned', () => {
    const { signal } = lifeOf([
      family,
      exit(2, 20, 'read', ERESTARTSYS),
      generate(3, 10, { sig: SIGUSR1, pid: 20 }),
      deliver(3.1, 20, SIGUSR1, HANDLER),
    ]);
    assert.equal(signal('SIGUSR1').delivered?.interrupted, null);
  });

  it('may be one that the model follows: wait4', () => {
    const { signal } = lifeOf([
      family,
      enter(1.5, 10, 'wait4', { upid: -1, options: 0 }),
      generate(2, 20, { sig: SIGUSR1, pid: 10 }),
      exit(2.01, 10, 'wait4', ERESTARTSYS),
      deliver(2.02, 10, SIGUSR1, HANDLER, 0, SA_RESTART),
    ]);
    assert.deepEqual(signal('SIGUSR1').delivered?.interrupted, { call: 'wait4', restarted: true });
  });
});
