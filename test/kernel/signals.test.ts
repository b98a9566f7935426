import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { cloneFlagNames, hasCloneFlag } from '../../src/kernel/clone-flags';
import { errnoName, isErrno } from '../../src/kernel/errno';
import {
  defaultAction,
  endsByDefault,
  signalCodeName,
  signalName,
  signalNumber,
} from '../../src/kernel/signals';

describe('the table of signals', () => {
  it('agrees with this machine’s own', () => {
    for (const [name, number] of Object.entries(constants.signals)) {
      assert.equal(signalNumber(name), number, name);
    }
  });

  it('names real-time signals as strace does, and turns each name back into its number', () => {
    assert.deepEqual([signalName(34), signalName(64)], ['SIGRT_2', 'SIGRT_32']);
    for (let number = 1; number <= 64; number++) assert.equal(signalNumber(signalName(number)), number);
    assert.equal(signalName(70), 'SIG_70');
    assert.equal(signalNumber('NONE'), null);
  });

  it('knows what each does by default', () => {
    assert.deepEqual([15, 11, 17, 19, 18, 34].map(defaultAction), [
      'terminate',
      'core',
      'ignore',
      'stop',
      'continue',
      'terminate',
    ]);
    assert.deepEqual([9, 6, 28, 20].map(endsByDefault), [true, true, false, false]);
  });

  it('reads a code as the signal means it', () => {
    const codes: [number, number, string | number][] = [
      [9, 0, 'SI_USER'],
      [9, 128, 'SI_KERNEL'],
      [6, -6, 'SI_TKILL'],
      [17, 2, 'CLD_KILLED'],
      [11, 1, 'SEGV_MAPERR'],
      [8, 1, 'FPE_INTDIV'],
      [8, 14, 'FPE_FLTUNK'],
      [7, 4, 'BUS_MCEERR_AR'],
      [31, 1, 'SYS_SECCOMP'],
      [29, 1, 'POLL_IN'],
      [15, 5, 5],
      [8, 10, 10],
    ];
    for (const [signal, code, name] of codes) assert.equal(signalCodeName(signal, code), name);
  });
});

describe('the table of errors', () => {
  it('agrees with this machine’s own', () => {
    const aliases = new Set(['EWOULDBLOCK', 'EDEADLOCK', 'ENOTSUP']);
    for (const [name, number] of Object.entries(constants.errno)) {
      if (!aliases.has(name)) assert.equal(errnoName(-number), name);
    }
  });

  it('has those that only the kernel sees', () => {
    assert.deepEqual(
      [errnoName(-512), errnoName(-516), errnoName(-999)],
      ['ERESTARTSYS', 'ERESTART_RESTARTBLOCK', 'E_999'],
    );
  });

  it('tells an error from an address', () => {
    assert.deepEqual([-1, -4095, -4096, 0, 0x7fef041e8000].map(isErrno), [true, true, false, false, false]);
  });
});

describe('the flags of clone', () => {
  it('have names, also beyond 32 bits, and leave out the signal in the lowest byte', () => {
    assert.deepEqual(cloneFlagNames(0x1200011), ['CLONE_CHILD_CLEARTID', 'CLONE_CHILD_SETTID']);
    assert.deepEqual(cloneFlagNames(0x200000000 + 0x80000000), ['CLONE_IO', 'CLONE_INTO_CGROUP']);
    assert.equal(hasCloneFlag(0x3d0f00, 0x10000), true);
  });
});
